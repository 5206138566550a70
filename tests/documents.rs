//! What verbs say as JSON is what their schemas say, and --watch says it again until nobody reads.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

extern crate salve;

#[path = "support/fixture.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod fixture;
#[path = "documents/hostile_names.rs"]
mod hostile_names;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use jsonschema::Validator;
use salve::engine::Snapshot;
use salve::engine::backtest::{Backtest, BacktestMark, FaultSeen, TargetTimeline};
use serde_json::{Value, json};

fn salve(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_salve"));
    command.arg("--state").arg(state);
    command
}

fn said(state: &Path, words: &[&str]) -> Value {
    let output = salve(state).args(words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error}: {text}"))
}

fn schema(document: &str) -> Validator {
    let schema = said(Path::new("/nonexistent"), &["schema", document]);
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn fits(schema: &Validator, document: &Value) {
    assert!(document["version"].is_u64());
    let wrong: Vec<String> =
        schema.iter_errors(document).map(|error| format!("{}: {error:.300}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As the verbs say it.
fn enveloped(content: Value) -> Value {
    let mut whole = content;
    whole["version"] = json!(1);
    whole
}

#[test]
fn what_the_program_says_fits_its_schemas() {
    let state = tempfile::tempdir().unwrap();
    let bad = state.path().join("bad.toml");
    fs::write(&bad, "title = 3\nnonsense = true\n").unwrap();
    let check = ["playbook", "check", bad.to_str().unwrap(), "--json"];
    for (document, words) in [
        ("status", &["status", "--json"][..]),
        ("incidents", &["incidents", "--json"]),
        ("playbooks", &["playbook", "list", "--json"]),
        ("breakers", &["breaker", "list", "--json"]),
        ("diagnostics", &check),
        ("report", &["report", "--format", "json"]),
        ("init", &["init", "--json"]),
        ("doctor", &["doctor", "--json"]),
    ] {
        fits(&schema(document), &said(state.path(), words));
    }
    assert!(!said(state.path(), &check)["diagnostics"].as_array().unwrap().is_empty());
}

#[test]
fn where_no_engine_runs_every_verb_that_asks_says_so() {
    let state = tempfile::tempdir().unwrap();
    for words in [
        &["status"][..],
        &["status", "--json"],
        &["--once"],
        &["--once", "--plain"],
        &["incidents"],
        &["incidents", "--json"],
        &["breaker", "list"],
    ] {
        let output = salve(state.path()).args(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(69), "{words:?}: {said}");
        assert!(said.to_lowercase().contains("no engine"), "{words:?}: {said}");
        for lie in ["attached", "live 1s", "auto 1", " · shadow", "ALL WELL"] {
            assert!(!said.contains(lie), "{words:?} says {lie}: {said}");
        }
    }
    assert_eq!(said(state.path(), &["status", "--json"])["unwatched"], true);
}

#[test]
fn the_list_says_of_a_playbook_that_does_not_apply_here_that_it_does_not_and_why() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = home.path().join("playbooks");
    fs::create_dir(&folder).unwrap();
    let text = |head: &str| {
        format!(
            r#"
title = "a file is there"
{head}
risk = "low"
mode = "auto"

[detect]
path = {{ path = "/nowhere/file", exists = false }}

[[remediate]]
do = [{{ run = ["/bin/true"] }}]
timeout = "10s"

[verify]
path = {{ path = "/nowhere/file", exists = true }}
within = "1m"

[escalate]
attempts = 1
window = "1h"
"#
        )
    };
    for (name, head) in [
        ("elsewhere", "target = \"host\"\nenabled_when = { file = \"/nowhere/program\" }"),
        ("nothing", "target = { mount = \"/nowhere\" }"),
        ("partly", "targets = [{ mount = \"/nowhere\" }, { mount = \"/\" }]"),
        ("here", "target = \"host\""),
    ] {
        fs::write(folder.join(format!("{name}.toml")), text(head)).unwrap();
    }
    let mut list = salve(&home.path().join("state"));
    let output = list.arg("--playbooks").arg(&folder).args(["playbook", "list"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let row = |name: &str| {
        let row = said.lines().find(|line| line.split_ascii_whitespace().next() == Some(name));
        let row = row.unwrap_or_else(|| panic!("{name} is not listed: {said}"));
        row.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(row("elsewhere").starts_with("elsewhere n/a risk low"), "{said}");
    assert!(row("elsewhere").contains("(there is no /nowhere/program)"), "{said}");
    assert!(
        row("nothing").starts_with("nothing n/a risk low") && row("nothing").contains("(nothing is mounted there)"),
        "{said}"
    );
    for applies in ["partly", "here"] {
        assert!(row(applies).starts_with(&format!("{applies} auto risk low")), "{said}");
        assert!(!row(applies).contains('('), "{said}");
    }
}

/// A host in trouble has what a quiet one does not: incidents, plans, stories.
#[test]
fn a_host_in_trouble_fits_as_well() {
    let (status, incidents, show) = (schema("status"), schema("incidents"), schema("show"));
    let (breakers, playbooks) = (schema("breakers"), schema("playbooks"));
    for snapshot in [fixture::trouble(), fixture::calm(), fixture::first(), fixture::paused()] {
        let Snapshot { incidents: all, breakers: open, playbooks: found, .. } = &snapshot;
        fits(&status, &enveloped(serde_json::to_value(&snapshot).unwrap()));
        fits(&incidents, &enveloped(json!({ "incidents": all })));
        fits(&breakers, &enveloped(json!({ "breakers": open })));
        fits(&playbooks, &enveloped(json!({ "playbooks": found })));
        for recorded in all.iter().flat_map(|incident| &incident.story) {
            fits(&show, &enveloped(serde_json::to_value(recorded).unwrap()));
        }
    }
}

#[test]
fn a_backtest_fits_as_well() {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let marks = [
        BacktestMark::Fired,
        BacktestMark::Acted,
        BacktestMark::Asked,
        BacktestMark::Stopped,
        BacktestMark::Verified,
        BacktestMark::Failed,
        BacktestMark::Called,
    ];
    let lane = TargetTimeline {
        target: "/var".into(),
        seen: vec![(at, FaultSeen::Unknown), (at, FaultSeen::Well), (at, FaultSeen::Fault)],
        never_read: vec!["used > 85%".into()],
        would: marks.map(|mark| (at, mark, "said".into())).into(),
        really: vec![(at, BacktestMark::Ended, "healed".into())],
    };
    let left_out = vec![("nginx.service".into(), "there is none".into())];
    let past = Backtest { playbook: "disk".into(), from: at, to: at, lanes: vec![lane], left_out };
    let document = enveloped(serde_json::to_value(&past).unwrap());
    let schema = schema("backtest");
    fits(&schema, &document);
    for (part, wrong) in [("/lanes/0/would/0/1", json!("leapt")), ("/lanes/0/seen/0/0", json!(3)), ("/to", json!(1))] {
        let mut document = document.clone();
        *document.pointer_mut(part).unwrap() = wrong;
        assert!(!schema.is_valid(&document), "{part}");
    }
}

/// The names that Rust's own types have in JSON where nobody gave them another form.
const RUST: [&str; 8] = ["Ok", "Err", "Some", "None", "secs", "nanos", "secs_since_epoch", "nanos_since_epoch"];

fn rust_names(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(parts) => {
            for (key, part) in parts {
                let leaks = RUST.contains(&key.as_str()) || key.starts_with("Result_of") || key.starts_with("Option");
                found.extend(leaks.then(|| key.clone()));
                rust_names(part, found);
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| rust_names(part, found)),
        Value::String(text) => found.extend(RUST.contains(&text.as_str()).then(|| text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn no_public_document_shows_a_type_of_the_language_it_is_written_in() {
    let mut documents: Vec<Value> = Vec::new();
    for document in
        ["status", "incidents", "show", "playbooks", "diagnostics", "breakers", "doctor", "report", "init", "backtest"]
    {
        documents.push(said(Path::new("/nonexistent"), &["schema", document]));
    }
    documents.push(said(Path::new("/nonexistent"), &["playbook", "schema"]));
    documents.push(said(tempfile::tempdir().unwrap().path(), &["init", "--json"]));
    documents.push(serde_json::to_value(fixture::trouble()).unwrap());
    for document in documents {
        let mut found = Vec::new();
        rust_names(&document, &mut found);
        assert!(found.is_empty(), "{found:?} in {}", document["title"]);
    }
}

#[test]
fn a_document_that_lacks_a_part_does_not_fit() {
    let status = schema("status");
    let mut document = enveloped(serde_json::to_value(fixture::trouble()).unwrap());
    document.as_object_mut().unwrap().remove("detectors");
    assert!(!status.is_valid(&document));
    let mut document = enveloped(serde_json::to_value(fixture::trouble()).unwrap());
    document["detectors"][0]["health"] = json!("splendid");
    assert!(!status.is_valid(&document));
}

#[test]
fn watching_says_a_state_a_line_and_ends_when_nobody_reads() {
    let state = tempfile::tempdir().unwrap();
    let mut watching = salve(state.path())
        .args(["status", "--watch", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    fits(&schema("status"), &serde_json::from_str(&line).unwrap());
    drop(lines);
    let output = watching.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.code().is_some(), "it ends by itself");
}
