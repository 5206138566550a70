//! A restart at any moment: the replayed state is the live one, and what was under way is settled.

use super::bench::{Bench, digest, playbook};
use crate::core::detector::reading::Verdict;
use crate::core::event::Event;
use crate::core::incident::{Cause, Denial};
use crate::core::machine::input::Input;
use crate::core::{Command, Outcome, Phase};
use crate::playbook::Mode;

#[test]
fn an_intent_without_an_outcome_is_verified_and_not_run_again() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.restart();
    let attempt = bench.started[0].0;
    assert_eq!(bench.emptied, [attempt]);
    bench.give(Input::ScopeEmptied { attempt, empty: true });
    assert!(matches!(bench.phase(&nginx), Some(Phase::Verifying { .. })));
    bench.breaks(&nginx);
    bench.pass(60);
    assert_eq!(bench.phase(&nginx), Some(Phase::Escalated(Cause::Indeterminate { attempt })));
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn the_journal_keeps_a_playbook_without_its_secrets_and_an_open_incident_its_playbook() {
    let text = r#"
title = "db stays up"
target = { unit = "db.service" }
risk = "low"
mode = "ask"

[detect]
unit = { state = "failed" }
for = "10s"

[[remediate]]
do = [{ run = { argv = ["fix"], env = { DB_PASSWORD = "hunter2" } } }]
timeout = "30s"

[verify]
unit = { state = "active" }
within = "1m"

[escalate]
attempts = 3
window = "10m"
to = ["oncall"]
"#;
    let read = crate::playbook::read::read("db.toml", "db", crate::playbook::Origin::Shipped, text);
    let book = read.playbook.unwrap_or_else(|| panic!("{:?}", read.diagnostics));
    let content = book.content.clone();
    let (bench, _) = Bench::one(book);
    let sources = bench.journal.iter().filter_map(|recorded| match &recorded.event {
        Event::Adopted { source, .. } => Some(source.clone()),
        _ => None,
    });
    let sources: Vec<_> = sources.collect();
    let journal = serde_json::to_string(&bench.journal).unwrap();
    assert!(!journal.contains("hunter2"), "{journal}");
    let again = crate::core::machine::load::read_again(&content, &"db".into(), &sources[0]).unwrap();
    assert_eq!((again.content.clone(), again.title.clone()), (content, "db stays up".into()));
}

#[test]
fn an_idempotent_rung_runs_again() {
    let mut book = playbook("nginx");
    let rung = crate::playbook::Rung { idempotent: true, ..(*book.remediate[0]).clone() };
    book.remediate = vec![rung.into()];
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10);
    bench.restart();
    let attempt = bench.started[0].0;
    bench.give(Input::ScopeEmptied { attempt, empty: true });
    bench.breaks(&nginx);
    bench.pass(60);
    assert_eq!(bench.started.len(), 2);
}

#[test]
fn pages_that_nobody_took_go_out_again_until_taken() {
    let mut book = playbook("disk");
    book.remediate.clear();
    let (mut bench, disk) = Bench::one(book);
    bench.breaks(&disk);
    bench.pass(10);
    let page = bench.delivers[0];
    bench.restart();
    assert_eq!(bench.delivers, [page, page]);
    bench.give(Input::Delivered { page, channel: "oncall".into(), instead: None });
    bench.restart();
    assert_eq!(bench.delivers.len(), 2);
}

#[test]
fn the_breaker_stays_open_over_a_restart_and_probes_in_time() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    for _ in 0..3 {
        bench.fails();
    }
    bench.restart();
    bench.breaks(&nginx);
    bench.pass(1000);
    assert_eq!(bench.started.len(), 3);
    bench.pass(1000);
    assert_eq!(bench.started.len(), 4);
}

#[test]
fn requests_and_soaks_go_on_after_a_restart() {
    let mut book = playbook("nginx");
    book.mode = Mode::Ask;
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10);
    bench.restart();
    bench.breaks(&nginx);
    let incident = bench.open_id(&nginx);
    bench.asks(Command::Approve { incident, digest: digest("plan"), reason: "".into() });
    assert_eq!(bench.started.len(), 1);
    bench.ends(true);
    bench.pass(1);
    bench.verifier(&nginx, Verdict::Holds);
    bench.restart();
    assert!(matches!(bench.phase(&nginx), Some(Phase::Soaking { .. })));
    bench.clears(&nginx);
    bench.pass(20);
    bench.verifier(&nginx, Verdict::Holds);
    assert!(matches!(bench.outcomes()[..], [Outcome::Healed { .. }]));
}

#[test]
fn a_held_incident_asks_the_gate_again_after_a_restart() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.busy = Some("a job".into());
    bench.breaks(&nginx);
    bench.pass(10);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::SystemdBusy { .. }))));
    bench.busy = None;
    bench.restart();
    assert_eq!(bench.started.len(), 1);
    assert_eq!(bench.events(|event| matches!(event, Event::Opened { .. }).then_some(())).len(), 1);
}

#[test]
fn a_reset_is_no_yes_to_a_rung_whose_outcome_a_crash_hid() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.restart();
    let attempt = bench.started[0].0;
    bench.give(Input::ScopeEmptied { attempt, empty: true });
    bench.breaks(&nginx);
    bench.pass(60);
    bench.asks(Command::ResetBreaker { key: nginx.clone(), reason: "mended".into() });
    assert_eq!(bench.started.len(), 1);
    bench.recovers(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
}

#[test]
fn an_attempt_that_outlived_its_playbook_ends_superseded() {
    for restarts in [false, true] {
        let (mut bench, nginx) = Bench::one(playbook("nginx"));
        bench.breaks(&nginx);
        bench.pass(10);
        bench.ends(true);
        bench.load(Vec::new());
        if restarts {
            bench.restart();
        }
        bench.pass(60);
        assert_eq!(bench.outcomes(), [Outcome::Superseded]);
    }
}
