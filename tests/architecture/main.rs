//! Arrows between top-level modules point one way. This reads every path in `src` (`use` lines and paths in the text, from
//! `crate`, `self` and `super`) and fails on one that runs back up, or sideways between modules of one level.
//! It also holds the core to being pure: no I/O, no clock, no async, no screen; and the kinds of checks and actions to
//! being one folder each, whose table is of the level of `playbook` and which no other file names.

#![allow(clippy::unwrap_used, reason = "a failed read of the sources is a failed test")]

#[path = "../support/sources.rs"]
mod sources;

mod cycles;
mod folders;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use sources::{is_test, sources};

/// The top-level modules by level; each uses only those of lower levels.
const LEVELS: [&[&str]; 12] = [
    &["text"],
    &["foreign"],
    &["playbook"],
    &["core"],
    &["host"],
    &["evidence"],
    &["check", "action", "journal", "channel"],
    &["engine"],
    &["control"],
    &["console"],
    &["demo"],
    &["cli"],
];

/// The console knows only snapshots and commands, so it cannot tell an embedded engine from a remote one.
const CONSOLE_MAY_USE: [&str; 5] = ["text", "foreign", "playbook", "core", "engine"];

/// The host's modules take from the core only its clocks.
const HOST_MAY_USE_OF_CORE: [&str; 3] = ["time", "Mono", "Now"];

/// What a pure machine never names: each a path, wherever it stands.
const IMPURE: [&[&str]; 22] = [
    &["crate", "foreign"],
    &["tokio"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "process"],
    &["std", "io"],
    &["std", "env"],
    &["std", "thread"],
    &["std", "os"],
    &["Instant"],
    &["SystemTime"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
    &["ratatui"],
    &["crossterm"],
    &["rusqlite"],
    &["reqwest"],
    &["rustix"],
    &["zbus"],
    &["procfs"],
    &["sysinfo"],
    &["notify"],
];

/// What starts a process: each a path, wherever it stands.
const STARTS: [&[&str]; 8] = [
    &["process", "Command"],
    &["libc", "fork"],
    &["libc", "vfork"],
    &["libc", "posix_spawn"],
    &["libc", "posix_spawnp"],
    &["libc", "SYS_clone3"],
    &["libc", "SYS_clone"],
    &["SpawnSpec"],
];

/// Who may start a process, and why. All else goes through `host::child`, which holds what it starts in a scope.
const MAY_START: [(&str, &str); 6] = [
    ("src/host/sys", "the one way itself"),
    ("src/host/child", "the one way itself: its scopes and what they hold"),
    ("src/console/app/external_editor.rs", "$EDITOR owns the terminal of the person who opened it"),
    ("src/control/transport.rs", "ssh may ask its user for a password on the terminal"),
    ("src/cli/daemon/service.rs", "systemctl may ask its user for a password on the terminal"),
    ("src/demo/stage.rs", "the demo's actors play services: they run until the demo ends"),
];

/// What the table of a kind of check may use: nothing of the host, and not the enum that is made of all tables.
const CHECK_TABLE_MAY_USE: [&[&str]; 5] = [
    &["crate", "text"],
    &["crate", "playbook", "value"],
    &["crate", "playbook", "read"],
    &["crate", "playbook", "check", "parts"],
    &["crate", "playbook", "check", "table"],
];

/// What the table of a kind of action may not use: the enums that are made of all tables.
const ACTION_TABLE_MAY_NOT_USE: [&[&str]; 4] = [
    &["crate", "playbook", "Action"],
    &["crate", "playbook", "Check"],
    &["crate", "playbook", "action", "Action"],
    &["crate", "playbook", "check", "Check"],
];

/// The enums over the kinds, whose variants only a kind's own folder names.
const KIND_ENUMS: [&str; 5] = ["Check", "Subject", "Observation", "Action", "ResolvedAction"];

/// Who else names a kind, and why.
const MAY_NAME_A_KIND: [(&str, &str, &str); 3] = [
    ("src/playbook/lint/host_check.rs", "Unit", "its one rule is about units at rest"),
    ("src/check/target/resolve.rs", "Path", "a path that must not exist is a target although it is not there"),
    ("src/action/storage/clean", "Filesystem", "it stops once the verifier's file system has the room that is wanted"),
];

/// One piece of source text that matters here.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    /// `::`
    Path,
    Other(char),
}

/// The source's words, paths and signs, each with its line; comments and literals hold no paths.
fn tokens(source: TokenStream) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    gather(source, &mut found);
    found
}

fn parsed(source: &str) -> TokenStream {
    TokenStream::from_str(source).unwrap()
}

/// The same source without the items that are compiled for tests only.
fn without_tests(source: &str) -> TokenStream {
    fn cut(stream: TokenStream) -> TokenStream {
        let mut kept = Vec::new();
        let mut trees = stream.into_iter().peekable();
        while let Some(tree) = trees.next() {
            let is_hash = matches!(&tree, TokenTree::Punct(sign) if sign.as_char() == '#');
            let of_tests =
                matches!(trees.peek(), Some(TokenTree::Group(group)) if group.stream().to_string() == "cfg (test)");
            if is_hash && of_tests {
                let ends = |tree: &TokenTree| match tree {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    TokenTree::Punct(sign) => sign.as_char() == ';',
                    TokenTree::Ident(_) | TokenTree::Literal(_) => false,
                };
                trees.by_ref().find(ends);
            } else if let TokenTree::Group(group) = tree {
                let mut cut = Group::new(group.delimiter(), cut(group.stream()));
                cut.set_span(group.span());
                kept.push(TokenTree::Group(cut));
            } else {
                kept.push(tree);
            }
        }
        kept.into_iter().collect()
    }
    cut(parsed(source))
}

fn gather(stream: TokenStream, found: &mut Vec<(usize, Token)>) {
    let mut colon = false;
    for tree in stream {
        let line = tree.span().start().line;
        let second_colon = std::mem::take(&mut colon);
        match tree {
            TokenTree::Ident(word) => found.push((line, Token::Word(word.to_string()))),
            TokenTree::Punct(sign) if sign.as_char() == ':' && second_colon => found.push((line, Token::Path)),
            TokenTree::Punct(sign) if sign.as_char() == ':' && sign.spacing() == Spacing::Joint => colon = true,
            TokenTree::Punct(sign) => found.push((line, Token::Other(sign.as_char()))),
            TokenTree::Literal(_) => found.push((line, Token::Other('"'))),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::None => (' ', ' '),
                };
                found.push((line, Token::Other(open)));
                gather(group.stream(), found);
                found.push((group.span_close().start().line, Token::Other(close)));
            }
        }
    }
}

/// A path as it stands in the source, seen from the crate's root where it is one of ours.
#[derive(Debug, Clone, PartialEq)]
struct Named {
    line: usize,
    /// `["crate", "core", "Mono"]`, or a foreign path as written.
    path: Vec<String>,
}

/// Every path in this source, lists in braces unfolded; `module` is the file's own place, without `crate`.
fn paths(module: &[String], source: TokenStream) -> Vec<Named> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    // Where we are: names of inline modules, with the depth of braces at which each ends.
    let mut inline: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut at) = (0_usize, 0);
    while at < tokens.len() {
        let word = |offset: usize| match tokens.get(at + offset) {
            Some((_, Token::Word(word))) => Some(word.as_str()),
            _ => None,
        };
        match &tokens[at].1 {
            Token::Other('{') => depth += 1,
            Token::Other('}') => {
                depth = depth.saturating_sub(1);
                inline.retain(|(_, at)| *at < depth + 1);
            }
            Token::Word(first) => {
                let opens = matches!(tokens.get(at + 2), Some((_, Token::Other('{'))));
                if let (true, true, Some(name)) = (first == "mod", opens, word(1)) {
                    inline.push((name.to_owned(), depth + 1));
                    at += 2;
                    continue;
                }
                let mut place = module.to_vec();
                place.extend(inline.iter().map(|(name, _)| name.clone()));
                at = path(&tokens, at, &[], &place, &mut found);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads one path from `at` behind `before`, with what its braces hold; gives the place behind it.
fn path(
    tokens: &[(usize, Token)],
    mut at: usize,
    before: &[String],
    place: &[String],
    found: &mut Vec<Named>,
) -> usize {
    let mut path = before.to_vec();
    let line = tokens.get(at).map_or(0, |(line, _)| *line);
    loop {
        match tokens.get(at) {
            Some((_, Token::Word(word))) => path.push(word.clone()),
            // a macro's variable stands for one name
            Some((_, Token::Other('$'))) if !path.is_empty() => match tokens.get(at + 1) {
                Some((_, Token::Word(word))) => {
                    path.push(format!("${word}"));
                    at += 1;
                }
                _ => break,
            },
            Some((_, Token::Other('*'))) => path.push("*".to_owned()),
            Some((_, Token::Other('{'))) if path.len() > before.len() || !before.is_empty() => {
                return list(tokens, at + 1, &path, place, found);
            }
            _ => break,
        }
        at += 1;
        if matches!(tokens.get(at), Some((_, Token::Path))) {
            at += 1;
        } else {
            break;
        }
    }
    let renamed = matches!(tokens.get(at), Some((_, Token::Word(word))) if word == "as");
    let root = from_root(&path, place);
    // `crate` by itself is a visibility, unless it gets another name.
    if path.len() > before.len() && (root != ["crate"] || renamed) {
        found.push(Named { line, path: root });
    }
    if renamed { at + 2 } else { at }
}

/// What stands in the braces of a path.
fn list(
    tokens: &[(usize, Token)],
    mut at: usize,
    before: &[String],
    place: &[String],
    found: &mut Vec<Named>,
) -> usize {
    while let Some((_, token)) = tokens.get(at) {
        match token {
            Token::Other('}') => return at + 1,
            Token::Word(_) | Token::Other('*' | '{') => at = path(tokens, at, before, place, found).max(at + 1),
            _ => at += 1,
        }
    }
    at
}

/// `super::super::x` and `self::x` as `crate::…`; a foreign path as it is.
fn from_root(path: &[String], place: &[String]) -> Vec<String> {
    let mut root: Vec<String> = vec!["crate".to_owned()];
    match path[0].as_str() {
        "crate" => {}
        "self" | "super" if path.len() > 1 || path[0] == "super" => root.extend(place.iter().cloned()),
        _ => return path.to_vec(),
    }
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" if root.len() > 1 => drop(root.pop()),
            _ => root.push(part.clone()),
        }
    }
    root
}

fn level(top: &str) -> Option<usize> {
    LEVELS.iter().position(|modules| modules.contains(&top))
}

/// The top-level module whose level a module has. The table of a kind lies in the kind's folder, and is of the level of
/// `playbook`: `check::GROUP::KIND::table`.
fn home(module: &[String]) -> Option<&str> {
    if is_table(module) { Some("playbook") } else { module.first().map(String::as_str) }
}

fn is_table(module: &[String]) -> bool {
    let of_a_kind = module.first().is_some_and(|top| ["check", "action"].contains(&top.as_str()));
    of_a_kind && module.get(3).is_some_and(|part| part == "table")
}

/// Why the table of a kind may not use this path of the playbook; none if it may.
fn wrong_in_table(module: &[String], path: &[String]) -> Option<String> {
    let begins = |with: &&[&str]| path.len() >= with.len() && path.iter().zip(with.iter()).all(|(one, two)| one == two);
    let own = path.iter().skip(1).zip(module).all(|(one, two)| one == two) && path.len() > module.len();
    let allowed = match module[0].as_str() {
        "check" => own || CHECK_TABLE_MAY_USE.iter().any(&begins),
        _ => !ACTION_TABLE_MAY_NOT_USE.iter().any(begins),
    };
    (!allowed).then(|| format!("the table of a kind may not use {}", path.join("::")))
}

/// Every arrow of this file that may not be, in words.
fn wrong_arrows(file: &Path, source: &str) -> Vec<String> {
    let module = module(file);
    let Some(top) = home(&module).map(str::to_owned) else { return Vec::new() };
    let Some(own) = level(&top) else {
        return vec![format!("{}: the module `{top}` has no level in tests/architecture", file.display())];
    };
    let wrong = |named: &Named| -> Option<String> {
        if named.path[0] != "crate" {
            return None;
        }
        let Some(other) = named.path.get(1).filter(|name| *name != "*") else {
            return Some("names the crate as a whole".to_owned());
        };
        if is_table(&module)
            && let Some(why) = wrong_in_table(&module, &named.path)
        {
            return Some(why);
        }
        let other = home(&named.path[1..]).unwrap_or(other);
        if other == top {
            return None;
        }
        let Some(theirs) = level(other) else { return Some(format!("names `{other}`, which is no module")) };
        let of_core = named.path.get(2).map(String::as_str);
        if theirs > own {
            Some(format!("runs up: {top} -> {other}"))
        } else if theirs == own {
            Some(format!("runs sideways: {top} -> {other}"))
        } else if top == "console" && !CONSOLE_MAY_USE.contains(&other) {
            Some(format!("the console knows only snapshots and commands: {top} -> {other}"))
        } else if top == "host" && other == "core" && !of_core.is_some_and(|it| HOST_MAY_USE_OF_CORE.contains(&it)) {
            Some(format!("the host takes only clocks from the core: {}", named.path.join("::")))
        } else {
            None
        }
    };
    let told = |named: &Named| wrong(named).map(|why| format!("{}:{}: {why}", file.display(), named.line));
    paths(&module, parsed(source)).iter().filter_map(told).collect()
}

/// Everything in this file of the core that is not pure, in words.
fn impure(file: &Path, source: &str) -> Vec<String> {
    let named = paths(&module(file), parsed(source));
    let hits = named.iter().filter_map(|named| {
        let hit = IMPURE.iter().find(|bad| named.path.windows(bad.len()).any(|part| part == **bad))?;
        Some(format!("{}:{}: the core names `{}`", file.display(), named.line, hit.join("::")))
    });
    hits.collect()
}

/// `src/core/plan.rs` as `["core", "plan"]`; `lib.rs` and `main.rs` as nothing.
fn module(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .skip_while(|part| part == "src")
        .collect();
    if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

#[test]
fn arrows_point_one_way() {
    let sources = sources();
    assert!(sources.len() > 20, "the sources are not where they were");
    let wrong: Vec<String> = sources.iter().flat_map(|(file, source)| wrong_arrows(file, source)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The kinds by the name of their variant, each with the folder that holds its files.
fn kinds(sources: &[(PathBuf, String)]) -> Vec<(String, PathBuf)> {
    let tables = sources.iter().filter(|(file, _)| is_table(&module(file)));
    let kind = |(file, _): &(PathBuf, String)| {
        let folder = file.parent()?;
        let words = folder.file_name()?.to_str()?.split('_');
        let camel = words.map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        Some((camel, folder.to_owned()))
    };
    tables.filter_map(kind).collect()
}

/// Every place in this file, without its tests, that names a kind of its enum, unless the kind is its own.
fn named_kinds(kinds: &[(String, PathBuf)], file: &Path, source: &str) -> Vec<String> {
    if is_test(file) {
        return Vec::new();
    }
    let named = paths(&module(file), without_tests(source));
    let hits = named.iter().filter_map(|named| {
        let pair = named.path.windows(2).find(|pair| KIND_ENUMS.contains(&pair[0].as_str()))?;
        let of = kinds.iter().filter(|(kind, _)| *kind == pair[1]).collect::<Vec<_>>();
        let own = of.is_empty() || of.iter().any(|(_, folder)| file.starts_with(folder));
        let excused = MAY_NAME_A_KIND.iter().any(|(place, kind, _)| file.starts_with(place) && *kind == pair[1]);
        (!own && !excused).then(|| format!("{}:{}: names `{}`", file.display(), named.line, pair.join("::")))
    });
    hits.collect()
}

#[test]
fn a_kind_is_named_only_in_its_own_folder() {
    let sources = sources();
    let kinds = kinds(&sources);
    assert!(kinds.len() > 25, "the kinds are not where they were");
    let named: Vec<String> = sources.iter().flat_map(|(file, source)| named_kinds(&kinds, file, source)).collect();
    assert!(named.is_empty(), "ask the kind's trait instead:\n{}", named.join("\n"));
    for (place, kind, why) in MAY_NAME_A_KIND {
        let text = format!("::{kind}(");
        let still_does = |(file, source): &(PathBuf, String)| file.starts_with(place) && source.contains(&text);
        assert!(sources.iter().any(still_does), "{place} ({why}) is gone");
    }
}

#[test]
fn a_planted_name_of_a_kind_is_found() {
    let kinds = [("Unit".to_owned(), PathBuf::from("src/check/units/unit"))];
    let source = "fn f(check: &Check) -> bool { matches!(check, Check::Unit(_)) }";
    assert_eq!(named_kinds(&kinds, Path::new("src/core/verify.rs"), source).len(), 1);
    assert_eq!(named_kinds(&kinds, Path::new("src/check/units/unit/probe/watch.rs"), source), Vec::<String>::new());
    let of_a_target = "fn f(target: &Target) -> bool { matches!(target, Target::Unit(_)) }";
    assert_eq!(named_kinds(&kinds, Path::new("src/core/verify.rs"), of_a_target), Vec::<String>::new());
}

#[test]
fn the_core_is_pure() {
    let core: Vec<_> = sources().into_iter().filter(|(file, _)| file.starts_with("src/core")).collect();
    assert!(core.len() > 5, "the core is not where it was");
    let wrong: Vec<String> = core.iter().flat_map(|(file, source)| impure(file, source)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Everything in this file, without its tests, that starts a process by itself, in words.
fn starts(file: &Path, source: &str) -> Vec<String> {
    if is_test(file) || MAY_START.iter().any(|(place, _)| file.starts_with(place)) {
        return Vec::new();
    }
    let named = paths(&module(file), without_tests(source));
    let hits = named.iter().filter_map(|named| {
        let hit = STARTS.iter().find(|start| named.path.windows(start.len()).any(|part| part == **start))?;
        Some(format!("{}:{}: starts a process by `{}`", file.display(), named.line, hit.join("::")))
    });
    hits.collect()
}

#[test]
fn there_is_one_way_to_start_a_child() {
    let sources = sources();
    for (place, why) in &MAY_START {
        assert!(sources.iter().any(|(file, _)| file.starts_with(place)), "{place} ({why}) is gone");
    }
    let wrong: Vec<String> = sources.iter().flat_map(|(file, source)| starts(file, source)).collect();
    assert!(wrong.is_empty(), "go through host::child instead:\n{}", wrong.join("\n"));
}

#[test]
fn a_planted_second_way_to_start_a_child_is_found() {
    let file = Path::new("src/check/processes/command/probe.rs");
    for source in [
        "use std::process::Command;",
        "use tokio::process::{Child, Command};",
        "use std::process; fn f() { process::Command::new(x); }",
        "fn f() { unsafe { libc::fork() }; }",
        "use crate::host::sys::SpawnSpec;",
    ] {
        assert_eq!(starts(file, source).len(), 1, "{source}");
    }
    let allowed = "use crate::core::Command; fn f() { Job::new(x).run() }\n#[cfg(test)]\nmod tests { use std::process::Command; }";
    assert_eq!(starts(file, allowed), Vec::<String>::new());
}

/// Every place in this file, without its tests, that makes a client for HTTP by itself.
fn clients(file: &Path, source: &str) -> Vec<String> {
    let made =
        [["Client", "builder"], ["Client", "new"], ["reqwest", "get"], ["http1", "Builder"], ["http2", "Builder"]];
    let named = paths(&module(file), without_tests(source));
    let hits = named.iter().filter(|named| made.iter().any(|made| named.path.windows(2).any(|part| part == made)));
    hits.map(|named| format!("{}:{}", file.display(), named.line)).collect()
}

#[test]
fn there_is_one_way_to_a_client_for_http_and_it_caps_heads() {
    let made: Vec<String> = sources().iter().flat_map(|(file, source)| clients(file, source)).collect();
    let right = made.len() == 2
        && made.iter().any(|place| place.starts_with("src/host/web.rs:"))
        && made.iter().any(|place| place.starts_with("src/host/web/plain.rs:"));
    assert!(right, "go through host::web instead: {made:?}");
    for planted in [
        "use reqwest::Client; fn f() { Client::builder(); }",
        "use hyper::client::conn::http1; fn f() { http1::Builder::new(); }",
    ] {
        assert_eq!(clients(Path::new("src/check/network/http/probe.rs"), planted).len(), 1);
    }
}

#[test]
fn a_planted_arrow_is_found_in_each_form() {
    let planted = [
        ("src/core/mod.rs", "use crate::engine::Handle;", "core -> engine"),
        ("src/core/plan.rs", "use super::super::journal;", "core -> journal"),
        ("src/core/plan.rs", "use super::{plan, super::{text, host::paths}};", "core -> host"),
        ("src/playbook/mod.rs", "fn f() -> crate::core::Mono { todo!() }", "playbook -> core"),
        ("src/playbook/model.rs", "mod tests { use super::super::super::cli::main; }", "playbook -> cli"),
        ("src/check/network/tcp/probe.rs", "use crate::{core::Mono, action::program};", "check -> action"),
        ("src/text.rs", "use crate::playbook::Check;", "text -> playbook"),
        ("src/engine/mod.rs", "let x = /* no */ crate::console::App::new();", "engine -> console"),
        ("src/console/mod.rs", "use crate::journal::Journal;", "console -> journal"),
        ("src/host/mod.rs", "use crate::core::Event;", "crate::core::Event"),
        ("src/core/mod.rs", "use crate::*;", "as a whole"),
        ("src/core/mod.rs", "use crate as house;", "as a whole"),
        ("src/core/mod.rs", "use crate::cellar::Barrel;", "no module"),
        ("src/cellar/mod.rs", "", "no level"),
        ("src/playbook/check/mod.rs", "pub use crate::check::$group::$module::probe::*;", "playbook -> check"),
        ("src/check/host/cpu/table.rs", "use super::probe::CpuSeen;", "may not use"),
        ("src/check/host/cpu/table.rs", "use crate::playbook::check::Check;", "may not use"),
        ("src/check/host/cpu/table.rs", "use crate::core::Mono;", "may not use"),
        ("src/action/attempt/wait/table.rs", "use crate::playbook::Action;", "may not use"),
        ("src/action/attempt/wait/table.rs", "use crate::core::Mono;", "playbook -> core"),
    ];
    for (file, source, told) in planted {
        let wrong = wrong_arrows(Path::new(file), source);
        assert!(wrong.len() == 1 && wrong[0].contains(told), "{file}: {source}: {wrong:?}");
    }
}

#[test]
fn what_is_allowed_is_let_pass() {
    let fine = [
        ("src/cli/mod.rs", "use crate::{engine, console, check::Sight, text::clean};"),
        ("src/core/plan.rs", "use super::time::Mono; use crate::playbook::{Check, value::Period};"),
        ("src/core/plan.rs", "mod tests { use super::*; use super::super::event::Event; }"),
        ("src/core/plan.rs", "//! as crate::engine does\n/* crate::cli */ const A: &str = \"crate::journal\";"),
        ("src/core/plan.rs", "const A: &str = r#\"use \"crate::journal\"#; const B: char = '\"'; fn f<'a>() {}"),
        ("src/host/clock.rs", "use crate::core::{Mono, Now, time::Mono as M};"),
        ("src/console/view.rs", "use crate::engine::snapshot::Snapshot; use core::fmt;"),
        ("src/core/mod.rs", "pub(crate) fn f() {} pub(super) fn g() {} let n = m as usize;"),
        ("src/lib.rs", "pub mod cli; pub use crate::cli::main;"),
        ("src/playbook/check/mod.rs", "$(pub use crate::check::$group::$module::table::$table;)*"),
        (
            "src/check/host/cpu/table.rs",
            "use crate::playbook::{check::{parts::Unit, table::CheckTable}, value::Bound};",
        ),
        ("src/check/host/cpu/probe.rs", "use super::table::CpuCheck; use crate::core::Mono;"),
        ("src/action/attempt/wait/table.rs", "use crate::playbook::{action::table::ActionTable, lint::names};"),
    ];
    for (file, source) in fine {
        assert_eq!(wrong_arrows(Path::new(file), source), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn a_planted_impurity_is_found() {
    let file = Path::new("src/core/time.rs");
    for source in [
        "use tokio::sync::mpsc;",
        "use std::{collections::BTreeMap, fs};",
        "let s = std::net::TcpStream::connect(a);",
        "use std::time::{Duration, Instant};",
        "let t: SystemTime = x;",
        "let wall = jiff::Timestamp::now();",
        "use ratatui::text::Line;",
        "mod tests { use std::process::Command; }",
    ] {
        assert_eq!(impure(file, source).len(), 1, "{source}");
    }
    assert_eq!(impure(file, "use std::time::Duration; // Instant and std::fs stay out"), Vec::<String>::new());
}

/// The arms of a match that catch every event, in a file that knows the core's events.
fn catch_all_arms(file: &Path, source: &str) -> Vec<String> {
    struct Arms<'a> {
        file: &'a Path,
        own: bool,
        found: Vec<String>,
    }

    impl<'ast> syn::visit::Visit<'ast> for Arms<'_> {
        fn visit_expr_match(&mut self, matched: &'ast syn::ExprMatch) {
            if matched.arms.iter().any(|arm| names_event(&arm.pat, self.own)) {
                let catching = matched.arms.iter().filter(|arm| arm.guard.is_none() && catches_all(&arm.pat));
                let line = |arm: &syn::Arm| syn::spanned::Spanned::span(&arm.pat).start().line;
                let told = |arm| format!("{}:{}: this arm catches every event", self.file.display(), line(arm));
                self.found.extend(catching.map(told));
            }
            syn::visit::visit_expr_match(self, matched);
        }

        fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
            if !module.attrs.iter().any(is_for_tests) {
                syn::visit::visit_item_mod(self, module);
            }
        }
    }

    let of_core = |named: &Named| {
        named.path.starts_with(&["crate".into(), "core".into()]) && named.path.ends_with(&["Event".into()])
    };
    let own = file.starts_with("src/core/event.rs") || file.starts_with("src/core/event");
    if is_test(file) || !own && !paths(&module(file), without_tests(source)).iter().any(of_core) {
        return Vec::new();
    }
    let mut arms = Arms { file, own, found: Vec::new() };
    syn::visit::Visit::visit_file(&mut arms, &syn::parse_file(source).unwrap());
    arms.found
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
}

/// Does a pattern name a variant of `Event`, or of `Self` in the events' own files?
fn names_event(pattern: &syn::Pat, own: bool) -> bool {
    struct Names {
        own: bool,
        found: bool,
    }

    impl<'ast> syn::visit::Visit<'ast> for Names {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let mut names = path.segments.iter().rev().skip(1);
            self.found |= names.next().is_some_and(|name| name.ident == "Event" || self.own && name.ident == "Self");
        }
    }

    let mut names = Names { own, found: false };
    syn::visit::Visit::visit_pat(&mut names, pattern);
    names.found
}

/// `_`, `other`, `(_, _)`, `Some(_)`: a pattern that no variant escapes.
fn catches_all(pattern: &syn::Pat) -> bool {
    match pattern {
        syn::Pat::Wild(_) => true,
        // a constant or a variant without its path begins with a capital
        syn::Pat::Ident(name) if name.ident.to_string().starts_with(char::is_uppercase) => false,
        syn::Pat::Ident(name) => name.subpat.as_ref().is_none_or(|(_, inner)| catches_all(inner)),
        syn::Pat::Paren(inner) => catches_all(&inner.pat),
        syn::Pat::Reference(inner) => catches_all(&inner.pat),
        syn::Pat::Or(any) => any.cases.iter().any(catches_all),
        syn::Pat::Tuple(all) => all.elems.iter().all(catches_all),
        syn::Pat::TupleStruct(all) => all.path.is_ident("Some") && all.elems.iter().all(catches_all),
        _ => false,
    }
}

#[test]
fn no_fold_passes_over_a_new_event() {
    let folds = sources();
    let wrong: Vec<String> = folds.iter().flat_map(|(file, source)| catch_all_arms(file, source)).collect();
    assert!(wrong.is_empty(), "name the other events, or match their concern:\n{}", wrong.join("\n"));
}

#[test]
fn a_planted_arm_that_catches_every_event_is_found() {
    let file = Path::new("src/engine/run.rs");
    let head = "use crate::core::{Core, Event};";
    for body in [
        "match event { Event::Opened { .. } => 1, _ => 0 }",
        "match &recorded.event { Event::Opened { .. } | Event::Closed { .. } => {} other => drop(other) }",
        "match (event, now) { (Event::Opened { .. }, _) => 1, (_, _) => 0 }",
        "match story.first() { Some(Event::Opened { .. }) => 1, Some(_) => 2, None => 0 }",
        "if a { match event { Event::Closed { outcome, .. } => outcome, rest @ _ => rest } }",
    ] {
        assert_eq!(catch_all_arms(file, &format!("{head} fn f() {{ {body} }}")).len(), 1, "{body}");
    }
    let own = "impl Event { fn f(&self) -> u8 { match self { Self::Opened { .. } => 1, _ => 0 } } }";
    assert_eq!(catch_all_arms(Path::new("src/core/event.rs"), own).len(), 1);
    let harmless = [
        format!("{head} fn f() {{ match event {{ Event::Opened {{ .. }} => 1, Event::Closed {{ .. }} => 0 }} }}"),
        format!("{head} fn f() {{ match verdict {{ Verdict::Holds => 1, _ => 0 }} }}"),
        "use crossterm::event::Event; fn f() { match event { Event::Key(key) => 1, _ => 0 } }".to_owned(),
        format!(
            "{head} #[cfg(test)] mod tests {{ fn f() {{ match event {{ Event::Opened {{ .. }} => 1, _ => 0 }} }} }}"
        ),
    ];
    for source in &harmless {
        assert_eq!(catch_all_arms(file, source), Vec::<String>::new(), "{source}");
    }
}
