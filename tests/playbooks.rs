//! Playbooks as files: good ones load without a word, wrong ones say all that is wrong with them, where, and how it is
//! mended. Each `wrong/NAME.toml` stands beside the diagnostics that are expected of it, `wrong/NAME.expected`;
//! `SALVE_BLESS=1 cargo test --test playbooks` writes those anew, to be read before they are committed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "playbooks/hostile.rs"]
mod hostile;
#[path = "playbooks/library.rs"]
mod library;
#[path = "playbooks/meaning.rs"]
mod meaning;
#[path = "playbooks/new.rs"]
mod new;
#[path = "playbooks/right_forms.rs"]
mod right_forms;
#[path = "playbooks/schema.rs"]
mod schema;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use salve::playbook::library::name_of;
use salve::playbook::read::{ParsedFile, read};
use salve::playbook::{Origin, Rule};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

fn read_file(file: &Path) -> (String, ParsedFile) {
    let text = fs::read_to_string(file).unwrap();
    let shown = file.file_name().unwrap().to_string_lossy();
    let read = read(&shown, &name_of(file), Origin::Folder("/etc/salve/playbooks".into()), &text);
    (text, read)
}

/// As `salve playbook check` prints them.
fn drawn(text: &str, read: &ParsedFile) -> String {
    let drawings: Vec<String> = read.diagnostics.iter().map(|found| found.render(text, false)).collect();
    let end = if read.playbook.is_some() { "accepted" } else { "rejected" };
    format!("{}\n\n{end}\n", drawings.join("\n\n"))
}

#[test]
fn good_playbooks_load_without_a_word() {
    let files: Vec<PathBuf> = ["tests/playbooks/good", "playbooks"].into_iter().flat_map(files).collect();
    assert!(files.len() >= 10);
    for file in files {
        let (text, read) = read_file(&file);
        assert!(read.diagnostics.is_empty(), "{}\n{}", file.display(), drawn(&text, &read));
        assert!(read.playbook.is_some(), "{}", file.display());
    }
}

#[test]
fn wrong_playbooks_say_all_that_is_wrong() {
    let bless = std::env::var_os("SALVE_BLESS").is_some();
    let files = files("tests/playbooks/wrong");
    assert!(files.len() >= 45);
    let mut differing = Vec::new();
    for file in files {
        let (text, read) = read_file(&file);
        let (found, expected) = (drawn(&text, &read), file.with_extension("expected"));
        if bless {
            fs::write(&expected, &found).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            differing.push(format!("{}:\n{found}", file.display()));
        }
    }
    assert!(differing.is_empty(), "not as expected (SALVE_BLESS=1 writes anew):\n{}", differing.join("\n"));
}

#[test]
fn a_wrong_file_breaks_the_rule_that_it_is_named_after() {
    for file in files("tests/playbooks/wrong") {
        let (text, read) = read_file(&file);
        let name = name_of(&file);
        let rule = name.split_once("..").map_or(name.as_str(), |(rule, _)| rule);
        // `many..` shows that mistakes are collected
        let broken: BTreeSet<&str> = read.diagnostics.iter().map(|found| found.rule.code()).collect();
        if rule == "many" {
            assert!(read.diagnostics.len() >= 4, "{name}\n{}", drawn(&text, &read));
        } else {
            assert!(broken.contains(rule), "{name}\n{}", drawn(&text, &read));
        }
    }
}

#[test]
fn every_rule_has_a_file_that_breaks_it() {
    // these are about files, or about several of them and the settings, not about what stands in one: see `library.rs` beside this one
    let of_files = [
        Rule::FileNotTrusted,
        Rule::FileTooLarge,
        Rule::NotUtf8,
        Rule::BadName,
        Rule::UnknownChannel,
        Rule::UnknownNeed,
        Rule::AmbiguousNeed,
        // about the host: see `host_check`
        Rule::UnitAtRest,
    ];
    let named: BTreeSet<String> = files("tests/playbooks/wrong").iter().map(|file| name_of(file)).collect();
    for rule in Rule::ALL.iter().filter(|rule| !of_files.contains(rule)) {
        let code = rule.code();
        let shown = named.iter().any(|name| name.split_once("..").map_or(name.as_str(), |(rule, _)| rule) == code);
        assert!(shown, "no wrong/{code}.toml");
    }
}
