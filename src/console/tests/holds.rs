//! Pauses, maintenance windows, snoozes and breakers, by strings of keys.

use jiff::SignedDuration;

use super::super::fixture;
use super::super::model::Overlay;
use super::super::update::ConsoleInput;
use super::keys::Desk;
use crate::console::keys::InputMode;
use crate::core::{Command, MaintenanceId, Scope};
use crate::engine::Snapshot;
use crate::engine::snapshot::MaintenanceView;
use crate::engine::standalone::dry_run::Rehearsal;
use crate::playbook::value::Period;

fn desk() -> Desk {
    Desk::new(fixture::trouble())
}

/// A window that begins so many seconds from now; with none left, it is on.
pub fn planned(seconds: i64) -> Snapshot {
    let mut snapshot = fixture::trouble();
    snapshot.maintenance.push(MaintenanceView {
        id: MaintenanceId(3),
        scope: Scope::Host,
        from: snapshot.now.wall + SignedDuration::from_secs(seconds),
        length_ms: 7_200_000,
        until: (seconds <= 0).then(|| snapshot.now.mono + std::time::Duration::from_mins(41)),
        by: fixture::alice(),
        reason: "new kernel".into(),
    });
    snapshot
}

#[test]
fn maintenance_is_planned_with_a_moment_as_people_write_it() {
    let now = fixture::trouble().now.wall;
    let desk = desk().keys("win 2h\t2\tnew kernel\r");
    let command = Command::Schedule {
        scope: Scope::Host,
        from: now + SignedDuration::from_hours(2),
        length: Period::from_secs(7200),
        reason: "new kernel".into(),
    };
    assert_eq!(desk.commands(), [&command]);
}

#[test]
fn a_moment_that_is_none_keeps_the_form_open_and_says_the_right_form() {
    let desk = desk().keys("wsometime\r");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    assert!(desk.said().starts_with("\"sometime\" is no moment: write 22:00"), "{}", desk.said());
    assert_eq!(desk.model.place(), InputMode::Form);
    let mended = desk.keys("\x1522:00\r");
    assert!(matches!(mended.commands()[..], [Command::Schedule { .. }]));
}

#[test]
fn what_was_typed_is_told_as_the_moment_it_means() {
    let desk = desk().keys("wtomorrow 02:00");
    let Some(Overlay::Form(form)) = &desk.model.overlay else { panic!("the form") };
    let told = form.fields.iter().find_map(|field| match &field.value {
        super::super::form::Value::Moment { means, .. } => Some(means.as_str()),
        _ => None,
    });
    assert_eq!(told, Some("Tue 2026-11-24 02:00:00, in 11h"));
}

#[test]
fn letters_jump_among_choices() {
    let scope = Scope::Playbook("http-down".into());
    let desk = desk().keys("phh\t2\r");
    assert!(
        matches!(desk.commands()[..], [Command::Pause { scope: chosen, length: Some(length), .. }] if *chosen == scope && *length == Period::from_secs(7200))
    );
}

#[test]
fn each_thing_that_is_held_back_can_be_ended_where_it_is_listed() {
    let mut snapshot = planned(1200);
    snapshot.pauses = fixture::paused().pauses;
    let snooze = snapshot.snoozes[0].key.clone();
    let end = |keys: &str| Desk::new(snapshot.clone()).keys(keys).commands().into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(end("W\ry"), [Command::Resume { scope: Scope::Host }]);
    assert_eq!(end("Wj\ry"), [Command::Unschedule { window: MaintenanceId(3) }]);
    assert_eq!(end("Wjj\ry"), [Command::Unsnooze { key: snooze.clone() }]);
    assert_eq!(end("Wjjsy"), [Command::Unsnooze { key: snooze }], "the key that began it ends it");
    assert_eq!(end("Wjj\r\x1b\x1b"), []);
}

#[test]
fn a_window_that_is_on_is_ended_like_a_pause() {
    assert_eq!(Desk::new(planned(0)).keys("Ry").commands(), [&Command::Unschedule { window: MaintenanceId(3) }]);
    assert_eq!(Desk::new(planned(1200)).keys("R").said(), "nothing is paused");
}

#[test]
fn an_open_breaker_can_be_latched_and_the_word_that_confirms_follows_the_choice() {
    let mailer = fixture::trouble().incidents[2].key.clone();
    let desk = desk().keys("3bbad disk\t\x1b[C\treset\r");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    let latched = desk.keys("\x15latch\r");
    assert_eq!(latched.commands(), [&Command::LatchBreaker { key: mailer, reason: "bad disk".into() }]);
}

#[test]
fn a_plan_that_does_not_fit_is_read_to_its_end_before_it_is_run() {
    let key = fixture::trouble().incidents[0].key.clone();
    let rungs = (1..9).map(|rung| Err(format!("rung {rung} cannot be planned"))).collect();
    let (target, gate) = (key.target.clone(), "allowed".to_owned());
    let here = Rehearsal::Here { target, detector: Vec::new(), verifier: Vec::new(), rungs, gate };
    let mut desk = desk().keys("r");
    desk.input(ConsoleInput::Resize(40, 10));
    desk.input(ConsoleInput::Looked { key: key.clone(), looked: Ok(vec![here]) });
    desk.input(ConsoleInput::Drawn);
    let desk = desk.keys(" gy");
    assert_eq!(desk.commands(), [] as [&Command; 0]);
    assert_eq!(desk.said(), "the plan continues below: read it to the end first (PgDn)");
    assert_eq!(desk.keys("     y").commands(), [&Command::RunNow { key }]);
}
