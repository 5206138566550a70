//! One canonical thing, named as the host names it.

use std::path::{Component, Path};

use super::Said;
use crate::playbook::diagnostic::Rule;
use crate::playbook::places::Step;
use crate::playbook::{EnabledWhen, Playbook, TargetSpec};
use crate::text::clean_line;

const SUFFIXES: [&str; 8] = [".service", ".socket", ".timer", ".mount", ".target", ".path", ".slice", ".scope"];

pub fn lint(playbook: &Playbook, said: &mut Said<'_, '_>) {
    title(playbook, said);
    if playbook.targets.is_empty() {
        said.say(
            Rule::NoTarget,
            &[Step::Key("targets")],
            "the list of targets is empty: this playbook would never do anything",
            "targets = [{ unit = \"a.service\" }, { unit = \"b@*.service\" }]",
        );
    }
    let many = said.places.key("targets").is_some();
    for (at, target) in playbook.targets.iter().enumerate() {
        let path: &[Step<'_>] =
            if many { &[Step::Key("targets"), Step::Item(at)] } else { &[Step::Key("target"), Step::Item(0)] };
        one(target, many, path, said);
    }
    match &playbook.enabled_when {
        Some(EnabledWhen::Unit(unit)) => unit_name(unit, &[Step::Key("enabled_when"), Step::Key("unit")], said),
        Some(EnabledWhen::File(file)) => absolute(file, &[Step::Key("enabled_when"), Step::Key("file")], said),
        None => {}
    }
}

fn title(playbook: &Playbook, said: &mut Said<'_, '_>) {
    let path = [Step::Key("title"), Step::Item(0)];
    if playbook.title.trim().is_empty() {
        said.say(Rule::EmptyTitle, &path, "the title is empty", "what holds when all is well: \"nginx stays up\"");
    }
    if clean_line(&playbook.title) != *playbook.title {
        said.say(Rule::ControlCharacter, &path, "the title holds control characters", "one line of plain text");
    }
}

fn one(target: &TargetSpec, many: bool, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    let glob = |name: &str| name.contains(['*', '?', '[']);
    if let TargetSpec::Mount(name) | TargetSpec::Process(name) | TargetSpec::Path(name) = target
        && glob(name)
    {
        said.say(
            Rule::TargetGlob,
            path,
            format!("`{name}` holds a pattern; only the units in `targets` may"),
            "the exact name of one thing",
        );
        return;
    }
    match target {
        TargetSpec::Unit(name) if glob(name) && !many => said.say(
            Rule::TargetGlob,
            path,
            format!("`{name}` is a pattern, and `target` is exactly one thing"),
            format!("targets = [{{ unit = \"{name}\" }}]"),
        ),
        TargetSpec::Unit(name) => unit_name(name, path, said),
        TargetSpec::Mount(name) | TargetSpec::Path(name) => absolute(name, path, said),
        TargetSpec::Process(name) if name.is_empty() || name.contains('/') => said.say(
            Rule::TargetName,
            path,
            format!("`{name}` is no program's name"),
            "the name alone, as { process = \"worker\" }",
        ),
        TargetSpec::Url(url) if !url.starts_with("http://") && !url.starts_with("https://") => said.say(
            Rule::TargetName,
            path,
            format!("`{url}` is no web address"),
            "{ url = \"http://127.0.0.1/healthz\" }",
        ),
        TargetSpec::Address(address) if !is_address(address) => said.say(
            Rule::TargetName,
            path,
            format!("`{address}` is no host with a port"),
            "{ address = \"127.0.0.1:5432\" }",
        ),
        TargetSpec::Process(_) | TargetSpec::Url(_) | TargetSpec::Address(_) | TargetSpec::Host => {}
    }
}

/// Host and port.
pub fn is_address(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// A unit's name needs its suffix: `nginx` could be a service, a socket, a slice.
pub fn unit_name(name: &str, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    let sane = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@*?[]!".contains(c);
    let suffix = SUFFIXES.iter().any(|suffix| name.ends_with(suffix) && name.len() > suffix.len());
    if !suffix || !name.chars().all(sane) {
        let stem = if name.chars().all(sane) { name } else { "nginx" };
        said.say(
            Rule::TargetName,
            path,
            format!("`{name}` is no unit's full name"),
            format!("the name with its suffix, as \"{stem}.service\""),
        );
    }
}

/// A path must be absolute and lexically normal.
fn absolute(name: &str, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    let normal = Path::new(name).components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let tidy = name == "/" || (!name.ends_with('/') && !name.contains("//") && !name.contains("/./"));
    if !name.starts_with('/') || !normal || !tidy {
        said.say(
            Rule::TargetPath,
            path,
            format!("`{name}` is no plain absolute path"),
            "an absolute path without `.`, `..`, or a slash at its end",
        );
    }
}
