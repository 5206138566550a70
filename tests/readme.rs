//! The front door keeps its word: what the README shows is what the program takes.

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
    let settings: Settings = toml::from_str(&settings[0]).expect("the README's settings are well-formed");
    assert_eq!(settings.channels.len(), 3);
}
