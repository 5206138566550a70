//! What cannot be seen.

use std::time::Duration;

use super::bench::{Bench, playbook};
use crate::core::detector::reading::{Reading, Verdict};
use crate::core::id::{CheckRole, WatchId};
use crate::core::incident::Cause;
use crate::core::machine::input::Input;
use crate::core::{Command, DetectorState, Outcome, Phase};

fn unknown() -> Verdict {
    Verdict::Unknown("timed out".into())
}

#[test]
fn unknown_for_too_long_calls_a_human_and_resolves_when_seen_again() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.says(&nginx, unknown());
    bench.pass(299);
    assert_eq!(bench.pages(), 0);
    bench.pass(1);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Escalated(Cause::CannotSee { .. }))));
    bench.recovers(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
    assert_eq!((bench.pages(), bench.resolves()), (1, 1));
    assert_eq!(bench.core.rates().hour.coverage.whole, 0, "blindness is no fault to fix");
}

#[test]
fn unknown_neither_starts_nor_ends_a_hold_time() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(5);
    bench.says(&nginx, unknown());
    bench.pass(10);
    assert_eq!(bench.core.state().incidents().last_id(), 0, "not opened while it cannot be seen");
    bench.breaks(&nginx);
    assert_eq!(bench.started.len(), 1, "and the hold time was not broken");
}

#[test]
fn a_blind_incident_that_turns_out_broken_becomes_a_real_one() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.says(&nginx, unknown());
    bench.pass(300);
    bench.breaks(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
    bench.pass(10);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn what_ended_blindness_counts_at_once() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.says(&nginx, unknown());
    bench.pass(300);
    bench.hold_surveys = true;
    bench.breaks(&nginx);
    let known = bench.core.watched_key(&nginx).expect("it is watched");
    assert_eq!(known.fault, DetectorState::Broken, "it is one of those that fail, without another look");
}

#[test]
fn an_attempt_that_was_begun_blind_is_waited_for() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.says(&nginx, unknown());
    bench.pass(300);
    bench.asks(Command::RunNow { key: nginx.clone() });
    assert_eq!(bench.started.len(), 1);
    bench.breaks(&nginx);
    assert_eq!(bench.outcomes(), [], "no outcome while it runs");
    bench.heals(&nginx);
    assert_eq!(bench.outcomes().len(), 1);
}

#[test]
fn a_run_by_hand_of_what_cannot_be_seen_is_not_blind() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.says(&nginx, unknown());
    bench.shows.insert(nginx.clone(), Verdict::Holds);
    bench.asks(Command::RunNow { key: nginx.clone() });
    assert_eq!(bench.outcomes(), [], "a person asked for it");
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn what_is_too_old_to_count_voids_what_is_older_still() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.clears(&nginx);
    bench.now = bench.now + Duration::from_secs(1);
    let early = bench.now;
    bench.asks(Command::RunNow { key: nginx.clone() });
    bench.now = bench.now + Duration::from_secs(5);
    bench.heals(&nginx);
    assert_eq!(bench.outcomes().len(), 1);
    bench.hold_surveys = true;
    let watch = WatchId { key: nginx.clone(), role: CheckRole::Detector, index: 0 };
    let reading = Reading {
        verdict: Verdict::Holds,
        seen: "seen".into(),
        figure: None,
        unit: None,
        began: early + Duration::from_secs(1),
        since: early,
    };
    bench.give(Input::Read { watch, reading });
    let known = bench.core.watched_key(&nginx).expect("it is watched");
    assert!(known.detector[0].is_none(), "neither of the two counts");
}

#[test]
fn a_blind_incident_becomes_a_real_one_also_where_there_is_nothing_to_do() {
    let mut book = playbook("nginx");
    book.remediate.clear();
    let (mut bench, nginx) = Bench::one(book);
    bench.says(&nginx, unknown());
    bench.pass(300);
    bench.breaks(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
    bench.pass(10);
    assert_eq!(bench.phase(&nginx), Some(Phase::Escalated(Cause::NoRemediation)));
}

#[test]
fn in_shadow_it_goes_on_looking_for_what_it_cannot_see() {
    let nginx = playbook("nginx");
    let key = super::bench::key(&nginx);
    let mut bench =
        Bench::with(vec![super::bench::bound(nginx, crate::core::machine::input::ArmingPolicy::ShadowUntilArmed)]);
    bench.breaks(&key);
    bench.shows.insert(key.clone(), unknown());
    bench.pass(600);
    assert_eq!(bench.pages(), 0, "nobody is called in shadow");
    bench.shows.insert(key.clone(), Verdict::Holds);
    bench.pass(10);
    assert_eq!(would_haves(&bench), 1);
}

fn would_haves(bench: &Bench) -> usize {
    bench.events(|event| matches!(event, crate::core::Event::ShadowPlan { .. }).then_some(())).len()
}

#[test]
fn where_a_survey_and_the_watch_disagree_it_is_looked_at_again() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.clears(&nginx);
    // A survey sees a fault that comes and goes between two looks of the watch.
    bench.busy = Some("a restart job".into());
    bench.shows.insert(nginx.clone(), Verdict::Holds);
    bench.asks(Command::RunNow { key: nginx.clone() });
    bench.pass(10);
    assert_eq!(bench.outcomes().len(), 0, "the fault was seen");
    bench.shows.insert(nginx.clone(), Verdict::DoesNotHold);
    bench.pass(60);
    assert_eq!(bench.outcomes(), [Outcome::SelfCleared], "though the watch said nothing");
}
