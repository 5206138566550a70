//! The language of the sources: a name means one thing, a doc comment says something, and a file is short enough to be
//! read at one sitting.

#![allow(clippy::unwrap_used, reason = "a failed read of the sources is a failed test")]

#[path = "support/sources.rs"]
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta};

/// No more than this share of the type names may be used for a second type, in percent.
const SHARED_PERCENT: usize = 10;
/// A doc comment has more words than this.
const TOO_FEW_WORDS: usize = 2;
/// No source file without its tests is longer, in lines.
const LONGEST_FILE: usize = 300;

/// Files that may be longer, and why.
const LONG_FILES: [(&str, &str); 1] = [("src/console/keys/table.rs", "one table of all keys")];

/// One type that is defined in the sources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct TypeName {
    name: String,
    file: PathBuf,
}

/// One doc comment, and the name of what it stands at.
#[derive(Debug)]
struct DocComment {
    of: String,
    text: String,
    line: usize,
}

/// Gathers the types and the doc comments of one file, without its tests.
#[derive(Default)]
struct Gatherer {
    types: Vec<String>,
    docs: Vec<DocComment>,
}

impl Gatherer {
    fn note(&mut self, name: &Ident, attributes: &[Attribute]) {
        let mut text = String::new();
        for attribute in attributes {
            if let Meta::NameValue(doc) = &attribute.meta
                && doc.path.is_ident("doc")
                && let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &doc.value
            {
                text.push_str(&line.value());
            }
        }
        if !text.trim().is_empty() {
            self.docs.push(DocComment { of: name.to_string(), text, line: name.span().start().line });
        }
    }

    fn note_type(&mut self, name: &Ident, attributes: &[Attribute]) {
        self.types.push(name.to_string());
        self.note(name, attributes);
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string().contains("test"),
        Meta::Path(_) | Meta::NameValue(_) => false,
    })
}

impl<'ast> Visit<'ast> for Gatherer {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            self.note(&item.ident, &item.attrs);
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        if !is_test(&item.attrs) {
            self.note_type(&item.ident, &item.attrs);
            visit::visit_item_struct(self, item);
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        if !is_test(&item.attrs) {
            self.note_type(&item.ident, &item.attrs);
            visit::visit_item_enum(self, item);
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.note_type(&item.ident, &item.attrs);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.note_type(&item.ident, &item.attrs);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(name) = &field.ident {
            self.note(name, &field.attrs);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.note(&variant.ident, &variant.attrs);
        visit::visit_variant(self, variant);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.note(&item.ident, &item.attrs);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.note(&item.ident, &item.attrs);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            self.note(&item.sig.ident, &item.attrs);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            self.note(&item.sig.ident, &item.attrs);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.note(&item.ident, &item.attrs);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.note(&item.sig.ident, &item.attrs);
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        self.note(&item.ident, &item.attrs);
    }

    fn visit_trait_item_type(&mut self, item: &'ast syn::TraitItemType) {
        self.note(&item.ident, &item.attrs);
    }
}

fn gathered(source: &str) -> Gatherer {
    let mut gatherer = Gatherer::default();
    gatherer.visit_file(&syn::parse_file(source).unwrap());
    gatherer
}

/// Every source file that is no test.
fn sources() -> Vec<(PathBuf, String)> {
    sources::sources().into_iter().filter(|(file, _)| !sources::is_test(file)).collect()
}

/// Every doc comment of this source as it is written, tests and bodies of macros included, with its first line.
fn written_comments(source: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut last = (0, "");
    for (line, text) in source.lines().enumerate().map(|(index, text)| (index + 1, text.trim_start())) {
        let Some(mark) = ["///", "//!"].into_iter().find(|mark| text.starts_with(mark)) else { continue };
        let text = &text[mark.len()..];
        match found.last_mut() {
            Some((_, whole)) if last == (line - 1, mark) => whole.push_str(text),
            _ => found.push((line, text.to_owned())),
        }
        last = (line, mark);
    }
    found
}

/// The types that share their name with another, by name; and how many types there are in all.
fn shared_names(types: &[TypeName]) -> (BTreeMap<&str, Vec<&Path>>, usize) {
    let mut by_name: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for one in types {
        by_name.entry(&one.name).or_default().push(&one.file);
    }
    by_name.retain(|_, files| files.len() > 1);
    (by_name, types.len())
}

/// The words of a name or of a sentence, in lower case.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before_lower = false;
    for c in text.chars() {
        let begins = c.is_uppercase() && before_lower;
        before_lower = c.is_lowercase();
        if !c.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().unwrap().extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Says a doc comment nothing that its name does not say?
fn says_nothing(doc: &DocComment) -> bool {
    const FILLERS: [&str; 10] = ["a", "an", "the", "of", "its", "this", "is", "to", "it", "one"];
    if doc.text.split_whitespace().count() <= TOO_FEW_WORDS {
        return true;
    }
    let name: BTreeSet<String> = words(&doc.of).into_iter().collect();
    words(&doc.text).iter().all(|word| {
        let singular = word.strip_suffix('s').unwrap_or(word);
        FILLERS.contains(&word.as_str()) || name.contains(word) || name.contains(singular)
    })
}

/// How many lines of a file are no tests of its own.
fn length(source: &str) -> usize {
    source.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

#[test]
fn few_types_share_their_name() {
    let types: Vec<TypeName> = sources()
        .iter()
        .flat_map(|(file, source)| gathered(source).types.into_iter().map(|name| TypeName { name, file: file.clone() }))
        .collect();
    let (shared, all) = shared_names(&types);
    let count: usize = shared.values().map(Vec::len).sum();
    let list: Vec<String> = shared.iter().map(|(name, files)| format!("{name}: {files:?}")).collect();
    assert!(all > 500, "the sources are not where they were: {all} types");
    assert!(
        count * 100 <= all * SHARED_PERCENT,
        "{count} of {all} types share their name with another, more than {SHARED_PERCENT} %:\n{}",
        list.join("\n")
    );
}

#[test]
fn every_doc_comment_says_something() {
    let mut empty = Vec::new();
    for (file, source) in sources() {
        let docs = gathered(&source).docs;
        empty.extend(
            docs.iter()
                .filter(|doc| says_nothing(doc))
                .map(|doc| format!("{}:{}: {}: {}", file.display(), doc.line, doc.of, doc.text.trim())),
        );
    }
    for (file, source) in sources::sources() {
        let short = written_comments(&source).into_iter();
        let short = short.filter(|(_, text)| text.split_whitespace().count() <= TOO_FEW_WORDS);
        empty.extend(short.map(|(line, text)| format!("{}:{line}: {}", file.display(), text.trim())));
    }
    assert!(empty.is_empty(), "{} doc comments say nothing:\n{}", empty.len(), empty.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(file, _)| !LONG_FILES.iter().any(|(long, _)| file == Path::new(long)))
        .filter_map(|(file, source)| {
            let lines = length(source);
            (lines > LONGEST_FILE).then(|| format!("{}: {lines} lines", file.display()))
        })
        .collect();
    assert!(long.is_empty(), "longer than {LONGEST_FILE} lines:\n{}", long.join("\n"));
}

#[test]
fn planted_faults_of_language_are_found() {
    let docs =
        gathered("/// In words.\nfn words() {}\n/// The page kind.\nstruct PageKind;\nenum E {\n/// Clean.\nA }").docs;
    assert_eq!(docs.iter().filter(|doc| says_nothing(doc)).count(), 3, "{docs:?}");
    let docs =
        gathered("/// Where it lies, from the root.\nfn path() {}\n#[cfg(test)]\nmod tests {\n/// No.\nfn f() {} }")
            .docs;
    assert_eq!(docs.iter().filter(|doc| says_nothing(doc)).count(), 0, "{docs:?}");
    let written = written_comments(
        "macro_rules! m { () => {\n/// In\n/// words.\nfn f() {} }; }\n//! A module.\n/// A longer one.\n",
    );
    assert_eq!(written, [(2, " In words.".to_owned()), (5, " A module.".to_owned()), (6, " A longer one.".to_owned())]);
    let named = |name: &str, file: &str| TypeName { name: name.into(), file: file.into() };
    let types = [named("Stage", "a.rs"), named("Stage", "b.rs"), named("Page", "b.rs")];
    let (shared, all) = shared_names(&types);
    assert_eq!((shared.len(), shared["Stage"].len(), all), (1, 2, 3));
    assert_eq!(length("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
}
