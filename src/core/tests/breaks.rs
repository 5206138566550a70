//! What does not heal: the breaker, the page, the probe.

use super::bench::{Bench, playbook};
use crate::core::detector::reading::Verdict;
use crate::core::event::Event;
use crate::core::incident::{AttemptStarter, BreakerState, Cause};
use crate::core::machine::input::Input;
use crate::core::plan::Digest;
use crate::core::{Command, Mono, Outcome, Phase};
use crate::playbook::value::Period;

fn states(bench: &Bench) -> Vec<&'static str> {
    bench.events(|event| match event {
        Event::Breaker { state, .. } => Some(state.word()),
        _ => None,
    })
}

/// Broken for good, until three attempts are spent.
fn spent() -> (Bench, crate::core::Key) {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    for attempt in 1..=3 {
        assert_eq!(bench.started.len(), attempt);
        bench.fails();
    }
    (bench, nginx)
}

#[test]
fn the_third_attempt_opens_the_breaker_and_pages_once_and_a_probe_heals() {
    let (mut bench, nginx) = spent();
    assert_eq!(bench.started.len(), 3);
    assert_eq!(states(&bench), ["open"]);
    assert_eq!(bench.pages(), 1);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Escalated(Cause::BreakerOpened { .. }))));
    bench.pass(1500);
    assert_eq!(bench.started.len(), 3, "no fourth attempt in the cooldown");
    bench.pass(300);
    assert_eq!(bench.started.len(), 4);
    let probe = bench.events(|event| match event {
        Event::Intent { starter, .. } => Some(starter.clone()),
        _ => None,
    });
    assert_eq!(probe.last(), Some(&AttemptStarter::Probe));
    bench.heals(&nginx);
    assert_eq!(states(&bench), ["open", "half-open", "closed"]);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
    assert_eq!((bench.pages(), bench.resolves()), (1, 1));
}

#[test]
fn a_breaker_is_half_open_at_the_end_of_its_cooldown_and_not_before() {
    let (mut bench, nginx) = spent();
    let until = match bench.core.state().breakers().state(&nginx) {
        Some(BreakerState::Open { until, .. }) => *until,
        other => panic!("{other:?}"),
    };
    bench.now = Mono(until.0 - 1);
    bench.give(Input::Tick);
    bench.core.breaker_cooled(&nginx);
    assert_eq!(states(&bench), ["open"], "whoever asks too early is told nothing");
    assert_eq!(bench.core.next_deadline(), Some(until), "and is asked again in time");
    bench.now = until;
    bench.give(Input::Tick);
    assert_eq!(states(&bench), ["open", "half-open"]);
    assert_eq!(bench.started.len(), 4, "with its probe");
}

#[test]
fn probes_that_fail_double_the_cooldown_and_then_latch() {
    let (mut bench, nginx) = spent();
    let mut cooldowns = Vec::new();
    for _ in 0..3 {
        let Some(BreakerState::Open { cooldown_ms, .. }) =
            bench.core.state().breakers().get(&nginx).map(|breaker| breaker.state().clone())
        else {
            break;
        };
        cooldowns.push(cooldown_ms / 60_000);
        let before = bench.started.len();
        bench.pass(cooldown_ms / 1000);
        assert_eq!(bench.started.len(), before + 1, "one probe");
        bench.fails();
    }
    assert_eq!(cooldowns, [30, 60, 120]);
    assert_eq!(states(&bench).last(), Some(&"latched"));
    let attempts = bench.started.len();
    bench.pass(48 * 3600);
    assert_eq!(bench.started.len(), attempts, "only an operator resets it");
    assert_eq!(bench.pages(), 1);
    let said = bench.asks(Command::ResetBreaker { key: nginx.clone(), reason: "mended".into() });
    assert!(said.is_some_and(|said| said.is_ok()));
    assert_eq!(bench.started.len(), attempts + 1);
}

#[test]
fn restarts_that_help_trip_it_all_the_same() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    for _ in 0..3 {
        bench.breaks(&nginx);
        bench.pass(10);
        bench.heals(&nginx);
    }
    assert_eq!(bench.outcomes().len(), 2, "the third is healed, and stays open: a human is to find the cause");
    assert_eq!((bench.pages(), bench.resolves()), (1, 0));
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(bench.started.len(), 3, "the fourth is denied");
    assert_eq!((bench.pages(), bench.core.state().incidents().last_id()), (1, 3), "under the same page");
}

#[test]
fn an_escalated_incident_ends_when_the_fault_clears() {
    let (mut bench, nginx) = spent();
    bench.recovers(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
    assert_eq!(bench.resolves(), 1);
    assert_eq!(states(&bench), ["open"], "the breaker stays open");
}

#[test]
fn a_scope_that_cannot_be_emptied_quarantines_the_target() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.ends(false);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Escalated(Cause::ScopeNotEmpty { .. }))));
    assert_eq!(bench.pages(), 1);
    bench.recovers(&nginx);
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(bench.started.len(), 1, "quarantined");
    let attempt = bench.started[0].0;
    bench.give(crate::core::Input::ScopeEmptied { attempt, empty: true });
    assert_eq!(bench.started.len(), 2);
}

#[test]
fn without_a_rung_a_human_is_called_at_once() {
    let mut book = playbook("disk");
    book.remediate.clear();
    let (mut bench, disk) = Bench::one(book);
    bench.breaks(&disk);
    bench.pass(10);
    assert_eq!(bench.phase(&disk), Some(Phase::Escalated(Cause::NoRemediation)));
}

#[test]
fn rungs_follow_each_other_and_a_wide_window_ends_in_a_spent_ladder() {
    let mut book = playbook("nginx");
    book.remediate.push(book.remediate[0].clone());
    book.escalate.window = Period::from_secs(60);
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10);
    for _ in 0..3 {
        bench.fails();
    }
    let rungs = bench.events(|event| match event {
        Event::Intent { plan, .. } => Some(plan.rung),
        _ => None,
    });
    assert_eq!(rungs, [0, 1, 0]);
    assert_eq!(bench.phase(&nginx), Some(Phase::Escalated(Cause::LadderSpent)));
    assert_eq!(bench.pages(), 1);
}

#[test]
fn no_plan_is_no_action_and_then_a_page() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.plan = Err("no such program");
    bench.breaks(&nginx);
    bench.pass(30);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(_))));
    bench.pass(10);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Escalated(Cause::NoPlan { .. }))));
    assert!(bench.started.is_empty());
}

#[test]
fn a_hand_heals_what_was_escalated() {
    let mut book = playbook("nginx");
    book.mode = crate::playbook::Mode::Ask;
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10 + 15 * 60);
    assert_eq!(bench.phase(&nginx), Some(Phase::Escalated(Cause::Expired)));
    let id = bench.open_id(&nginx);
    let late = bench.asks(Command::Approve { incident: id, digest: Digest("plan".into()), reason: "".into() });
    assert!(late.is_some_and(|said| said.is_err()));
    let said = bench.asks(Command::RunNow { key: nginx.clone() });
    assert!(said.is_some_and(|said| said.is_ok()));
    bench.heals(&nginx);
    assert!(matches!(bench.outcomes()[..], [Outcome::HealedByOperator { .. }]));
    assert_eq!(bench.core.rates().day.assisted.part, 1);
}

#[test]
fn a_hung_attempt_is_taken_for_lost() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.pass(150);
    assert_eq!(bench.emptied.len(), 1);
    let attempt = bench.started[0].0;
    bench.give(crate::core::Input::ScopeEmptied { attempt, empty: true });
    assert!(matches!(bench.phase(&nginx), Some(Phase::Verifying { .. })));
    bench.verifier(&nginx, Verdict::Holds);
    bench.clears(&nginx);
    bench.pass(15);
    assert!(matches!(bench.outcomes()[..], [Outcome::Healed { .. }]));
}

#[test]
fn what_clears_after_an_attempt_that_did_not_verify_did_not_clear_by_itself() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.hold_surveys = true;
    bench.fails();
    assert_eq!(bench.pages(), 0);
    bench.clears(&nginx);
    assert_eq!(bench.outcomes(), [], "the verifier has not said so");
    bench.recovers(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::ClearedUnverified]);
}
