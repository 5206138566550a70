//! Every rule has a wrong playbook below `tests/playbooks/wrong/`, with the diagnostics that it must draw. To write
//! the expectations anew after a deliberate change: `SALVE_BLESS=1 cargo test --test playbooks`, then read the diff.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use salve::playbook::Origin;
use salve::playbook::diagnostic::{Rule, Severity};
use salve::playbook::library::{Library, SHIPPED, Sources};
use salve::playbook::read::{Read, read};
use salve::playbook::schema::schema;
use serde_json::Value;

const WRONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/playbooks/wrong");
const GOOD: &str = include_str!("../playbooks/nginx-up.toml");

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(WRONG).expect("the wrong playbooks are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

fn read_text(text: &str) -> Read {
    read("case.toml", "case", Origin::Shipped, text)
}

fn drawn(text: &str, read: &Read) -> String {
    let outcome = if read.playbook.is_some() { "accepted" } else { "rejected" };
    let drawings: Vec<String> = read.diagnostics.iter().map(|one| one.render(text, false)).collect();
    format!("{}\n\n{outcome}\n", drawings.join("\n\n"))
}

#[test]
fn every_wrong_playbook_draws_its_diagnostics() {
    let bless = std::env::var_os("SALVE_BLESS").is_some();
    let mut differ = Vec::new();
    for file in cases() {
        let text = fs::read_to_string(&file).unwrap();
        let seen = drawn(&text, &read_text(&text));
        let expected = file.with_extension("expected");
        if bless {
            fs::write(&expected, &seen).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != seen {
            differ.push(format!("{}:\n{seen}", file.display()));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn a_wrong_playbook_breaks_the_rule_that_it_is_named_for() {
    for file in cases() {
        let text = fs::read_to_string(&file).unwrap();
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let rules: Vec<&str> = read_text(&text).diagnostics.iter().map(|one| one.rule.code()).collect();
        let named = stem.split("--").next().unwrap();
        assert!(rules.contains(&named), "{stem}: {rules:?}");
    }
}

#[test]
fn every_rule_has_a_wrong_playbook() {
    // these are about the file around the text, and are shown by the library's tests
    let elsewhere = [Rule::FileName, Rule::FileTooLarge, Rule::FileNotTrusted];
    let cases = cases();
    assert!(cases.len() >= 45, "{} cases", cases.len());
    let shown: BTreeSet<Rule> = cases
        .iter()
        .flat_map(|file| read_text(&fs::read_to_string(file).unwrap()).diagnostics)
        .map(|one| one.rule)
        .collect();
    let missing: Vec<&Rule> =
        Rule::ALL.iter().filter(|rule| !shown.contains(rule) && !elsewhere.contains(rule)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_rejected_playbook_always_has_an_error_with_a_place() {
    for file in cases() {
        let text = fs::read_to_string(&file).unwrap();
        let read = read_text(&text);
        let errors = read.diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
        assert_eq!(read.playbook.is_none(), errors > 0, "{}", file.display());
        for one in &read.diagnostics {
            assert!(one.span.end <= text.len() && one.line >= 1 && one.column >= 1);
        }
    }
}

#[test]
fn what_ships_is_accepted_without_a_word() {
    for (name, text) in SHIPPED {
        let read = read(&format!("{name}.toml"), name, Origin::Shipped, text);
        assert!(read.playbook.is_some() && read.diagnostics.is_empty(), "{name}:\n{}", drawn(text, &read));
    }
}

#[test]
fn the_schema_takes_what_ships_and_knows_every_key() {
    let schema = schema();
    for (name, text) in SHIPPED {
        let value: Value = toml::from_str(text).unwrap();
        let mut wrong = Vec::new();
        validate(&schema, &schema, &value, "", &mut wrong);
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
    let mut unknown: Value = toml::from_str(GOOD).unwrap();
    unknown["detect"]["unti"] = Value::from(1);
    let mut wrong = Vec::new();
    validate(&schema, &schema, &unknown, "", &mut wrong);
    assert_eq!(wrong, ["/detect: unti is not allowed"]);
}

/// As much of JSON Schema as the playbooks' schema uses.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere");
        return validate(root, target, value, at, wrong);
    }
    for any in ["anyOf", "oneOf"] {
        let Some(options) = schema[any].as_array() else { continue };
        let fits = |option: &&Value| {
            let mut wrong = Vec::new();
            validate(root, option, value, at, &mut wrong);
            wrong.is_empty()
        };
        if !options.iter().any(|option| fits(&option)) {
            wrong.push(format!("{at}: fits none of {any}"));
        }
    }
    if let Some(kind) = schema["type"].as_str() {
        let fits = match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            _ => true,
        };
        if !fits {
            wrong.push(format!("{at}: is no {kind}"));
        }
    }
    if let Some(names) = schema["enum"].as_array()
        && !names.contains(value)
    {
        wrong.push(format!("{at}: is not one of {names:?}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            wrong.push(format!("{at}: {name} is missing"));
        }
    }
    if let (Some(properties), Some(object)) = (schema["properties"].as_object(), value.as_object()) {
        for (key, inner) in object {
            match properties.get(key) {
                Some(property) => validate(root, property, inner, &format!("{at}/{key}"), wrong),
                None if schema["additionalProperties"] == false => wrong.push(format!("{at}: {key} is not allowed")),
                None => {}
            }
        }
    }
    if let (Some(items), Some(array)) = (schema.get("items"), value.as_array()) {
        for (index, inner) in array.iter().enumerate() {
            validate(root, items, inner, &format!("{at}/{index}"), wrong);
        }
    }
}

#[test]
fn layout_comments_title_and_name_leave_the_content_alone() {
    let content = |name: &str, text: &str| read("x", name, Origin::Shipped, text).playbook.unwrap().content;
    let same = content("nginx-up", GOOD);
    assert_eq!(content("renamed", GOOD), same);
    assert_eq!(content("nginx-up", &format!("# more\n\n{}", GOOD.replace("   =", " ="))), same);
    assert_eq!(content("nginx-up", &GOOD.replace("nginx stays up", "nginx serves")), same);
    assert_ne!(content("nginx-up", &GOOD.replace("attempts = 3", "attempts = 4")), same);
    assert_ne!(content("nginx-up", &GOOD.replace("\"restart\"", "\"start\"")), same);
}

#[test]
fn one_bad_file_takes_no_good_one_down_and_keeps_its_last_good_version() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("one.toml", GOOD);
    write("two.toml", GOOD);
    let sources = Sources { folder: Some(folder.path().into()), ..Sources::default() };
    let first = Library::default().reload(&sources);
    assert_eq!(first.in_force().len(), 2);

    write("two.toml", "title = ");
    write("three.toml", "nothing = true");
    let second = first.reload(&sources);
    let names: Vec<&str> = second.found.iter().map(|found| &*found.name).collect();
    assert_eq!(names, ["one", "three", "two"]);
    assert_eq!(second.found.iter().filter(|found| found.outcome.is_err()).count(), 2);
    assert_eq!(second.in_force().len(), 2, "one, and the former two");

    let third = second.reload(&sources);
    assert_eq!(third.in_force().len(), 2, "a second look keeps the former version as well");
    fs::remove_file(folder.path().join("two.toml")).unwrap();
    assert_eq!(third.reload(&sources).in_force().len(), 1, "a file that is gone is gone");
}

#[test]
fn a_file_that_others_could_have_written_is_not_read() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("open.toml");
    let sources = Sources { folder: Some(folder.path().into()), ..Sources::default() };
    let rule = || Library::default().reload(&sources).found[0].outcome.clone().map_err(|wrong| wrong[0].rule);
    fs::write(&file, GOOD).unwrap();
    assert!(rule().is_ok());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(rule(), Err(Rule::FileNotTrusted));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::hard_link(&file, folder.path().join("second-name")).unwrap();
    assert_eq!(rule(), Err(Rule::FileNotTrusted));
    fs::remove_file(&file).unwrap();
    symlink(folder.path().join("second-name"), &file).unwrap();
    assert_eq!(rule(), Err(Rule::FileNotTrusted));
    fs::remove_file(&file).unwrap();
    fs::write(&file, " ".repeat(70_000)).unwrap();
    assert_eq!(rule(), Err(Rule::FileTooLarge));
}

#[test]
fn a_name_is_a_plain_word() {
    for name in ["", ".hidden", "a b", "../up", "a/b", "ü"] {
        let rules: Vec<Rule> = read("x", name, Origin::Shipped, GOOD).diagnostics.iter().map(|one| one.rule).collect();
        assert_eq!(rules, [Rule::FileName], "{name}");
    }
}

proptest! {
    #[test]
    fn rubbish_never_panics(text in ".{0,400}") {
        let read = read_text(&text);
        prop_assert!(read.playbook.is_none());
        drawn(&text, &read);
    }

    #[test]
    fn a_torn_playbook_never_panics(at in 0..GOOD.len(), length in 0..60usize, insert in "[\\[\\]{}=\"'#\n a-z0-9%<>.,\u{202e}é\u{1b}]{0,12}") {
        let mut text = GOOD.to_owned();
        let start = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = (start + length).min(text.len());
        let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        text.replace_range(start..end, &insert);
        let read = read_text(&text);
        let shown = drawn(&text, &read);
        let dangerous = shown.contains(['\u{1b}', '\u{202e}']);
        prop_assert!(!dangerous, "it would reach a terminal");
    }
}
