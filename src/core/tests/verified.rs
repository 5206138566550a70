//! Healed means verified: what was attempted or called ends by its verifier, after its soak, and in no other way.

use super::bench::{Bench, bound, key, playbook};
use crate::core::detector::reading::{UnitRun, Verdict};
use crate::core::event::Event;
use crate::core::incident::{BreakerState, Cause, Trip};
use crate::core::machine::input::ArmingPolicy;
use crate::core::plan::{StepReport, StepResult};
use crate::core::{Command, Key, Outcome, Phase};
use crate::playbook::check::{Check, FilesystemCheck};
use crate::playbook::value::Period;

fn causes(bench: &Bench) -> Vec<Cause> {
    bench.events(|event| match event {
        Event::Escalated { cause, .. } => Some(cause.clone()),
        _ => None,
    })
}

/// It was restarted, is active, and serves errors: the detector is content, the verifier is not.
fn active_but_wrong() -> (Bench, Key) {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.ends(true);
    bench.verifies.insert(nginx.clone(), Verdict::DoesNotHold);
    bench.clears(&nginx);
    bench.verifier(&nginx, Verdict::DoesNotHold);
    (bench, nginx)
}

#[test]
fn a_failing_verifier_counts_as_the_fault_after_an_attempt_until_the_budget_is_spent_and_a_human_called() {
    let (mut bench, nginx) = active_but_wrong();
    bench.pass(60);
    assert_eq!((bench.started.len(), bench.outcomes().len()), (2, 0), "the next rung, though the detector is clear");
    bench.fails();
    assert_eq!((bench.started.len(), bench.pages()), (3, 0), "no page before the last attempt is judged");
    bench.fails();
    assert_eq!(
        causes(&bench),
        [Cause::BreakerOpened { attempts: 3, window_ms: 600_000, trip: Trip::NotVerified { failed: 3 } }]
    );
    assert_eq!(causes(&bench)[0].to_string(), "3 of 3 attempts not verified");
    bench.pass(600);
    assert_eq!((bench.started.len(), bench.outcomes().len()), (3, 0), "still serving errors");
    bench.verifier(&nginx, Verdict::Holds);
    bench.pass(14);
    assert_eq!(bench.outcomes(), []);
    bench.pass(1);
    assert_eq!((bench.outcomes(), bench.resolves()), (vec![Outcome::EscalatedThenCleared], 1));
    assert!(bench.watches.iter().all(|watch| watch.role == crate::core::CheckRole::Detector));
}

#[test]
fn a_verifier_that_comes_to_hold_late_ends_it_after_its_soak_without_another_attempt() {
    let (mut bench, nginx) = active_but_wrong();
    bench.verifies.insert(nginx.clone(), Verdict::Holds);
    bench.pass(60);
    assert_eq!(bench.started.len(), 1, "the deadline passed, yet nothing is wrong any more");
    bench.pass(14);
    assert_eq!(bench.outcomes(), []);
    bench.pass(1);
    assert_eq!((bench.outcomes(), bench.pages()), (vec![Outcome::ClearedUnverified], 0));
}

#[test]
fn what_breaks_again_while_it_recovers_goes_on_to_the_next_attempt() {
    for by_verifier in [true, false] {
        let (mut bench, nginx) = active_but_wrong();
        bench.verifies.insert(nginx.clone(), Verdict::Holds);
        bench.pass(65);
        if by_verifier {
            bench.verifies.insert(nginx.clone(), Verdict::DoesNotHold);
            bench.verifier(&nginx, Verdict::DoesNotHold);
        } else {
            bench.breaks(&nginx);
        }
        assert_eq!((bench.started.len(), bench.outcomes()), (2, Vec::new()));
    }
}

#[test]
fn one_figure_between_its_two_limits_is_one_page_and_no_further_attempt() {
    let used =
        |bound: &str| Check::Filesystem(FilesystemCheck { used: bound.parse().ok(), ..FilesystemCheck::default() });
    let mut book = playbook("disk");
    book.detect.checks = vec![used("> 85%")];
    book.verify.checks = vec![used("< 80%")];
    let (mut bench, disk) = Bench::one(book);
    bench.breaks(&disk);
    bench.pass(10);
    bench.ends(true);
    bench.verifies.insert(disk.clone(), Verdict::DoesNotHold);
    bench.clears(&disk);
    bench.verifier(&disk, Verdict::DoesNotHold);
    bench.pass(600);
    assert_eq!(bench.started.len(), 1);
    assert_eq!(causes(&bench), [Cause::DeadBand { seen: "seen".into() }]);
    bench.breaks(&disk);
    assert_eq!(bench.started.len(), 2, "past the first limit again it is a fault again");
    bench.heals(&disk);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
}

#[test]
fn a_blink_resolves_no_page_and_what_has_no_soak_has_one_of_half_a_minute() {
    let mut book = playbook("disk");
    book.remediate.clear();
    book.verify.soak = Period::from_secs(0);
    let (mut bench, disk) = Bench::one(book);
    bench.breaks(&disk);
    bench.pass(10);
    assert_eq!(causes(&bench), [Cause::NoRemediation]);
    for _ in 0..3 {
        bench.clears(&disk);
        bench.verifier(&disk, Verdict::Holds);
        bench.pass(29);
        bench.breaks(&disk);
        bench.verifier(&disk, Verdict::DoesNotHold);
        bench.pass(5);
    }
    assert_eq!((bench.pages(), bench.resolves()), (1, 0));
    bench.clears(&disk);
    bench.pass(60);
    assert_eq!(bench.resolves(), 0, "the detector alone does not end it");
    bench.verifier(&disk, Verdict::Holds);
    bench.pass(30);
    assert_eq!((bench.pages(), bench.resolves()), (1, 1));
}

#[test]
fn unknown_neither_breaks_nor_completes_a_recovery() {
    let mut book = playbook("disk");
    book.remediate.clear();
    let (mut bench, disk) = Bench::one(book);
    bench.breaks(&disk);
    bench.pass(10);
    bench.clears(&disk);
    bench.verifier(&disk, Verdict::Holds);
    bench.pass(5);
    bench.verifier(&disk, Verdict::Unknown("timed out".into()));
    bench.pass(60);
    assert_eq!(bench.outcomes(), []);
    bench.verifier(&disk, Verdict::Holds);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
}

/// Three attempts that each helped, within the window.
fn fixed_thrice() -> (Bench, Key) {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    for _ in 0..3 {
        bench.breaks(&nginx);
        bench.pass(10);
        bench.heals(&nginx);
    }
    (bench, nginx)
}

#[test]
fn a_fix_that_helped_too_often_calls_once_it_is_verified_and_stays_open_until_the_cooldown_ends() {
    let (mut bench, nginx) = fixed_thrice();
    assert_eq!(bench.outcomes().len(), 2, "the third stays open");
    let trip = Trip::Fixed { times: 3 };
    assert_eq!(causes(&bench), [Cause::BreakerOpened { attempts: 3, window_ms: 600_000, trip }]);
    assert_eq!(causes(&bench)[0].to_string(), "fixed 3 times in 10m: automation stopped, find the cause");
    assert!(bench.core.state().locks().is_empty(), "nobody else waits for it");
    bench.pass(1000);
    assert_eq!((bench.outcomes().len(), bench.resolves()), (2, 0));
    bench.restart();
    bench.clears(&nginx);
    bench.pass(1);
    bench.verifier(&nginx, Verdict::Holds);
    bench.pass(900);
    assert_eq!((bench.outcomes().last(), bench.resolves()), (Some(&Outcome::EscalatedThenCleared), 1));
    assert_eq!(bench.started.len(), 3, "and nothing was tried for it");
}

#[test]
fn a_fix_that_helped_once_calls_nobody_although_it_was_the_only_one_allowed() {
    let mut once = playbook("nginx");
    once.escalate.attempts = 1;
    let (mut bench, nginx) = Bench::one(once);
    bench.breaks(&nginx);
    bench.pass(10);
    bench.heals(&nginx);
    assert!(matches!(bench.outcomes()[..], [Outcome::Healed { .. }]), "{:?}", bench.outcomes());
    assert_eq!(bench.pages(), 0);
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!((bench.started.len(), bench.pages()), (1, 1), "it comes back to an open breaker: a human is called");
}

#[test]
fn a_reset_ends_the_page_of_a_fix_that_helped_too_often() {
    let (mut bench, nginx) = fixed_thrice();
    bench.pass(60);
    bench.asks(Command::ResetBreaker { key: nginx.clone(), reason: "found it".into() });
    assert_eq!((bench.outcomes().len(), bench.resolves(), bench.started.len()), (3, 1, 3));
}

#[test]
fn what_fails_again_under_that_page_is_the_same_incident_and_is_probed_when_the_cooldown_ends() {
    let (mut bench, nginx) = fixed_thrice();
    bench.pass(60);
    bench.breaks(&nginx);
    bench.verifier(&nginx, Verdict::DoesNotHold);
    bench.pass(60);
    assert_eq!((bench.pages(), bench.core.state().incidents().last_id(), bench.started.len()), (1, 3, 3));
    bench.pass(1800);
    assert_eq!((bench.started.len(), bench.outcomes().len()), (4, 2));
}

#[test]
fn an_operators_latch_during_an_attempt_is_no_spent_budget() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.asks(Command::LatchBreaker { key: nginx.clone(), reason: "by me".into() });
    bench.heals(&nginx);
    assert!(matches!(bench.outcomes()[..], [Outcome::Healed { .. }]));
    assert_eq!(bench.pages(), 0);
}

#[test]
fn the_page_says_what_happened_of_a_probe_and_of_a_breaker_that_was_open_before() {
    let mut book = playbook("nginx");
    book.escalate.attempts = 1;
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10);
    bench.fails();
    assert_eq!(causes(&bench)[0].to_string(), "1 of 1 attempts not verified");
    bench.recovers(&nginx);
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(causes(&bench)[1].to_string(), "the breaker is open: nothing was attempted");
    bench.recovers(&nginx);
    bench.pass(1800);
    assert!(matches!(bench.core.state().breakers().state(&nginx).unwrap(), BreakerState::HalfOpen { .. }));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.fails();
    assert_eq!(causes(&bench)[2].to_string(), "the breaker's probe was not verified: it is open again");
}

#[test]
fn the_verifiers_readings_stay_known_after_it_has_failed() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.hold_surveys = true;
    bench.ends(true);
    bench.verifier(&nginx, Verdict::DoesNotHold);
    bench.pass(60);
    let id = bench.open_id(&nginx);
    assert!(matches!(bench.core.verifier_readings(id), [Some(_)]));
}

#[test]
fn a_run_by_hand_in_shadow_that_does_not_verify_stays_open_until_it_does() {
    let book = playbook("nginx");
    let nginx = key(&book);
    let mut bench = Bench::with(vec![bound(book, ArmingPolicy::ShadowUntilArmed)]);
    bench.asks(Command::RunNow { key: nginx.clone() });
    bench.verifies.insert(nginx.clone(), Verdict::DoesNotHold);
    bench.fails();
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(_))), "{:?}", bench.phase(&nginx));
    bench.recovers(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::ClearedUnverified]);
}

#[test]
fn what_somebody_else_started_after_the_attempt_was_not_healed_by_it() {
    let started = |restarts| {
        let (mut bench, nginx) = Bench::one(playbook("nginx"));
        bench.breaks(&nginx);
        bench.pass(10);
        let (sentence, result) = ("restart it".into(), StepResult::Done("job done".into()));
        bench.steps = vec![StepReport { sentence, result, output: "".into(), took_ms: 1 }];
        bench.ends(true);
        bench.pass(20);
        bench.unit = Some(UnitRun { restarts: Some(restarts), started: Some(bench.now), ..UnitRun::default() });
        bench.clears(&nginx);
        bench.verifier(&nginx, Verdict::Holds);
        bench.pass(60);
        bench.verifier(&nginx, Verdict::Holds);
        bench.pass(60);
        bench.outcomes()
    };
    assert_eq!(started(0), [Outcome::ClearedUnverified], "an explicit start that was not salve's");
    assert!(matches!(started(1)[..], [Outcome::Healed { .. }]), "systemd's own restart goes on with what salve began");
}
