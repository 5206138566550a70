//! Maintenance windows: they begin by the wall clock, last on the running one, and deny as pauses do.

use jiff::{SignedDuration, Timestamp};

use super::bench::{Bench, alice, playbook};
use crate::core::event::Event;
use crate::core::incident::Denial;
use crate::core::suppression::WindowState;
use crate::core::{Command, Key, MaintenanceId, Mono, Phase, Refusal, Scope};
use crate::playbook::value::Period;

const FIRST: MaintenanceId = MaintenanceId(1);

fn bench() -> (Bench, Key) {
    Bench::one(playbook("nginx"))
}

fn ahead(bench: &Bench, seconds: i64) -> Timestamp {
    bench.wall() + SignedDuration::from_secs(seconds)
}

fn schedule(bench: &mut Bench, seconds: i64, length: u64) -> Option<Result<std::sync::Arc<str>, Refusal>> {
    let (from, length) = (ahead(bench, seconds), Period::from_secs(length));
    bench.asks(Command::Schedule { scope: Scope::Host, from, length, reason: "new kernel".into() })
}

fn held_by_window(bench: &Bench, key: &Key) -> bool {
    matches!(
        bench.phase(key),
        Some(Phase::Held(Denial::Paused { by, reason, until: Some(_), .. })) if by == alice() && &*reason == "new kernel"
    )
}

#[test]
fn a_window_denies_from_its_moment_for_its_length_and_says_why() {
    let (mut bench, nginx) = bench();
    assert!(schedule(&mut bench, 600, 300).is_some_and(|said| said.is_ok()));
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(bench.started.len(), 1, "it has not begun");
    bench.heals(&nginx);
    bench.clears(&nginx);
    bench.pass(560);
    bench.breaks(&nginx);
    bench.pass(60);
    assert!(held_by_window(&bench, &nginx));
    assert_eq!(bench.started.len(), 1);
    bench.pass(300);
    assert_eq!(bench.started.len(), 2, "it is over");
    assert!(bench.core.state().suppressions().maintenance().is_empty());
    assert_eq!(bench.events(|event| matches!(event, Event::MaintenanceEnded { by: None, .. }).then_some(())).len(), 1);
}

#[test]
fn a_moment_within_a_tick_of_the_running_clock_is_reached() {
    let (mut bench, _) = bench();
    // not a whole number of milliseconds ahead, as a wall clock has it
    let from = ahead(&bench, 1) + SignedDuration::from_nanos(300_000);
    let length = Period::from_secs(60);
    bench.asks(Command::Schedule { scope: Scope::Host, from, length, reason: "new kernel".into() });
    bench.pass(1);
    assert!(
        matches!(bench.core.state().suppressions().maintenance().get(FIRST).unwrap().stage, WindowState::Planned),
        "not before its moment"
    );
    bench.pass(1);
    assert!(matches!(
        bench.core.state().suppressions().maintenance().get(FIRST).unwrap().stage,
        WindowState::On { .. }
    ));
}

#[test]
fn it_survives_a_restart_before_and_while_it_is_on() {
    let (mut bench, nginx) = bench();
    schedule(&mut bench, 60, 300);
    bench.restart();
    bench.pass(120);
    assert!(matches!(
        bench.core.state().suppressions().maintenance().get(FIRST).unwrap().stage,
        WindowState::On { .. }
    ));
    bench.restart();
    bench.breaks(&nginx);
    bench.pass(200);
    assert!(bench.started.is_empty());
    bench.pass(60);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn no_change_of_the_wall_clock_ends_one_that_is_on() {
    let (mut bench, nginx) = bench();
    schedule(&mut bench, 0, 300);
    bench.pass(1);
    bench.breaks(&nginx);
    for skew in [86_400, -86_400] {
        bench.skew = SignedDuration::from_secs(skew);
        bench.pass(60);
        assert!(held_by_window(&bench, &nginx), "{skew}");
    }
    bench.pass(200);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn a_clock_that_is_set_back_puts_the_beginning_off_and_one_set_forward_hastens_it() {
    let (mut bench, _) = bench();
    schedule(&mut bench, 60, 300);
    bench.skew = SignedDuration::from_secs(-3600);
    bench.pass(120);
    assert_eq!(bench.core.state().suppressions().maintenance().get(FIRST).unwrap().stage, WindowState::Planned);
    bench.skew = SignedDuration::from_secs(100);
    bench.pass(1);
    // 161 seconds after its beginning by the clock that named it
    let until = bench.now + std::time::Duration::from_secs(300 - 161);
    assert_eq!(bench.core.state().suppressions().maintenance().get(FIRST).unwrap().stage, WindowState::On { until });
}

#[test]
fn one_that_passed_while_nobody_watched_is_over() {
    let (mut bench, _) = bench();
    schedule(&mut bench, 60, 300);
    bench.now = Mono(bench.now.0 + 3_600_000);
    bench.restart();
    assert!(bench.core.state().suppressions().maintenance().is_empty());
    assert!(bench.events(|event| matches!(event, Event::MaintenanceBegan { .. }).then_some(())).is_empty());
}

#[test]
fn it_is_cancelled_before_it_begins_and_ended_while_it_is_on() {
    let (mut bench, nginx) = bench();
    schedule(&mut bench, 60, 300);
    let said = bench.asks(Command::Unschedule { window: FIRST });
    assert_eq!(said, Some(Ok("maintenance #1 of this host is cancelled".into())));
    bench.pass(120);
    schedule(&mut bench, 0, 300);
    bench.breaks(&nginx);
    bench.pass(10);
    assert!(held_by_window(&bench, &nginx));
    let said = bench.asks(Command::Unschedule { window: MaintenanceId(2) });
    assert_eq!(said, Some(Ok("maintenance #2 of this host is ended".into())));
    assert_eq!(bench.started.len(), 1);
    let gone = bench.asks(Command::Unschedule { window: FIRST });
    assert_eq!(gone, Some(Err(Refusal::NoSuchMaintenance(FIRST))));
}

#[test]
fn it_neither_shortens_nor_outlives_a_pause_beside_it() {
    let (mut bench, nginx) = bench();
    schedule(&mut bench, 0, 60);
    bench.asks(Command::Pause { scope: Scope::Host, length: Some(Period::from_secs(300)), reason: "".into() });
    bench.breaks(&nginx);
    bench.pass(100);
    assert!(bench.started.is_empty(), "the pause goes on");
    bench.asks(Command::Resume { scope: Scope::Host });
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let (mut bench, _) = bench();
    for (from, length, why) in [
        (-600, 300, "it has passed already"),
        (60, 0, "it has no length"),
        (400 * 86_400, 60, "it begins more than a year from now"),
        (60, 40 * 86_400, "it is longer than 31 days: pause until resumed instead"),
    ] {
        assert_eq!(schedule(&mut bench, from, length), Some(Err(Refusal::NotScheduled(why.into()))));
    }
    let (from, length) = (ahead(&bench, 60), Period::from_secs(60));
    let scope = Scope::Playbook("apache".into());
    let refused = bench.asks(Command::Schedule { scope, from, length, reason: "".into() });
    assert_eq!(refused, Some(Err(Refusal::NoSuchPlaybook("apache".into()))));
    assert!(bench.core.state().suppressions().maintenance().is_empty());
}

#[test]
fn a_playbooks_window_leaves_the_others_alone() {
    let (nginx, redis) = (playbook("nginx"), playbook("redis"));
    let keys = [super::bench::key(&nginx), super::bench::key(&redis)];
    let standing = crate::core::ArmingPolicy::AsWritten;
    let mut bench = Bench::with(vec![super::bench::bound(nginx, standing), super::bench::bound(redis, standing)]);
    let (from, length) = (bench.wall(), Period::from_secs(60));
    let scope = Scope::Playbook("nginx".into());
    bench.asks(Command::Schedule { scope, from, length, reason: "new kernel".into() });
    bench.breaks(&keys[0]);
    bench.breaks(&keys[1]);
    bench.pass(10);
    assert!(held_by_window(&bench, &keys[0]));
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn windows_are_planned_only_so_many_at_once() {
    let (mut bench, _) = bench();
    for number in 0..100 {
        assert!(schedule(&mut bench, 600 + number, 300).is_some_and(|said| said.is_ok()));
    }
    let refused = schedule(&mut bench, 600, 300).unwrap().unwrap_err().to_string();
    assert!(refused.contains("100 windows are planned already"), "{refused}");
    bench.asks(Command::Unschedule { window: FIRST });
    assert!(schedule(&mut bench, 600, 300).is_some_and(|said| said.is_ok()));
}
