//! Everything that reads what somebody else wrote: over the corpora of the fuzzers (`tests/fuzz`), over the files that
//! are shipped and those of the other tests, and over what becomes of all these by a few seeded changes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "fuzz/parsers/mod.rs"]
mod parsers;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use parsers::{ALL, Parser};

/// So many changed texts are tried for each parser.
const CHANGED: usize = 1_500;

/// Fragments that mean something to one parser or another.
const WORDS: [&str; 16] = [
    "\0",
    "\u{1b}[2J",
    "\u{202e}",
    "é",
    "\n",
    "\"",
    "'''",
    "[[",
    "]]",
    "=",
    "{}",
    "\\u",
    "99999999999999999999",
    "-1",
    "password=",
    "for = \"1s\"",
];

#[test]
fn every_parser_keeps_its_promises_over_all_that_was_found() {
    for (name, drive) in ALL {
        for (path, data) in texts(name) {
            holds((name, drive), &data, &path.display().to_string());
        }
    }
}

#[test]
fn and_over_what_becomes_of_it() {
    for (name, drive) in ALL {
        let texts = texts(name);
        let mut random = Random(0x5a1e ^ name.len() as u64);
        for number in 0..CHANGED {
            let (_, text) = &texts[random.below(texts.len())];
            let changed = changed(text, &mut random);
            holds((name, drive), &changed, &format!("change {number}"));
        }
    }
}

#[test]
fn every_parser_has_a_fuzzer_that_contributors_are_told_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let (manifest, page) = (read("tests/fuzz/Cargo.toml"), read(".github/CONTRIBUTING.md"));
    for (name, _) in ALL {
        let program = format!("bins/{name}.rs");
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"{program}\"")), "{name} is no program");
        assert!(
            read(&format!("tests/fuzz/{program}")).contains(&format!("parsers::drive(\"{name}\", data)")),
            "{name}"
        );
        assert!(page.contains(&format!("`{name}`")) || page.contains(&format!("tests/fuzz {name}`")), "{name}");
    }
}

/// Runs a parser over a text; what breaks is said with the text itself, which belongs into the corpus.
fn holds((name, drive): Parser, data: &[u8], what: &str) {
    let outcome = catch_unwind(AssertUnwindSafe(|| drive(data)));
    assert!(outcome.is_ok(), "{name}, {what}: {}", data.escape_ascii());
}

/// The texts that a parser begins with: its corpus, and files that it has to do with.
fn texts(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let near: &[&str] = match name {
        "playbook" => &["../playbooks", "playbooks/wrong", "playbooks/good"],
        "theme" => &["../themes"],
        "settings" => &["playbooks/good"],
        "text" => &["playbooks/wrong"],
        _ => &[],
    };
    let folders = near.iter().map(|folder| tests.join(folder)).chain([tests.join("fuzz/corpus").join(name)]);
    let files = folders.flat_map(|folder| fs::read_dir(&folder).into_iter().flatten());
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{name} has a corpus");
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// A text after one to four changes.
fn changed(text: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = text.to_vec();
    for _ in 0..=random.below(4) {
        let (at, length) = (random.below(changed.len() + 1), random.below(24));
        let end = (at + length).min(changed.len());
        match random.below(5) {
            0 => drop(changed.drain(at..end)),
            1 => drop(changed.splice(at..at, WORDS[random.below(WORDS.len())].bytes())),
            2 => changed.truncate(at),
            3 => {
                let part = changed[at..end].to_vec();
                let to = random.below(changed.len() + 1);
                drop(changed.splice(to..to, part));
            }
            _ => {
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    changed
}

/// The same numbers in every run: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }
}
