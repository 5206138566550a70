//! The gate's denials as they come up and as they end.

use std::sync::Arc;

use super::bench::{Bench, bound, key, playbook};
use crate::core::detector::reading::Verdict;
use crate::core::event::Event;
use crate::core::incident::{ApprovalReason, Cause, Denial};
use crate::core::machine::input::{ArmingPolicy, StopOrigin};
use crate::core::{Key, Phase};
use crate::playbook::value::{DayWindow, Period};
use crate::playbook::{Need, NeededTarget, Target, TargetSpec};

fn many(count: usize) -> (Bench, Vec<Key>) {
    let books: Vec<_> = (0..count).map(|number| playbook(&format!("s{number}"))).collect();
    let keys = books.iter().map(key).collect();
    (Bench::with(books.into_iter().map(|book| bound(book, ArmingPolicy::AsWritten)).collect()), keys)
}

#[test]
fn a_storm_stops_what_is_automatic_and_pages_once() {
    let (mut bench, keys) = many(10);
    for key in &keys[..5] {
        bench.breaks(key);
    }
    bench.pass(10);
    assert!(bench.started.is_empty());
    assert_eq!(bench.pages(), 1);
    assert!(bench.core.state().escalations().storm().is_some());
    bench.clears(&keys[0]);
    assert_eq!(bench.resolves(), 1);
    assert_eq!(bench.started.len(), 4, "the storm ended");
}

#[test]
fn past_the_hosts_budget_everything_asks() {
    let (mut bench, keys) = many(20);
    for key in &keys[..6] {
        bench.breaks(key);
    }
    bench.pass(10);
    assert_eq!(bench.started.len(), 5);
    let asks = keys[..6].iter().filter_map(|key| match bench.phase(key) {
        Some(Phase::Asking(request)) => Some(request.why),
        _ => None,
    });
    assert_eq!(asks.collect::<Vec<_>>(), [ApprovalReason::HostBudget]);
}

#[test]
fn one_target_has_one_attempt_and_the_next_in_line_passes_the_gate_anew() {
    let mut other = playbook("nginx");
    other.content = crate::playbook::ContentKey("other".into());
    other.name = "other".into();
    let first = playbook("nginx");
    let (one, target) = (key(&first), key(&first).target);
    let two = Key { content: other.content.clone(), target: target.clone() };
    let mut second = bound(other, ArmingPolicy::AsWritten);
    second.resolution = crate::core::Resolution::Here(target);
    let mut bench = Bench::with(vec![bound(first, ArmingPolicy::AsWritten), second]);
    bench.breaks(&one);
    bench.breaks(&two);
    bench.pass(10);
    assert_eq!(bench.started.len(), 1);
    let waiting = [&one, &two].into_iter().find(|key| matches!(bench.phase(key), Some(Phase::Held(_)))).cloned();
    let waiting = waiting.expect("one of them waits");
    assert!(matches!(bench.phase(&waiting), Some(Phase::Held(Denial::LockHeld { .. }))));
    let runs = if waiting == one { &two } else { &one }.clone();
    bench.heals(&runs);
    assert_eq!(bench.started.len(), 2);
}

#[test]
fn a_dependency_is_waited_for() {
    let db = playbook("db");
    let mut app = playbook("app");
    app.needs = vec![Need::Playbook("db stays up".into())];
    let (db_key, app_key) = (key(&db), key(&app));
    let mut bench = Bench::with(vec![bound(db, ArmingPolicy::AsWritten), bound(app, ArmingPolicy::AsWritten)]);
    bench.breaks(&db_key);
    bench.breaks(&app_key);
    bench.pass(10);
    assert!(matches!(bench.phase(&app_key), Some(Phase::Held(Denial::DependencyUnhealthy { .. }))));
    assert_eq!(bench.started.len(), 1);
    bench.heals(&db_key);
    bench.clears(&db_key);
    assert_eq!(bench.started.len(), 2);
}

/// A playbook on several targets, bound to each.
fn listed(name: &str, targets: &[&str]) -> (Vec<crate::core::Binding>, Vec<Key>) {
    let book = playbook(name);
    let bind = |target: &&str| {
        let mut binding = bound(book.clone(), ArmingPolicy::AsWritten);
        binding.resolution = crate::core::Resolution::Here(Target::Unit(Arc::from(*target)));
        binding
    };
    let key = |target: &&str| Key { content: book.content.clone(), target: Target::Unit(Arc::from(*target)) };
    (targets.iter().map(bind).collect(), targets.iter().map(key).collect())
}

#[test]
fn of_a_needed_list_the_shared_target_counts_else_the_one_that_is_named() {
    let waits = |need: Need, broken: usize| {
        let (mut bindings, keys) = listed("list", &["agent.service", "db.service", "app.service"]);
        let mut app = playbook("app");
        app.needs = vec![need];
        let app_key = key(&app);
        bindings.push(bound(app, ArmingPolicy::AsWritten));
        let mut bench = Bench::with(bindings);
        bench.breaks(&keys[broken]);
        bench.breaks(&app_key);
        bench.pass(10);
        matches!(bench.phase(&app_key), Some(Phase::Held(Denial::DependencyUnhealthy { .. })))
    };
    let plain = || Need::Playbook("list".into());
    let named = || {
        let target = TargetSpec::Unit("db.service".into());
        Need::Target(NeededTarget { playbook: "list".into(), target })
    };
    assert!(!waits(plain(), 0), "an unrelated agent of the list");
    assert!(waits(plain(), 2), "the target that both share");
    assert!(waits(named(), 1) && !waits(named(), 0));
}

#[test]
fn playbooks_that_need_each_other_do_not_wait_for_ever() {
    let (mut one, mut two) = (playbook("one"), playbook("two"));
    one.needs = vec![Need::Playbook("two".into())];
    two.needs = vec![Need::Playbook("one".into())];
    let keys = [key(&one), key(&two)];
    let mut bench = Bench::with(vec![bound(one, ArmingPolicy::AsWritten), bound(two, ArmingPolicy::AsWritten)]);
    for key in &keys {
        bench.breaks(key);
    }
    bench.pass(10);
    assert_eq!(bench.started.len(), 2);
}

#[test]
fn what_an_operator_stopped_is_shown_and_left_alone() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.stop = StopOrigin::Operator { evidence: "systemctl stop by alice".into() };
    bench.breaks(&nginx);
    bench.pass(3600);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::StoppedByOperator { .. }))));
    assert_eq!((bench.started.len(), bench.pages()), (0, 0));
    bench.clears(&nginx);
    assert_eq!(bench.core.rates().day.coverage.whole, 0);
}

#[test]
fn where_it_cannot_be_told_who_stopped_it_an_operator_is_asked_once() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.stop = StopOrigin::Unclear { evidence: "it is inactive since 03:12:45".into() };
    bench.breaks(&nginx);
    bench.pass(10);
    let Some(Phase::Asking(request)) = bench.phase(&nginx) else { panic!("{:?}", bench.phase(&nginx)) };
    assert!(matches!(&request.why, ApprovalReason::StopUnclear { evidence } if evidence.contains("03:12:45")));
    bench.pass(4 * 3600);
    let asked = bench.events(|event| matches!(event, Event::Asked { .. }).then_some(()));
    assert_eq!((asked.len(), bench.started.len(), bench.pages()), (1, 0, 1), "one question, then a human is called");
}

#[test]
fn an_operators_stop_stays_known_when_the_host_can_no_longer_tell() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.stop = StopOrigin::Operator { evidence: "systemctl stop by alice".into() };
    bench.breaks(&nginx);
    bench.pass(10);
    bench.stop = StopOrigin::Unclear { evidence: "no record".into() };
    bench.restart();
    bench.breaks(&nginx);
    bench.pass(3600);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::StoppedByOperator { .. }))));
    assert!(bench.started.is_empty());
}

#[test]
fn what_salve_itself_took_down_is_brought_back_without_asking() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.stop = StopOrigin::Salve;
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn systemd_at_work_is_waited_for() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.busy = Some("auto-restart".into());
    bench.breaks(&nginx);
    bench.pass(20);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::SystemdBusy { .. }))));
    bench.busy = None;
    bench.pass(20);
    assert_eq!(bench.started.len(), 1);
    assert_eq!(bench.events(|event| matches!(event, Event::Denied { .. }).then_some(())).len(), 1);
}

#[test]
fn outside_its_window_of_the_day_it_waits() {
    let mut book = playbook("nginx");
    book.only_between = Some(DayWindow { from: 120, to: 180 });
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(3000);
    assert_eq!(bench.phase(&nginx), Some(Phase::Held(Denial::OutsideWindow)));
    bench.pass(700);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn the_cooldown_lies_between_two_attempts() {
    let mut book = playbook("nginx");
    book.cooldown = Some(Period::from_secs(120));
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10);
    bench.fails();
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::Cooldown { .. }))));
    bench.pass(60);
    assert_eq!(bench.started.len(), 2);
}

#[test]
fn unknown_never_remediates() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.shows.insert(nginx.clone(), Verdict::Unknown("timed out".into()));
    bench.pass(3600);
    assert!(bench.started.is_empty());
    assert!(matches!(bench.phase(&nginx), Some(Phase::Escalated(Cause::CannotSee { .. }))));
    bench.breaks(&nginx);
    assert_eq!(bench.started.len(), 1, "seen again, and still broken");
}

#[test]
fn a_storm_is_of_targets_however_many_playbooks_watch_them() {
    let (mut bindings, mut keys) = (Vec::new(), Vec::new());
    for number in 0..10 {
        let book = playbook(&format!("s{number}"));
        let mut binding = bound(book, ArmingPolicy::AsWritten);
        if number >= 4 {
            binding.resolution = crate::core::Resolution::Here(key(&playbook("s4")).target);
        }
        let crate::core::Resolution::Here(target) = binding.resolution.clone() else { continue };
        keys.push(Key { content: binding.playbook.content.clone(), target });
        bindings.push(binding);
    }
    let mut bench = Bench::with(bindings);
    for key in &keys[..3] {
        bench.breaks(key);
    }
    bench.pass(10);
    assert!(bench.started.is_empty(), "3 of 5 targets fail");
    assert_eq!(bench.pages(), 1);
}

#[test]
fn after_records_were_lost_every_attempt_asks_and_no_number_is_given_out_twice() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    let incidents = bench.core.state().incidents().last_id();
    bench.lose_records(41, 43);
    bench.breaks(&nginx);
    bench.pass(10);
    let Some(Phase::Asking(request)) = bench.phase(&nginx) else { panic!("{:?}", bench.phase(&nginx)) };
    assert_eq!((request.why, bench.started.len()), (ApprovalReason::RecordsLost, 0));
    assert_eq!(bench.core.state().incidents().last_id(), incidents + 3 + 1);
    bench.clears(&nginx);
    bench.pass(31 * 60);
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(bench.started.len(), 1, "half an hour later it acts again");
}
