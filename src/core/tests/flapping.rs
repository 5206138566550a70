//! What begins again and again: one incident, one page, never well in between.

use std::time::Duration;

use super::bench::{Bench, bound, key, playbook};
use crate::core::detector::reading::{Reading, UnitRun, Verdict};
use crate::core::event::Event;
use crate::core::id::{CheckRole, WatchId};
use crate::core::incident::Cause;
use crate::core::machine::input::{ArmingPolicy, Input};
use crate::core::{Config, DetectorState, Key, Outcome, Phase};
use crate::playbook::value::Period;
use crate::playbook::{Flapping, Playbook};

/// A playbook whose flapping is watched, with this hold time in seconds.
fn watching(hold: u64) -> Playbook {
    let mut book = playbook("nginx");
    book.detect.flapping = Flapping::Watch;
    book.detect.hold = Period::from_secs(hold);
    book
}

/// One life and death under systemd's own restarts: down for 2 s, up for 3 s.
fn live_and_die(bench: &mut Bench, nginx: &Key, restarts: u32) {
    unit(
        bench,
        nginx,
        Verdict::Holds,
        UnitRun { restarts: Some(restarts), job: false, auto_restart: true, started: None },
    );
    bench.pass(2);
    unit(
        bench,
        nginx,
        Verdict::DoesNotHold,
        UnitRun { restarts: Some(restarts + 1), job: false, auto_restart: false, started: None },
    );
    bench.pass(3);
}

/// A reading of a unit's check.
fn unit(bench: &mut Bench, nginx: &Key, verdict: Verdict, unit: UnitRun) {
    bench.shows.insert(nginx.clone(), verdict.clone());
    bench.unit = Some(unit);
    bench.busy = (unit.auto_restart || unit.job).then(|| "systemd is at work on it".into());
    let reading =
        Reading { verdict, seen: "seen".into(), figure: None, unit: Some(unit), began: bench.now, since: bench.now };
    bench.give(Input::Read { watch: WatchId { key: nginx.clone(), role: CheckRole::Detector, index: 0 }, reading });
}

/// Every attempt ends at once and helps for a moment only.
fn end_attempts(bench: &mut Bench, ended: &mut usize) {
    while *ended < bench.started.len() {
        *ended += 1;
        bench.ends(true);
    }
}

fn incidents(bench: &Bench) -> u64 {
    bench.core.state().incidents().last_id()
}

#[test]
fn a_restart_loop_is_one_incident_and_one_page_whatever_the_hold_time() {
    for hold in [1, 30] {
        let (mut bench, nginx) = Bench::one(watching(hold));
        let (mut ended, mut well) = (0, Vec::new());
        for nth in 0..48 {
            live_and_die(&mut bench, &nginx, nth);
            end_attempts(&mut bench, &mut ended);
            if nth > 8 {
                well.push(bench.core.watched_key(&nginx).expect("it is watched").fault == DetectorState::Clear);
            }
        }
        assert_eq!(incidents(&bench), 1, "for = {hold}s");
        assert_eq!(bench.outcomes(), [], "for = {hold}s: nothing is over");
        assert_eq!(bench.pages(), 1, "for = {hold}s");
        assert!(!well.contains(&true), "for = {hold}s: never well");
        assert!(!bench.started.is_empty(), "for = {hold}s: it was tried");
    }
}

#[test]
fn a_check_that_fails_three_times_of_four_is_one_incident() {
    for hold in [1, 60] {
        let mut book = watching(hold);
        book.remediate.clear();
        let (mut bench, nginx) = Bench::one(book);
        for nth in 0..40 {
            let verdict = if nth % 4 == 3 { Verdict::DoesNotHold } else { Verdict::Holds };
            bench.says(&nginx, verdict);
            bench.pass(5);
        }
        assert_eq!((incidents(&bench), bench.pages(), bench.outcomes().len()), (1, 1, 0), "for = {hold}s");
    }
}

#[test]
fn reloads_spend_nothing_and_a_kill_after_them_is_healed_without_a_question() {
    let (mut bench, nginx) = Bench::one(watching(0));
    for _ in 0..3 {
        // the unit is down for a moment, because somebody asked for that
        unit(
            &mut bench,
            &nginx,
            Verdict::Holds,
            UnitRun { restarts: Some(0), job: true, auto_restart: false, started: None },
        );
        bench.pass(2);
        unit(
            &mut bench,
            &nginx,
            Verdict::DoesNotHold,
            UnitRun { restarts: Some(0), job: false, auto_restart: false, started: None },
        );
        bench.pass(3);
    }
    bench.pass(60);
    let before = bench.started.len();
    unit(&mut bench, &nginx, Verdict::Holds, UnitRun::default());
    assert_eq!(bench.started.len(), before + 1);
    bench.heals(&nginx);
    assert!(matches!(bench.outcomes().last(), Some(Outcome::Healed { .. })));
    assert_eq!(bench.events(|event| matches!(event, Event::Asked { .. } | Event::Flapping { .. }).then_some(())), []);
}

#[test]
fn deaths_that_no_look_saw_are_told_by_the_restart_counter() {
    let (mut bench, nginx) = Bench::one(watching(30));
    for restarts in 0..8 {
        unit(&mut bench, &nginx, Verdict::DoesNotHold, UnitRun { restarts: Some(restarts), ..UnitRun::default() });
        bench.pass(10);
    }
    assert_eq!(incidents(&bench), 1, "it was up at every look");
    assert!(bench.core.flapping(&nginx).is_some_and(|onsets| onsets >= 4));
    let Some(Phase::Firing) = bench.phase(&nginx) else { panic!("{:?}", bench.phase(&nginx)) };
    for restarts in 8..50 {
        unit(&mut bench, &nginx, Verdict::DoesNotHold, UnitRun { restarts: Some(restarts), ..UnitRun::default() });
        bench.pass(10);
    }
    assert!(matches!(bench.phase(&nginx), Some(Phase::Escalated(Cause::Flapping { .. }))), "{:?}", bench.phase(&nginx));
    assert_eq!((incidents(&bench), bench.pages()), (1, 1));
}

#[test]
fn what_has_come_to_rest_ends_after_three_periods() {
    let mut book = watching(1);
    book.remediate.clear();
    let (mut bench, nginx) = Bench::one(book);
    for _ in 0..6 {
        bench.breaks(&nginx);
        bench.pass(25);
        bench.clears(&nginx);
        bench.pass(5);
    }
    bench.pass(50);
    assert_eq!(bench.outcomes(), [], "three periods have not passed since its last onset");
    bench.restart();
    bench.clears(&nginx);
    bench.pass(60);
    assert_eq!(bench.outcomes(), []);
    bench.pass(60);
    bench.verifier(&nginx, Verdict::Holds);
    bench.pass(60);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
    assert_eq!(bench.core.flapping(&nginx), None);
    assert_eq!(bench.resolves(), 1);
}

#[test]
fn an_attempt_on_what_flaps_stays_verified_for_three_periods() {
    let mut book = watching(0);
    book.escalate.attempts = 10;
    let (mut bench, nginx) = Bench::one(book);
    // what was healed before, in the pace of one fault a minute
    for _ in 0..3 {
        bench.breaks(&nginx);
        bench.pass(5);
        bench.heals(&nginx);
        bench.clears(&nginx);
        bench.pass(24);
    }
    assert_eq!(bench.outcomes().len(), 3);
    bench.breaks(&nginx);
    bench.pass(5);
    bench.heals(&nginx);
    assert_eq!(bench.outcomes().len(), 3, "a soak of 15 s is not enough for what fails each minute");
    bench.pass(180);
    assert_eq!(bench.outcomes().len(), 4);
    assert_eq!(bench.core.flapping(&nginx), None);
}

#[test]
fn a_hundred_kills_in_an_hour_are_a_hundred_attempts_where_that_is_allowed() {
    let mut book = watching(0);
    book.detect.flapping = Flapping::Ignore;
    book.escalate.attempts = 101;
    let nginx = key(&book);
    let config = Config { host_attempts: 1000, ..Config::default() };
    let mut bench = Bench::set(config, vec![bound(book, ArmingPolicy::AsWritten)]);
    for _ in 0..100 {
        bench.breaks(&nginx);
        bench.pass(1);
        bench.heals(&nginx);
        bench.clears(&nginx);
        bench.pass(2);
    }
    assert_eq!((bench.started.len(), bench.pages()), (100, 0));
    assert!(bench.outcomes().iter().all(|outcome| matches!(outcome, Outcome::Healed { .. })));
}

#[test]
fn under_an_open_breaker_a_crash_loop_is_one_ticket() {
    let (mut bench, nginx) = Bench::one(watching(2));
    let mut ended = 0;
    for _ in 0..60 {
        bench.breaks(&nginx);
        bench.now = bench.now + Duration::from_millis(4700);
        bench.pass(0);
        end_attempts(&mut bench, &mut ended);
        bench.clears(&nginx);
        bench.verifier(&nginx, Verdict::Holds);
        bench.now = bench.now + Duration::from_millis(300);
        bench.pass(0);
        bench.verifier(&nginx, Verdict::DoesNotHold);
    }
    assert_eq!((bench.pages(), bench.resolves(), bench.outcomes().len()), (1, 0, 0));
}

#[test]
fn a_journal_of_a_former_version_flaps_on_and_comes_to_rest() {
    let text = r#"{"flapping":{"key":{"content":"c","target":{"unit":"nginx.service"}},"flaps":true,"percent":36}}"#;
    let event: Event = serde_json::from_str(text).expect("as it was written");
    assert!(matches!(event, Event::Flapping { onsets: 0, period_ms: 0, percent: 36, .. }));
}
