//! What cannot be seen.

use super::bench::{Bench, playbook};
use crate::core::incident::Cause;
use crate::core::reading::Verdict;
use crate::core::{Outcome, Phase};

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
    bench.clears(&nginx);
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
    assert_eq!(bench.core.state().last.incident, 0, "not opened while it cannot be seen");
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
