//! Operators: approvals bound to what was shown, pauses that hold, and refusals that say why.

use std::sync::Arc;

use super::bench::{Bench, alice, bound, digest, key, playbook};
use crate::core::event::Event;
use crate::core::incident::{ApprovalReason, AttemptStarter, Denial};
use crate::core::machine::input::{ArmingPolicy, Input};
use crate::core::{Authority, Command, Config, Operator, Outcome, Phase, Refusal, Scope};
use crate::playbook::value::Period;
use crate::playbook::{Mode, Playbook, Risk};

fn asking() -> (Bench, crate::core::Key) {
    let mut book = playbook("nginx");
    book.mode = Mode::Ask;
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Asking(_))));
    (bench, nginx)
}

#[test]
fn an_approval_is_for_exactly_what_was_shown_and_is_used_once() {
    let (mut bench, nginx) = asking();
    let incident = bench.open_id(&nginx);
    let wrong = bench.asks(Command::Approve { incident, digest: digest("another"), reason: "".into() });
    assert_eq!(wrong, Some(Err(Refusal::PlanChanged)));
    assert!(
        bench
            .asks(Command::Approve { incident, digest: digest("plan"), reason: "".into() })
            .is_some_and(|said| said.is_ok())
    );
    assert_eq!(bench.started.len(), 1);
    let starter = bench.events(|event| match event {
        Event::Intent { starter, .. } => Some(starter.clone()),
        _ => None,
    });
    assert_eq!(starter, [AttemptStarter::Approved { by: alice(), digest: digest("plan") }]);
    bench.fails();
    assert_eq!(bench.started.len(), 1, "the next attempt asks anew");
    assert!(matches!(bench.phase(&nginx), Some(Phase::Asking(request)) if request.generation == 2));
}

#[test]
fn a_plan_that_changed_since_the_yes_is_asked_again() {
    let (mut bench, nginx) = asking();
    let incident = bench.open_id(&nginx);
    bench.plan = Ok("changed");
    assert!(
        bench
            .asks(Command::Approve { incident, digest: digest("plan"), reason: "".into() })
            .is_some_and(|said| said.is_ok())
    );
    assert!(bench.started.is_empty());
    let Some(Phase::Asking(request)) = bench.phase(&nginx) else { panic!("it asks again") };
    assert_eq!(
        (request.generation, request.plan.digest.clone(), request.why),
        (2, digest("changed"), ApprovalReason::Mode)
    );
}

#[test]
fn a_request_is_withdrawn_when_the_fault_clears() {
    let (mut bench, nginx) = asking();
    bench.clears(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::SelfCleared]);
    assert_eq!(bench.events(|event| matches!(event, Event::Withdrawn { .. }).then_some(())).len(), 1);
}

#[test]
fn a_declined_fault_is_left_alone_until_it_has_cleared_once() {
    let (mut bench, nginx) = asking();
    let incident = bench.open_id(&nginx);
    bench.asks(Command::Decline { incident, reason: "known".into() });
    bench.pass(3600);
    bench.breaks(&nginx);
    bench.pass(3600);
    assert_eq!(bench.core.state().incidents().last_id(), 1);
    bench.clears(&nginx);
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(bench.core.state().incidents().last_id(), 2);
}

#[test]
fn silence_expires_and_calls_a_human_once() {
    let (mut bench, nginx) = asking();
    bench.pass(15 * 60);
    assert_eq!(bench.pages(), 1);
    bench.recovers(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::Expired]);
    assert_eq!(bench.resolves(), 1);
}

#[test]
fn after_a_pause_no_attempt_starts_until_it_ends_and_it_survives_a_restart() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    let length = Some(Period::from_secs(600));
    let said = bench.asks(Command::Pause { scope: Scope::Host, length, reason: "patching".into() });
    assert!(said.is_some_and(|said| said.is_ok()));
    bench.breaks(&nginx);
    bench.pass(60);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::Paused { .. }))));
    bench.restart();
    bench.breaks(&nginx);
    bench.pass(500);
    assert!(bench.started.is_empty());
    bench.pass(60);
    assert_eq!(bench.started.len(), 1, "its time ended it");
    assert_eq!(bench.events(|event| matches!(event, Event::Resumed { .. }).then_some(())).len(), 1);
}

#[test]
fn a_snooze_keeps_still_and_ends() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    let length = Period::from_secs(300);
    bench.asks(Command::Snooze { key: nginx.clone(), length, reason: "known".into() });
    bench.breaks(&nginx);
    bench.pass(299);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::Snoozed { .. }))));
    bench.pass(1);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn shadow_records_what_it_would_have_done_and_arming_lets_it_act() {
    let book = playbook("nginx");
    let nginx = key(&book);
    let mut bench = Bench::with(vec![bound(book, ArmingPolicy::ShadowUntilArmed)]);
    bench.breaks(&nginx);
    bench.pass(600);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::Shadow))));
    assert_eq!(bench.events(|event| matches!(event, Event::ShadowPlan { .. }).then_some(())).len(), 1);
    assert_eq!((bench.started.len(), bench.pages()), (0, 0));
    assert!(bench.asks(Command::Arm { playbook: "nginx".into() }).is_some_and(|said| said.is_ok()));
    assert_eq!(bench.started.len(), 1);
    assert_eq!(bench.core.mode_in_force(&nginx), Mode::Auto);
    assert!(bench.asks(Command::Disarm { playbook: "nginx".into() }).is_some_and(|said| said.is_ok()));
    assert_eq!(bench.core.mode_in_force(&nginx), Mode::Shadow);
}

#[test]
fn a_first_live_attempt_asks_and_the_second_does_not() {
    let book = playbook("nginx");
    let nginx = key(&book);
    let mut bench = Bench::with(vec![bound(book, ArmingPolicy::AsksFirst)]);
    bench.breaks(&nginx);
    bench.pass(10);
    let Some(Phase::Asking(request)) = bench.phase(&nginx) else { panic!("it asks") };
    assert_eq!(request.why, ApprovalReason::FirstLiveAttempt);
    let incident = bench.open_id(&nginx);
    bench.asks(Command::Approve { incident, digest: digest("plan"), reason: "".into() });
    bench.fails();
    assert_eq!(bench.started.len(), 2);
}

#[test]
fn a_run_by_hand_goes_through_the_gate() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.clears(&nginx);
    bench.busy = Some("a restart job".into());
    let said = bench.asks(Command::RunNow { key: nginx.clone() });
    assert!(matches!(said, Some(Err(Refusal::Denied(_)))), "{said:?}");
    assert!(matches!(bench.outcomes()[..], [Outcome::ClosedByOperator { .. }]));
    bench.busy = None;
    assert!(bench.asks(Command::RunNow { key: nginx.clone() }).is_some_and(|said| said.is_ok()));
    let id = bench.open_id(&nginx);
    assert_eq!(bench.asks(Command::RunNow { key: nginx.clone() }), Some(Err(Refusal::AlreadyOpen(id))));
    bench.heals(&nginx);
    assert!(matches!(bench.outcomes().last(), Some(Outcome::Healed { .. })));
    assert_eq!(bench.core.rates().hour.auto_fix.whole, 0);
}

#[test]
fn what_cannot_be_recorded_is_not_done() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.give(Input::Recording(Err("disk full".into())));
    bench.breaks(&nginx);
    bench.pass(60);
    assert!(bench.started.is_empty());
    let said = bench.asks(Command::Resume { scope: Scope::Host });
    assert_eq!(said, Some(Err(Refusal::CannotRecord(Arc::from("disk full")))));
    bench.give(Input::Recording(Ok(())));
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn a_risky_run_by_hand_needs_a_yes_even_where_nothing_is_broken() {
    let mut book = playbook("nginx");
    book.risk = crate::playbook::Risk::High;
    book.mode = Mode::Ask;
    let (mut bench, nginx) = Bench::one(book);
    bench.clears(&nginx);
    assert!(bench.asks(Command::RunNow { key: nginx.clone() }).is_some_and(|said| said.is_ok()));
    assert!(bench.started.is_empty());
    let incident = bench.open_id(&nginx);
    bench.asks(Command::Approve { incident, digest: digest("plan"), reason: "".into() });
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn a_yes_does_not_outlive_the_boot() {
    let (mut bench, nginx) = asking();
    bench.give(Input::Started {
        version: "0".into(),
        boot_id: "another".into(),
        booted: bench.now,
        watched_until: None,
    });
    assert!(!matches!(bench.phase(&nginx), Some(Phase::Asking(_))));
}

#[test]
fn a_probe_that_is_closed_by_hand_was_not_a_healing() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    for _ in 0..3 {
        bench.fails();
    }
    bench.pass(1800);
    bench.ends(true);
    let incident = bench.open_id(&nginx);
    assert!(bench.asks(Command::Close { incident, reason: "mended".into() }).is_some_and(|said| said.is_ok()));
    assert_eq!(bench.core.state().breakers().state(&nginx).unwrap().word(), "open");
}

#[test]
fn a_risky_run_by_hand_on_an_expired_request_asks_anew_and_ends_when_the_fault_clears() {
    let mut book = playbook("nginx");
    book.risk = crate::playbook::Risk::High;
    book.mode = Mode::Ask;
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10 + 15 * 60);
    assert!(bench.asks(Command::RunNow { key: nginx.clone() }).is_some_and(|said| said.is_ok()));
    assert!(matches!(bench.phase(&nginx), Some(Phase::Asking(request)) if request.generation == 2));
    bench.recovers(&nginx);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
}

#[test]
fn a_request_that_nobody_answers_is_withdrawn_where_no_page_goes_out() {
    let mut book = playbook("nginx");
    book.mode = Mode::Shadow;
    book.risk = Risk::High;
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10);
    bench.asks(Command::RunNow { key: nginx.clone() });
    assert!(matches!(bench.phase(&nginx), Some(Phase::Asking(_))));
    bench.pass(15 * 60);
    assert_eq!(bench.events(|event| matches!(event, Event::Withdrawn { .. }).then_some(())).len(), 1);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::Shadow))));
    assert_eq!(bench.pages(), 0);
}

#[test]
fn a_risky_run_by_hand_is_above_shadow_once_it_has_its_yes() {
    let mut book = playbook("nginx");
    book.risk = crate::playbook::Risk::High;
    book.mode = Mode::Ask;
    let nginx = key(&book);
    let mut bench = Bench::with(vec![bound(book, ArmingPolicy::ShadowUntilArmed)]);
    bench.clears(&nginx);
    bench.asks(Command::RunNow { key: nginx.clone() });
    let incident = bench.open_id(&nginx);
    bench.asks(Command::Approve { incident, digest: digest("plan"), reason: "".into() });
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn a_run_by_hand_beside_a_yes_to_another_plan_is_answered_and_runs() {
    let (mut bench, nginx) = asking();
    bench.hold_surveys = true;
    let incident = bench.open_id(&nginx);
    bench.asks(Command::Approve { incident, digest: digest("plan"), reason: "".into() });
    bench.hold_surveys = false;
    bench.plan = Ok("another plan");
    let said = bench.asks(Command::RunNow { key: nginx.clone() });
    assert!(said.is_some_and(|said| said.is_ok()));
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn a_pause_of_a_name_ends_with_the_name() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    let scope = Scope::Playbook(Arc::from("nginx"));
    bench.asks(Command::Pause { scope, length: None, reason: "so".into() });
    bench.breaks(&nginx);
    bench.pass(60);
    assert!(bench.started.is_empty());
    let mut renamed = bound(playbook("nginx"), ArmingPolicy::AsWritten);
    Arc::make_mut(&mut renamed.playbook).name = "web".into();
    bench.load(vec![renamed]);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn high_risk_needs_two_people_where_that_is_set() {
    let mut book = playbook("nginx");
    (book.mode, book.risk) = (Mode::Ask, Risk::High);
    let nginx = key(&book);
    let config = Config { four_eyes: true, ..Config::default() };
    let mut bench = Bench::set(config, vec![bound(book, ArmingPolicy::AsWritten)]);
    bench.breaks(&nginx);
    bench.pass(10);
    let incident = bench.open_id(&nginx);
    let yes = || Command::Approve { incident, digest: digest("plan"), reason: "seen".into() };
    let said = bench.asks(yes()).unwrap().unwrap();
    assert!(said.contains("first of two"), "{said}");
    let first = |phase: Option<Phase>| match phase {
        Some(Phase::Asking(request)) => request.first,
        _ => None,
    };
    assert_eq!(first(bench.phase(&nginx)), Some(alice()));
    assert_eq!(bench.asks(yes()), Some(Err(Refusal::SecondPerson)));
    assert!(bench.started.is_empty());
    // the first yes outlives a restart, and a person is a uid whatever they call themselves
    bench.restart();
    let renamed = Operator { name: "mallory".into(), ..alice() };
    assert_eq!(bench.asks_as(renamed, yes()), Some(Err(Refusal::SecondPerson)));
    // sudo makes nobody another person
    let through_sudo = Operator { uid: 0, name: "root".into(), login_uid: Some(1000), ..Operator::default() };
    assert_eq!(bench.asks_as(through_sudo, yes()), Some(Err(Refusal::SecondPerson)));
    let bob = Operator { uid: 1001, name: "bob".into(), ..Operator::default() };
    assert!(bench.asks_as(bob, yes()).is_some_and(|said| said.is_ok()));
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn a_person_is_who_logged_in_where_that_is_known() {
    let operator = |uid, login_uid| Operator { uid, login_uid, ..Operator::default() };
    let one_person = [
        (operator(1000, None), operator(1000, Some(1000))),
        (operator(1000, Some(1000)), operator(0, Some(1000))),
        (operator(0, Some(1000)), operator(1001, Some(1000))),
        // root who came from nowhere may be anybody who is root
        (operator(0, None), operator(0, Some(1000))),
        (operator(0, None), operator(0, None)),
    ];
    let two_people = [
        (operator(1000, None), operator(1001, None)),
        (operator(0, Some(1000)), operator(0, Some(1001))),
        (operator(1000, Some(1000)), operator(1000, Some(1001))),
    ];
    for (one, other) in one_person {
        assert!(one.may_be(&other) && other.may_be(&one), "{one:?} {other:?}");
    }
    for (one, other) in two_people {
        assert!(!one.may_be(&other) && !other.may_be(&one), "{one:?} {other:?}");
    }
}

#[test]
fn an_ordinary_users_engine_arms_nothing_that_only_root_can_carry_out() {
    let book = playbook("nginx");
    assert!(book.needs_root(), "it restarts a unit");
    let config = Config { is_root: false, ..Config::default() };
    let mut bench = Bench::set(config, vec![bound(book, ArmingPolicy::ShadowUntilArmed)]);
    let said = bench.asks(Command::Arm { playbook: "nginx".into() });
    assert_eq!(said, Some(Err(Refusal::NeedsRoot("nginx".into()))));
    assert!(bench.asks(Command::Disarm { playbook: "nginx".into() }).is_some_and(|said| said.is_ok()));
}

#[test]
fn what_nobody_armed_is_run_by_hand_only_by_who_may_arm() {
    let written = |mode| Playbook { mode, ..playbook("nginx") };
    for (book, standing, armed) in [
        (written(Mode::Auto), ArmingPolicy::AsWritten, true),
        (written(Mode::Ask), ArmingPolicy::AsWritten, true),
        (written(Mode::Shadow), ArmingPolicy::AsWritten, false),
        (written(Mode::Auto), ArmingPolicy::ShadowUntilArmed, false),
        (written(Mode::Auto), ArmingPolicy::AsksFirst, false),
    ] {
        let nginx = key(&book);
        let mut bench = Bench::with(vec![bound(book, standing)]);
        bench.clears(&nginx);
        let run = || Command::RunNow { key: nginx.clone() };
        let said = bench.asks_with(alice(), Authority::RunArmed, run()).unwrap();
        assert_eq!((said.is_ok(), bench.started.len()), (armed, usize::from(armed)), "{standing:?}: {said:?}");
        if !armed {
            assert!(said.unwrap_err().to_string().contains("right to admin, because this playbook is not armed"));
            assert_eq!(bench.asks_with(alice(), Authority::Arm, run()).map(|said| said.is_ok()), Some(true));
        }
    }
}

#[test]
fn a_long_reason_is_recorded_short() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    let reason: crate::core::Reason = "x".repeat(255_000).into();
    let length = Some(Period::from_secs(60));
    bench.asks(Command::Pause { scope: Scope::Host, length, reason: reason.clone() });
    bench.asks(Command::Snooze { key: nginx.clone(), length: Period::from_secs(60), reason: reason.clone() });
    bench.asks(Command::LatchBreaker { key: nginx, reason });
    bench.give(Input::Note { about: "y".repeat(9000).into(), text: "z".repeat(90_000).into() });
    let lengths = bench.journal.iter().map(|recorded| serde_json::to_vec(&recorded.event).unwrap().len());
    assert!(lengths.max() < Some(4000));
}
