//! From first bad reading to healed, and the ways in which it ends without an attempt.

use super::bench::{Bench, bound, key, playbook};
use crate::core::detector::reading::Verdict;
use crate::core::event::Event;
use crate::core::id::CheckRole;
use crate::core::incident::AttemptStarter;
use crate::core::machine::input::ArmingPolicy;
use crate::core::{Outcome, Phase};
use crate::playbook::value::Period;

#[test]
fn a_fault_is_held_fixed_verified_soaked_and_healed() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(9);
    assert_eq!(bench.phase(&nginx), None, "the hold time has not passed");
    bench.pass(1);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Remediating(_))));
    assert_eq!(bench.started.len(), 1);
    bench.ends(true);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Verifying { .. })));
    assert!(bench.watches.iter().any(|watch| watch.role == CheckRole::Verifier));
    bench.pass(2);
    bench.verifier(&nginx, Verdict::Holds);
    bench.clears(&nginx);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Soaking { .. })));
    bench.pass(14);
    assert!(bench.outcomes().is_empty());
    bench.pass(1);
    assert!(matches!(bench.outcomes()[..], [Outcome::Healed { .. }]));
    assert!(bench.watches.iter().all(|watch| watch.role == CheckRole::Detector));
    assert_eq!(bench.core.next_deadline(), None, "nothing is left to wait for");
    let rates = bench.core.rates().hour;
    assert_eq!((rates.auto_fix.part, rates.auto_fix.whole, rates.coverage.part), (1, 1, 1));
    assert_eq!((bench.pages(), bench.resolves()), (0, 0));
}

#[test]
fn the_hold_time_counts_from_the_event_and_without_it_a_fault_fires_at_once() {
    let mut book = playbook("nginx");
    book.detect.hold = Period::from_secs(0);
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    assert_eq!(bench.started.len(), 1);
    let starters = bench.events(|event| match event {
        Event::Intent { starter, .. } => Some(starter.clone()),
        _ => None,
    });
    assert_eq!(starters, [AttemptStarter::Auto]);
}

#[test]
fn what_clears_within_the_hold_time_is_no_incident() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(9);
    bench.clears(&nginx);
    bench.pass(5);
    bench.breaks(&nginx);
    bench.pass(9);
    assert_eq!(bench.core.state().incidents().last_id(), 0, "the hold time begins anew");
}

#[test]
fn a_fault_that_is_gone_when_looked_at_anew_clears_by_itself() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.shows.insert(nginx.clone(), Verdict::DoesNotHold);
    bench.pass(10);
    assert_eq!(bench.outcomes(), [Outcome::SelfCleared]);
    assert!(bench.started.is_empty());
    assert_eq!(bench.core.rates().hour.self_cleared, 1);
    assert_eq!(bench.core.rates().hour.coverage.whole, 0);
}

#[test]
fn readings_from_before_the_empty_scope_verify_nothing() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.verifier(&nginx, Verdict::Holds);
    bench.pass(1);
    bench.ends(true);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Verifying { .. })));
}

#[test]
fn a_soak_that_breaks_is_not_verified_and_the_gate_is_asked_again() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.ends(true);
    bench.verifier(&nginx, Verdict::Holds);
    bench.pass(5);
    bench.verifier(&nginx, Verdict::DoesNotHold);
    assert_eq!(bench.started.len(), 2);
}

#[test]
fn a_relapse_within_the_hour_takes_the_healing_back() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.heals(&nginx);
    assert_eq!(bench.core.rates().hour.auto_fix.part, 1);
    bench.pass(600);
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(bench.events(|event| matches!(event, Event::Relapsed { .. }).then_some(())).len(), 1);
    assert_eq!(bench.core.rates().hour.auto_fix.part, 0);
}

#[test]
fn a_fault_that_a_healing_left_behind_is_a_new_incident() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.ends(true);
    bench.pass(1);
    bench.verifier(&nginx, Verdict::Holds);
    bench.pass(15);
    assert!(matches!(bench.outcomes()[..], [Outcome::Healed { .. }]));
    bench.pass(10);
    assert_eq!(bench.core.state().incidents().last_id(), 2, "the detector still held when looked at anew");
}

#[test]
fn a_playbook_that_is_gone_supersedes_its_incident() {
    let book = playbook("nginx");
    let nginx = key(&book);
    let mut bench = Bench::with(vec![bound(book, ArmingPolicy::ShadowUntilArmed)]);
    bench.breaks(&nginx);
    bench.pass(10);
    bench.load(Vec::new());
    assert_eq!(bench.outcomes(), [Outcome::Superseded]);
    assert!(bench.watches.is_empty());
}
