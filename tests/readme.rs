//! The front door keeps its word: what the README shows is what the program takes and draws. To write the list of keys
//! and the picture anew after a deliberate change: `SALVE_BLESS=1 cargo test --test readme`, then look at the diff.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

extern crate salve;

#[path = "support/fixture.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod fixture;

use std::fs;
use std::path::PathBuf;

use salve::channel::ChannelSettings;
use salve::console::{self, EngineAt, Writing, keys};
use salve::engine::Settings;
use salve::playbook::Origin;
use salve::playbook::read::read;

const README: &str = include_str!("../README.md");

/// The fenced blocks of one language.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    README
        .split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .map(|block| format!("{block}\n"))
        .collect()
}

#[test]
fn the_worked_examples_are_accepted() {
    let examples: Vec<String> = blocks("toml").into_iter().filter(|block| block.contains("[verify]")).collect();
    assert_eq!(examples.len(), 2, "the README shows two worked examples");
    for text in examples {
        let read = read("README.md", "example", Origin::Shipped, &text);
        let said: Vec<String> = read.diagnostics.iter().map(|diagnostic| diagnostic.render(&text, false)).collect();
        assert!(read.playbook.is_some() && said.is_empty(), "{}", said.join("\n"));
    }
}

#[test]
fn the_settings_are_accepted() {
    let settings: Vec<String> = blocks("toml").into_iter().filter(|block| block.contains("[channels.")).collect();
    assert_eq!(settings.len(), 1, "the README shows the settings once");
    let settings = Settings::parse("README.md", &settings[0]).unwrap_or_else(|wrong| panic!("{wrong}"));
    let shown: std::collections::BTreeSet<&str> = settings.channels.values().map(ChannelSettings::kind).collect();
    assert_eq!(shown, ChannelSettings::KINDS.into_iter().collect(), "one channel of each kind");
    assert!(!settings.second_calls.is_empty() && settings.heartbeat.is_some() && settings.metrics.is_some());
}

#[test]
fn the_keys_are_those_of_the_program() {
    let (begin, end) = ("## Keys\n\n", "\n## Contributing");
    let (before, rest) = README.split_once(begin).unwrap();
    let (shown, after) = rest.split_once(end).unwrap();
    let right = keys::reference();
    if std::env::var_os("SALVE_BLESS").is_some() {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
        fs::write(file, format!("{before}{begin}{right}{end}{after}")).unwrap();
    } else {
        assert_eq!(shown, right);
    }
}

#[test]
fn the_picture_is_what_the_program_draws() {
    let options = console::Options {
        read_only: false,
        ascii: Some(false),
        theme: Some("dark".into()),
        config: "/nonexistent".into(),
        drafts: "/nonexistent/drafts".into(),
        engine: EngineAt::Embedded,
        writing: Writing::Here,
        bell: false,
        stage: None,
    };
    let drawn = console::to_svg(&fixture::trouble(), 120, 32, &options).unwrap();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/readme.svg");
    if std::env::var_os("SALVE_BLESS").is_some() {
        fs::write(file, drawn).unwrap();
    } else {
        assert!(fs::read_to_string(file).unwrap() == drawn, "the screen looks different by now");
    }
}
