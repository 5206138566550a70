//! What the journals of former versions hold is read, shown and written on. `tests/former_versions/VERSION` is the state
//! folder of an engine of that version: five incidents (one healed, one recorded in shadow, one paged after three
//! attempts, one healed after an approval, one held by a pause), with the pause still in force.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use salve::core::Event;
use salve::core::event::event_text::sentence;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A copy of a former version's state folder, and a settings file, so that nothing of this host has a part.
struct FormerState {
    folder: TempDir,
}

impl FormerState {
    fn of(version: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        fs::create_dir(&state).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
        for file in ["journal.db", "readings.db"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/former_versions").join(version).join(file);
            fs::write(state.join(file), fs::read(from).unwrap()).unwrap();
            fs::set_permissions(state.join(file), fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(folder.path().join("salve.toml"), "").unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a verb prints, and its exit code.
    fn run(&self, words: &[&str]) -> (String, i32) {
        let output = Command::new(env!("CARGO_BIN_EXE_salve"))
            .args(["--state", self.path("state").to_str().unwrap()])
            .args(["--settings", self.path("salve.toml").to_str().unwrap()])
            .args(words)
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .output()
            .unwrap();
        let code = output.status.code().unwrap();
        (String::from_utf8(output.stdout).unwrap(), code)
    }

    fn records(&self) -> Vec<Value> {
        let (text, code) = self.run(&["journal", "export", "--json"]);
        assert_eq!(code, 0);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn the_journal_of_0_1_is_read_whole() {
    let state = FormerState::of("0.1");
    let (said, code) = state.run(&["journal", "verify"]);
    assert!(code == 0 && said.starts_with("the hash chain is intact: 67 records"), "{said}");
    let records = state.records();
    assert_eq!(records.len(), 67);
    assert_eq!(records.last().unwrap()["seq"], 67);
    // an incident is the story that it was, in today's words
    let (story, code) = state.run(&["show", "4"]);
    assert_eq!(code, 0);
    for words in ["/srv/w/asked", "root approved the plan: looked at it", "exit code 0", "fixed by attempt 1"] {
        assert!(story.contains(words), "no `{words}` in:\n{story}");
    }
    let (story, _) = state.run(&["show", "3"]);
    assert_eq!(story.matches("not verified").count(), 3, "{story}");
    assert!(story.contains("page #1"), "{story}");
}

#[test]
fn what_stands_in_the_journal_of_0_1_still_counts() {
    let state = FormerState::of("0.1");
    let (said, _) = state.run(&["incidents", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let incidents = said["incidents"].as_array().unwrap();
    let ids: Vec<&Value> = incidents.iter().map(|incident| &incident["id"]).collect();
    assert_eq!(ids, [5, 4, 3, 2, 1]);
}

#[test]
fn the_journal_of_0_1_is_written_on() {
    let state = FormerState::of("0.1");
    let (said, code) = state.run(&["pause", "--for", "1h", "--reason", "a new version"]);
    assert_eq!(code, 0, "{said}");
    let records = state.records();
    assert!(records.len() > 67, "the pause is recorded behind what was there");
    assert!(records.iter().enumerate().all(|(index, record)| record["seq"] == index as u64 + 1), "no gap");
    assert!(records.iter().any(|record| record.to_string().contains("a new version")));
    let (said, code) = state.run(&["journal", "verify"]);
    assert!(code == 0 && said.starts_with("the hash chain is intact"), "{said}");
}

#[test]
fn the_reasons_that_0_1_recorded_keep_their_words() {
    let state = FormerState::of("0.1");
    let (story, _) = state.run(&["show", "3"]);
    let reasons: Vec<String> = state
        .records()
        .iter()
        .filter_map(|record| Some(record["event"]["not_verified"]["why"].as_str()?.to_owned()))
        .collect();
    assert_eq!(reasons.len(), 3);
    for words in reasons {
        assert!(story.contains(&format!("not verified: {words}")), "no `{words}` in:\n{story}");
    }
}

#[test]
fn a_former_versions_sentence_is_read_shown_and_written_as_it_was() {
    let key = json!({"content": "c", "target": {"unit": "nginx.service"}});
    let former = [
        (
            json!({"withdrawn": {"incident": 1, "generation": 1, "why": "the gate now says no"}}),
            "approval request withdrawn: the gate now says no",
        ),
        (
            json!({"not_verified": {"incident": 1, "attempt": 1, "why": "0 of 2 verifiers held at the deadline"}}),
            "an attempt not verified: 0 of 2 verifiers held at the deadline",
        ),
        (
            json!({"breaker": {"key": key, "state": "closed", "why": "found it", "by": null}}),
            "the breaker of unit nginx.service is now closed: found it",
        ),
    ];
    for (written, words) in former {
        let event: Event = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(sentence(&event), words);
        assert_eq!(serde_json::to_value(&event).unwrap(), written, "and an exported record stays what it was");
    }
    let end = json!({"resolved":
        {"incident": 1, "page": 2, "dedup": "d", "to": ["duty"], "ended": 1, "why": "bob said yes: it has started"}});
    let event: Event = serde_json::from_value(end.clone()).unwrap();
    let Event::Resolved { why: Some(why), .. } = &event else { panic!("{event:?}") };
    assert_eq!(why.to_string(), "bob said yes: it has started");
    assert_eq!(serde_json::to_value(&event).unwrap(), end);
}
