//! Imports between files of different folders never lead back to where they began. A file `x.rs` with submodules counts
//! as belonging to the folder `x`; a re-export stands for the file that defines what it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{ItemUse, UseTree};

use crate::sources::{is_test, sources};
use crate::{from_root, module, paths, without_tests};

type ModulePath = Vec<String>;

/// All files with their modules and re-exports.
#[derive(Default)]
struct Tree {
    files: BTreeMap<ModulePath, PathBuf>,
    /// By the module that re-exports, then by name; `*` stands for everything of a module.
    reexports: BTreeMap<ModulePath, Vec<(String, ModulePath)>>,
    sources: Vec<(PathBuf, TokenStream)>,
}

/// An import of one file by another, with the line and the path as it is resolved.
#[derive(Debug, Clone)]
struct Import {
    line: usize,
    path: String,
}

type Imports = BTreeMap<PathBuf, BTreeMap<PathBuf, Import>>;

impl Tree {
    fn of(sources: &[(PathBuf, String)]) -> Self {
        let mut tree = Self::default();
        // the crate's root only declares what lies below it
        let is_root = |file: &Path| file.ends_with("src/main.rs") || file.ends_with("src/lib.rs");
        for (file, source) in sources.iter().filter(|(file, _)| !is_test(file) && !is_root(file)) {
            let own = module(file);
            let (rest, reexports) = without_reexports(without_tests(source));
            for item in reexports {
                let item: ItemUse = syn::parse2(item).expect("a `use` item parses");
                let mut named = Vec::new();
                leaves(&item.tree, &[], &mut named);
                tree.reexports.entry(own.clone()).or_default().extend(named);
            }
            tree.files.insert(own, file.clone());
            tree.sources.push((file.clone(), rest));
        }
        let Self { files, reexports, .. } = &mut tree;
        for (own, named) in reexports {
            for (_, path) in named {
                if let Some(known) = absolute(files, own, path) {
                    *path = known;
                }
            }
        }
        tree
    }

    /// The file that defines what this path from the crate's root names.
    fn defining(&self, path: &[String], followed: usize) -> Option<&PathBuf> {
        let (own, rest) = (0..=path.len()).rev().find_map(|end| {
            let (own, rest) = path.split_at(end);
            self.files.contains_key(own).then_some((own, rest))
        })?;
        if let Some((name, behind)) = rest.split_first().filter(|_| followed < 8)
            && let Some((_, to)) = self.reexports.get(own).and_then(|all| all.iter().find(|(known, _)| known == name))
        {
            let onward: ModulePath = to.iter().chain(behind).cloned().collect();
            return self.defining(&onward, followed + 1);
        }
        self.files.get(own)
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (file, source) in &self.sources {
            let own = module(file);
            let of_file = imports.entry(file.clone()).or_default();
            for named in paths(&own, source.clone()) {
                let Some(path) = absolute(&self.files, &own, &named.path) else { continue };
                if let Some(other) = self.defining(&path, 0).filter(|other| *other != file) {
                    let import = Import { line: named.line, path: path.join("::") };
                    of_file.entry(other.clone()).or_insert(import);
                }
            }
        }
        imports
    }

    /// The module whose folder a file belongs to.
    fn folder(&self, file: &Path) -> ModulePath {
        let own = module(file);
        let has_children =
            self.files.keys().any(|other| other.len() > own.len() && other.starts_with(&own)) && !own.is_empty();
        if has_children || own.is_empty() { own } else { own[..own.len() - 1].to_vec() }
    }

    /// Every import from one folder to another that leads back to the file that imports.
    fn cycles(&self) -> Vec<String> {
        let imports = self.imports();
        let knots = knots(&imports);
        let mut found = Vec::new();
        for (file, of_file) in &imports {
            for (other, import) in of_file {
                if knots.get(file) == knots.get(other) && self.folder(file) != self.folder(other) {
                    let (file, other) = (file.display(), other.display());
                    found.push(format!("{file}:{}: `{}` ({other}) leads back here", import.line, import.path));
                }
            }
        }
        found
    }
}

/// The knot that each file belongs to: files of one knot reach one another.
fn knots(imports: &Imports) -> BTreeMap<PathBuf, usize> {
    let files: Vec<&PathBuf> = imports.keys().collect();
    let number: BTreeMap<&PathBuf, usize> = files.iter().enumerate().map(|(number, file)| (*file, number)).collect();
    let onward: Vec<Vec<usize>> = files
        .iter()
        .map(|file| imports[*file].keys().filter_map(|other| number.get(other).copied()).collect())
        .collect();
    let reached: Vec<Vec<bool>> = (0..files.len()).map(|file| reach(&onward, file)).collect();
    let first_of = |file: usize| (0..file).find(|other| reached[file][*other] && reached[*other][file]).unwrap_or(file);
    files.iter().enumerate().map(|(number, file)| ((*file).clone(), first_of(number))).collect()
}

/// Which files a file imports, directly or through others.
fn reach(onward: &[Vec<usize>], from: usize) -> Vec<bool> {
    let mut reached = vec![false; onward.len()];
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for &other in &onward[file] {
            if !std::mem::replace(&mut reached[other], true) {
                open.push(other);
            }
        }
    }
    reached
}

/// A path as it is named in a module, from the crate's root and without `crate`; none for what is no module of ours.
fn absolute(files: &BTreeMap<ModulePath, PathBuf>, own: &[String], path: &[String]) -> Option<ModulePath> {
    let path = from_root(path, own);
    let (first, rest) = path.split_first()?;
    if first == "crate" {
        return Some(rest.iter().filter(|part| *part != "self" && *part != "*").cloned().collect());
    }
    if rest.is_empty() {
        // `mod x;` only says where a module lies
        return None;
    }
    let child: ModulePath = own.iter().chain([first]).cloned().collect();
    files.contains_key(&child).then(|| child.into_iter().chain(rest.iter().cloned()).collect())
}

/// The source without its re-exports and without the paths of visibilities, and the re-exports.
fn without_reexports(source: TokenStream) -> (TokenStream, Vec<TokenStream>) {
    let (mut rest, mut reexports) = (Vec::new(), Vec::new());
    let mut trees = source.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(word) if word == "pub" => {
                let of_place = |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis);
                // a tuple's field may be `pub (A, B)`: only `(in …)`, `(super)`, `(crate)` and `(self)` say for whom
                let _ = trees.next_if(|tree| of_place(tree) && says_for_whom(tree));
                if trees.peek().is_some_and(|tree| matches!(tree, TokenTree::Ident(word) if word == "use")) {
                    let mut item = Vec::new();
                    for tree in trees.by_ref() {
                        let ends = matches!(&tree, TokenTree::Punct(sign) if sign.as_char() == ';');
                        item.push(tree);
                        if ends {
                            break;
                        }
                    }
                    reexports.push(item.into_iter().collect());
                }
            }
            TokenTree::Group(group) => {
                let (inside, _) = without_reexports(group.stream());
                let mut kept = Group::new(group.delimiter(), inside);
                kept.set_span(group.span());
                rest.push(TokenTree::Group(kept));
            }
            tree => rest.push(tree),
        }
    }
    (rest.into_iter().collect(), reexports)
}

fn says_for_whom(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else { return false };
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(word)) if ["in", "super", "crate", "self"].contains(&word.to_string().as_str()))
}

/// Every name that a `use` tree gives, with the path behind it as written.
fn leaves(tree: &UseTree, before: &[String], named: &mut Vec<(String, ModulePath)>) {
    let with = |name: &str| before.iter().cloned().chain([name.to_owned()]).collect::<ModulePath>();
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &with(&path.ident.to_string()), named),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, named)),
        UseTree::Name(name) if name.ident == "self" => {
            named.extend(before.last().map(|last| (last.clone(), before.to_vec())));
        }
        UseTree::Name(name) => named.push((name.ident.to_string(), with(&name.ident.to_string()))),
        UseTree::Rename(name) => named.push((name.rename.to_string(), with(&name.ident.to_string()))),
        UseTree::Glob(_) => {}
    }
}

#[test]
fn no_import_between_folders_leads_back() {
    let cycles = Tree::of(&sources()).cycles();
    assert!(cycles.is_empty(), "\n{cycles:#?}");
}

fn planted(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|(file, source)| (PathBuf::from(file), (*source).to_owned())).collect();
    Tree::of(&files).cycles()
}

#[test]
fn a_planted_cycle_is_found_in_each_form() {
    let leaf = ("src/b/leaf.rs", "use crate::a::Page;");
    for upper in
        ["use crate::b::leaf::Leaf;", "fn f() -> super::super::b::leaf::Leaf { todo!() }", "use crate::b::Leaf;"]
    {
        let files = [("src/a/mod.rs", "mod page; pub use page::Page;"), ("src/a/page.rs", upper)];
        let shared = [("src/b/mod.rs", "pub(super) mod leaf; pub use self::leaf::Leaf as Leaf;"), leaf];
        let cycles = planted(&[&files[..], &shared[..]].concat());
        assert_eq!(cycles.len(), 2, "{upper}: {cycles:?}");
    }
}

#[test]
fn what_leads_nowhere_back_is_let_pass() {
    let beside = [("src/a/one.rs", "use super::two::Two;"), ("src/a/two.rs", "use super::one::One;")];
    assert_eq!(planted(&beside), Vec::<String>::new(), "files of one folder may know one another");
    let parent = [
        ("src/a.rs", "mod child; use child::Child; pub(in crate::a) struct Parent;"),
        ("src/a/child.rs", "use super::Parent; pub(in crate::a) struct Child(pub (super::Parent, u8));"),
    ];
    assert_eq!(planted(&parent), Vec::<String>::new(), "a file and its submodules are one folder");
    let down = [
        ("src/a/page.rs", "use crate::b::Leaf;"),
        ("src/b/mod.rs", "pub use leaf::Leaf; mod leaf;"),
        ("src/b/leaf.rs", ""),
    ];
    assert_eq!(planted(&down), Vec::<String>::new());
    let tests = [
        ("src/a/page.rs", "#[cfg(test)]\nmod tests { use crate::b::leaf::Leaf; }"),
        ("src/b/leaf.rs", "use crate::a::page::P;"),
    ];
    assert_eq!(planted(&tests), Vec::<String>::new(), "tests may look anywhere");
}

#[test]
fn a_path_is_seen_from_the_root() {
    let place = ["core".to_owned(), "plan".to_owned()];
    let named = ["super".to_owned(), "event".to_owned()];
    assert_eq!(from_root(&named, &place), ["crate", "core", "event"]);
}
