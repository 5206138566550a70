//! Several playbooks of one target, and remedies that break each other's targets.

use std::sync::Arc;

use super::bench::{Bench, bound, key, playbook};
use crate::core::command::Scope;
use crate::core::detector::reading::Verdict;
use crate::core::event::Event;
use crate::core::gate::denial_bounds::DenialBound;
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::incident::{Cause, Denial};
use crate::core::machine::input::{ArmingPolicy, Binding, Resolution};
use crate::core::{Command, Mono, Outcome, Phase};
use crate::playbook::{Mode, Need, Playbook, Target};

/// Another playbook for the unit of `nginx`.
fn beside(name: &str) -> (Binding, Key) {
    let book = playbook(name);
    let target = key(&playbook("nginx")).target;
    let key = Key { content: book.content.clone(), target: target.clone() };
    (Binding::new(Arc::new(book), Resolution::Here(target), ArmingPolicy::AsWritten), key)
}

fn pair() -> (Bench, Key, Key) {
    let nginx = playbook("nginx");
    let (other, serves) = beside("serves");
    let up = key(&nginx);
    (Bench::with(vec![bound(nginx, ArmingPolicy::AsWritten), other]), up, serves)
}

/// Lets so many attempts fail, or as many as there are.
fn fail(bench: &mut Bench, times: usize) {
    for _ in 0..times {
        bench.fails();
    }
}

/// Both playbooks of one unit see it broken.
fn broken_pair() -> (Bench, Key, Key) {
    let (mut bench, up, serves) = pair();
    bench.breaks(&up);
    bench.breaks(&serves);
    bench.pass(10);
    (bench, up, serves)
}

fn causes(bench: &Bench) -> Vec<Cause> {
    bench.events(|event| match event {
        Event::Escalated { cause, .. } | Event::Joined { cause, .. } => Some(cause.clone()),
        _ => None,
    })
}

#[test]
fn two_playbooks_of_one_target_share_its_budget_and_call_once_and_the_last_incident_resolves() {
    let (mut bench, up, serves) = broken_pair();
    for _ in 0..5 {
        if bench.started.len() < 3 {
            bench.fails();
        }
    }
    bench.fails();
    bench.pass(60);
    assert_eq!(bench.started.len(), 3, "three attempts on one unit, not three of each");
    assert_eq!(causes(&bench).len(), 2, "{:?}", causes(&bench));
    assert_eq!(bench.pages(), 1);
    let calls: Vec<_> = bench.core.state().escalations().calls().map(|call| Arc::clone(&call.dedup)).collect();
    assert_eq!(calls.len(), 1);
    bench.restart();
    bench.breaks(&up);
    bench.breaks(&serves);
    assert_eq!(bench.pages(), 1);
    bench.recovers(&up);
    assert_eq!((bench.outcomes().len(), bench.resolves()), (1, 0), "the other one stands under the call still");
    bench.recovers(&serves);
    assert_eq!((bench.outcomes().len(), bench.resolves()), (2, 1));
    assert!(bench.core.state().escalations().calls().next().is_none());
}

#[test]
fn one_acknowledgement_is_of_all_that_stand_under_the_call() {
    let (mut bench, up, serves) = broken_pair();
    fail(&mut bench, 4);
    let (first, second) = (bench.open_id(&up), bench.open_id(&serves));
    bench.asks(Command::Acknowledge { incident: second });
    for id in [first, second] {
        assert!(bench.core.find(id).is_some_and(|incident| incident.acknowledged.is_some()), "{id}");
    }
    let relayed = bench.events(|event| matches!(event, Event::AckForwarded { .. }).then_some(()));
    assert_eq!(relayed.len(), 1);
}

#[test]
fn places_have_a_budget_for_each_reason() {
    let target = Target::Mount("/srv".into());
    let bind = |name: &str| {
        let book = playbook(name);
        let key = Key { content: book.content.clone(), target: target.clone() };
        (Binding::new(Arc::new(book), Resolution::Here(target.clone()), ArmingPolicy::AsWritten), key)
    };
    let ((space, full), (files, inodes)) = (bind("space"), bind("inodes"));
    let mut bench = Bench::with(vec![space, files]);
    bench.breaks(&full);
    bench.pass(10);
    fail(&mut bench, 3);
    assert_eq!(bench.started.len(), 3);
    bench.breaks(&inodes);
    bench.pass(10);
    assert_eq!(bench.started.len(), 4, "cleaning for want of inodes has attempts of its own");
}

/// A's attempt breaks B, and B's breaks A.
fn fight() -> (Bench, Key, Key) {
    let (a, b) = (playbook("a"), playbook("b"));
    let (first, second) = (key(&a), key(&b));
    let mut bench = Bench::with(vec![bound(a, ArmingPolicy::AsWritten), bound(b, ArmingPolicy::AsWritten)]);
    bench.breaks(&first);
    bench.pass(10);
    assert_eq!(bench.started.len(), 1);
    bench.breaks(&second);
    bench.pass(1);
    bench.ends(true);
    bench.clears(&first);
    bench.verifier(&first, Verdict::Holds);
    bench.pass(20);
    assert_eq!(bench.started.len(), 2, "{:?}", bench.phase(&second));
    bench.breaks(&first);
    bench.pass(1);
    bench.ends(true);
    bench.clears(&second);
    bench.verifier(&second, Verdict::Holds);
    bench.pass(20);
    (bench, first, second)
}

#[test]
fn remedies_that_break_each_others_targets_are_held_and_paged_as_one() {
    let (mut bench, first, second) = fight();
    assert_eq!(bench.started.len(), 2, "one round is enough");
    assert_eq!(causes(&bench), [Cause::Contention { with: "b (unit b.service)".into() }]);
    bench.breaks(&second);
    bench.pass(3600);
    bench.restart();
    bench.breaks(&first);
    bench.breaks(&second);
    bench.pass(3600);
    assert_eq!((bench.started.len(), bench.pages()), (2, 1));
    assert_eq!(bench.core.state().escalations().calls().count(), 1);
    let said = bench.asks(Command::ResetBreaker { key: first.clone(), reason: "one of them was wrong".into() });
    assert!(said.is_some_and(|said| said.is_ok()));
    assert!(bench.started.len() > 2, "an operator has looked after it");
}

#[test]
fn a_fight_is_forgotten_once_both_have_been_well_for_an_hour() {
    let (mut bench, first, second) = fight();
    bench.recovers(&first);
    assert_eq!(
        bench.core.state().incidents().open().count(),
        0,
        "{:?} {:?}",
        bench.phase(&first),
        bench.phase(&second)
    );
    bench.pass(1800);
    bench.breaks(&first);
    bench.pass(10);
    assert!(matches!(bench.phase(&first), Some(Phase::Escalated(Cause::Contention { .. }))));
    bench.recovers(&first);
    bench.pass(3601);
    let before = bench.started.len();
    bench.breaks(&first);
    bench.pass(10);
    assert_eq!(bench.started.len(), before + 1);
}

#[test]
fn a_fault_long_after_an_attempt_is_no_fight() {
    let (a, b) = (playbook("a"), playbook("b"));
    let (first, second) = (key(&a), key(&b));
    let mut bench = Bench::with(vec![bound(a, ArmingPolicy::AsWritten), bound(b, ArmingPolicy::AsWritten)]);
    for _ in 0..2 {
        for one in [&first, &second] {
            bench.breaks(one);
            bench.pass(10);
            bench.heals(one);
            bench.pass(60);
        }
    }
    assert_eq!(bench.started.len(), 4);
    let suspected = bench.events(|event| matches!(event, Event::Suspected { .. }).then_some(()));
    assert_eq!((suspected.len(), bench.pages()), (0, 0));
}

#[test]
fn every_denial_that_lasts_calls_a_human_within_its_bound() {
    let minutes = |count: u64| DenialBound::After(std::time::Duration::from_mins(count));
    let by = super::bench::alice();
    let paused = |until| Denial::Paused { scope: Scope::Host, by: by.clone(), until, reason: "".into() };
    let bounds = [
        (paused(None), minutes(15)),
        (paused(Some(Mono(1))), DenialBound::OwnEnd),
        (Denial::Snoozed { by: by.clone(), until: Mono(1) }, DenialBound::OwnEnd),
        (Denial::OutsideWindow, DenialBound::OwnEnd),
        (Denial::BootGrace { until: Mono(1) }, DenialBound::OwnEnd),
        (Denial::DependencyUnhealthy { playbook: "db".into() }, minutes(5)),
        (Denial::StoppedByOperator { evidence: "".into() }, DenialBound::Wanted),
        (Denial::Shadow, DenialBound::Wanted),
        (Denial::Off, DenialBound::Wanted),
        (Denial::LockHeld { by: IncidentId(1) }, minutes(15)),
        (Denial::Cooldown { until: Mono(1) }, minutes(15)),
        (Denial::SystemdBusy { with: "".into() }, minutes(5)),
        (Denial::Quarantined { attempt: AttemptId(1) }, minutes(5)),
        (Denial::CannotRecord { why: "".into() }, minutes(5)),
        (Denial::TargetMissing { why: "".into() }, minutes(5)),
        (Denial::NoPlan { why: "".into() }, DenialBound::After(std::time::Duration::from_secs(30))),
        (Denial::BreakerOpen { until: None }, DenialBound::AtOnce),
        (Denial::Storm { failing: 3, of: 5 }, DenialBound::AtOnce),
        (Denial::Contended { with: "b".into() }, DenialBound::AtOnce),
    ];
    for (denial, bound) in bounds {
        assert_eq!(denial.bound(), bound, "{denial:?}");
    }
}

#[test]
fn a_busy_systemd_and_a_pause_without_end_call_a_human_in_the_end() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.busy = Some("a start job".into());
    bench.breaks(&nginx);
    bench.pass(10 + 290);
    assert_eq!(bench.pages(), 0);
    bench.restart();
    bench.breaks(&nginx);
    bench.pass(30);
    let [Cause::OnHold { denial, held_ms }] = &causes(&bench)[..] else { panic!("{:?}", causes(&bench)) };
    assert!(matches!(**denial, Denial::SystemdBusy { .. }) && *held_ms >= 300_000, "{denial:?} {held_ms}");
    bench.busy = None;
    bench.pass(60);
    assert_eq!(bench.started.len(), 1, "it goes on as soon as it may");
    bench.heals(&nginx);
    assert_eq!((bench.outcomes(), bench.resolves()), (vec![Outcome::EscalatedThenCleared], 1));

    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.asks(Command::Pause { scope: Scope::Host, length: None, reason: "patching".into() });
    bench.breaks(&nginx);
    bench.pass(10 + 14 * 60);
    assert_eq!(bench.pages(), 0);
    bench.pass(60);
    assert_eq!((bench.pages(), bench.started.len()), (1, 0));
}

#[test]
fn what_comes_of_the_attempts_is_paged_also_after_a_call_for_a_hold() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.plan = Err("no such program");
    bench.breaks(&nginx);
    bench.pass(60);
    assert!(matches!(causes(&bench)[..], [Cause::NoPlan { .. }]));
    bench.plan = Ok("plan");
    bench.pass(15);
    for _ in 0..3 {
        bench.fails();
        bench.pass(1);
    }
    let again = bench.events(|event| match event {
        Event::CalledAgain { cause, .. } => Some(cause.clone()),
        _ => None,
    });
    assert!(matches!(again[..], [Cause::BreakerOpened { .. }]), "{again:?}");
    assert!(matches!(bench.phase(&nginx), Some(Phase::Escalated(Cause::BreakerOpened { .. }))));
}

#[test]
fn a_need_is_in_the_page_of_what_it_waits_for_and_calls_by_itself_where_there_is_none() {
    let mut web = playbook("web");
    web.needs = vec![Need::Playbook("db".into())];
    let start = |mode: Mode| {
        let mut db = playbook("db");
        db.mode = mode;
        db.remediate = Vec::new();
        let (needed, waits) = (key(&db), key(&web));
        let books = vec![bound(db, ArmingPolicy::AsWritten), bound(web.clone(), ArmingPolicy::AsWritten)];
        let mut bench = Bench::with(books);
        bench.breaks(&needed);
        bench.breaks(&waits);
        bench.pass(20 * 60);
        assert!(bench.started.is_empty());
        causes(&bench)
    };
    assert!(matches!(start(Mode::Auto)[..], [Cause::NoRemediation]));
    assert!(matches!(start(Mode::Shadow)[..], [Cause::OnHold { .. }]), "nobody is called for what is in shadow");
}

fn asking(names: &[&str]) -> (Bench, Vec<Key>) {
    let book = |name: &&str| -> Playbook {
        let mut book = playbook(name);
        book.mode = Mode::Ask;
        book
    };
    let books: Vec<Playbook> = names.iter().map(book).collect();
    let keys = books.iter().map(key).collect();
    let mut bench = Bench::with(books.into_iter().map(|book| bound(book, ArmingPolicy::AsWritten)).collect());
    let keys: Vec<Key> = keys;
    for key in &keys {
        bench.breaks(key);
    }
    bench.pass(10);
    (bench, keys)
}

fn announced(bench: &Bench) -> usize {
    bench.events(|event| matches!(event, Event::Announced { .. }).then_some(())).len()
}

#[test]
fn an_approval_is_announced_at_once_and_the_announcement_ends_with_the_answer() {
    let (mut bench, keys) = asking(&["nginx"]);
    assert_eq!((announced(&bench), bench.pages()), (1, 1));
    let incident = bench.open_id(&keys[0]);
    let Some(Phase::Asking(request)) = bench.phase(&keys[0]) else { panic!("it asks") };
    let digest = request.plan.digest.clone();
    bench.restart();
    assert_eq!(bench.pages(), 1);
    bench.breaks(&keys[0]);
    bench.asks(Command::Approve { incident, digest, reason: "".into() });
    assert_eq!((bench.started.len(), bench.resolves()), (1, 1));
    bench.heals(&keys[0]);
    assert!(matches!(bench.outcomes()[..], [Outcome::Healed { .. }]), "nobody was called for a failure");
    assert_eq!((bench.pages(), bench.resolves()), (1, 1));
}

#[test]
fn an_unanswered_approval_stays_one_page_and_ends_with_the_fault() {
    let (mut bench, keys) = asking(&["nginx"]);
    bench.pass(20 * 60);
    assert_eq!(bench.phase(&keys[0]), Some(Phase::Escalated(Cause::Expired)));
    assert_eq!((bench.pages(), bench.resolves()), (1, 0));
    bench.recovers(&keys[0]);
    assert_eq!(bench.resolves(), 1);
}

#[test]
fn approvals_for_one_reason_make_one_page_together() {
    let mut book = playbook("workers");
    book.mode = Mode::Ask;
    let book = Arc::new(book);
    let targets: Vec<Target> = (0..3).map(|number| Target::Unit(format!("w{number}.service").into())).collect();
    let bind =
        |target: &Target| Binding::new(Arc::clone(&book), Resolution::Here(target.clone()), ArmingPolicy::AsWritten);
    let mut bench = Bench::with(targets.iter().map(bind).collect());
    let keys: Vec<Key> =
        targets.iter().map(|target| Key { content: book.content.clone(), target: target.clone() }).collect();
    for key in &keys {
        bench.breaks(key);
    }
    bench.pass(10);
    assert_eq!((announced(&bench), bench.pages()), (3, 1));
    for key in &keys[..2] {
        bench.clears(key);
    }
    bench.pass(1);
    assert_eq!(bench.resolves(), 0);
    bench.pass(20 * 60);
    assert_eq!(bench.pages(), 1, "nobody answered, and all know");
    bench.recovers(&keys[2]);
    assert_eq!(bench.resolves(), 1);
}

#[test]
fn what_was_called_for_a_hold_goes_on_after_a_restart() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.busy = Some("a start job".into());
    bench.breaks(&nginx);
    bench.pass(10 + 330);
    assert!(matches!(causes(&bench)[..], [Cause::OnHold { .. }]));
    bench.busy = None;
    bench.restart();
    bench.breaks(&nginx);
    bench.pass(30);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn a_hold_calls_nobody_once_the_fault_is_gone() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.fails();
    bench.busy = Some("a start job".into());
    bench.fails();
    bench.pass(200);
    bench.clears(&nginx);
    bench.verifier(&nginx, Verdict::Unknown("no answer".into()));
    bench.shows.insert(nginx.clone(), Verdict::DoesNotHold);
    bench.verifies.insert(nginx.clone(), Verdict::Unknown("no answer".into()));
    bench.pass(200);
    assert!(!causes(&bench).iter().any(|cause| matches!(cause, Cause::OnHold { .. })), "{:?}", causes(&bench));
}

#[test]
fn a_changed_plan_is_announced_again_to_whoever_approved_the_former_one() {
    let (mut bench, keys) = asking(&["nginx"]);
    let incident = bench.open_id(&keys[0]);
    let Some(Phase::Asking(request)) = bench.phase(&keys[0]) else { panic!("it asks") };
    bench.plan = Ok("another plan");
    bench.asks(Command::Approve { incident, digest: request.plan.digest.clone(), reason: "".into() });
    assert_eq!((bench.started.len(), bench.pages(), bench.resolves()), (0, 2, 0), "it did not run, and says so");
}

#[test]
fn a_snoozed_request_leaves_the_page_to_the_others_and_is_announced_again() {
    let mut book = playbook("workers");
    book.mode = Mode::Ask;
    let book = Arc::new(book);
    let targets = [Target::Unit("w0.service".into()), Target::Unit("w1.service".into())];
    let bind =
        |target: &Target| Binding::new(Arc::clone(&book), Resolution::Here(target.clone()), ArmingPolicy::AsWritten);
    let mut bench = Bench::with(targets.iter().map(bind).collect());
    let keys = targets.map(|target| Key { content: book.content.clone(), target });
    for key in &keys {
        bench.breaks(key);
    }
    bench.pass(10);
    assert_eq!(bench.pages(), 1);
    let length = crate::playbook::value::Period::from_secs(3600);
    bench.asks(Command::Snooze { key: keys[0].clone(), length, reason: "".into() });
    let incident = bench.open_id(&keys[1]);
    let Some(Phase::Asking(request)) = bench.phase(&keys[1]) else { panic!("it asks") };
    bench.asks(Command::Approve { incident, digest: request.plan.digest.clone(), reason: "".into() });
    assert_eq!((bench.started.len(), bench.resolves()), (1, 1), "nothing awaits approval any more");
    bench.heals(&keys[1]);
    bench.pass(3600);
    assert_eq!(bench.pages(), 2, "the snooze is over, and it asks again");
}

#[test]
fn a_worse_failure_under_an_acknowledged_call_is_paged_to_all() {
    let (mut bench, up, serves) = pair();
    let blind = Verdict::Unknown("no answer".into());
    bench.says(&serves, blind);
    bench.pass(310);
    assert_eq!(causes(&bench).len(), 1);
    let incident = bench.open_id(&serves);
    bench.asks(Command::Acknowledge { incident });
    bench.breaks(&up);
    bench.pass(10);
    fail(&mut bench, 3);
    assert_eq!((bench.started.len(), bench.pages()), (3, 2), "{:?}", causes(&bench));
    assert!(bench.core.state().escalations().calls().all(|call| call.seen.is_none()), "it wants a new answer");
}

#[test]
fn one_reset_is_of_all_that_share_the_budget() {
    let (mut bench, up, _) = broken_pair();
    fail(&mut bench, 4);
    assert_eq!(bench.started.len(), 3);
    bench.asks(Command::ResetBreaker { key: up.clone(), reason: "".into() });
    let closed = bench.core.state().breakers().iter().all(|(_, one)| one.state().word() == "closed");
    assert!(closed, "{:?}", bench.core.state().breakers());
    fail(&mut bench, 8);
    assert_eq!(bench.started.len(), 6);
}
