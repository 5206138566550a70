//! Calls that nobody answers reach others, once; an answer reaches all who were called.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, bound, key, playbook};
use crate::core::event::Event;
use crate::core::machine::config::SecondCall;
use crate::core::machine::input::ArmingPolicy;
use crate::core::{Command, Config, Key};

fn names(to: &[&str]) -> Vec<Arc<str>> {
    to.iter().map(|name| Arc::from(*name)).collect()
}

/// `oncall` is called; after ten minutes `mail`, five minutes later `phone`.
fn called() -> (Bench, Key) {
    let second = |minutes: u64, to: &[&str]| SecondCall { after: Duration::from_mins(minutes), to: names(to) };
    let second_calls =
        BTreeMap::from([("oncall".into(), second(10, &["mail"])), ("mail".into(), second(5, &["phone", "oncall"]))]);
    let mut book = playbook("nginx");
    book.remediate.clear();
    let (nginx, config) = (key(&book), Config { second_calls, ..Config::default() });
    let mut bench = Bench::set(config, vec![bound(book, ArmingPolicy::AsWritten)]);
    bench.breaks(&nginx);
    bench.pass(10);
    assert_eq!(bench.pages(), 1);
    (bench, nginx)
}

fn besides(bench: &Bench) -> Vec<(Arc<str>, Vec<Arc<str>>)> {
    bench.events(|event| match event {
        Event::EscalationWidened { unanswered, to, .. } => Some((Arc::clone(unanswered), to.clone())),
        _ => None,
    })
}

#[test]
fn an_unanswered_call_reaches_others_each_once_and_all_hear_of_the_end() {
    let (mut bench, nginx) = called();
    bench.pass(9 * 60);
    assert_eq!(besides(&bench), []);
    bench.pass(60);
    assert_eq!(besides(&bench), [("oncall".into(), names(&["mail"]))]);
    bench.pass(5 * 60);
    assert_eq!(besides(&bench)[1..], [("mail".into(), names(&["phone"]))], "oncall has been called already");
    bench.pass(3600);
    assert_eq!(besides(&bench).len(), 2);
    bench.recovers(&nginx);
    let told = bench.events(|event| match event {
        Event::Resolved { to, .. } => Some(to.clone()),
        _ => None,
    });
    assert_eq!(told, [names(&["oncall", "mail", "phone"])]);
}

#[test]
fn an_answer_reaches_all_who_were_called_once_and_ends_the_calling() {
    let (mut bench, nginx) = called();
    bench.pass(10 * 60);
    let incident = bench.open_id(&nginx);
    assert!(bench.asks(Command::Acknowledge { incident }).is_some_and(|said| said.is_ok()));
    assert!(bench.asks(Command::Acknowledge { incident }).is_some_and(|said| said.is_ok()));
    let relayed = bench.events(|event| match event {
        Event::AckForwarded { to, .. } => Some(to.clone()),
        _ => None,
    });
    assert_eq!(relayed, [names(&["oncall", "mail"])]);
    bench.pass(3600);
    assert_eq!(besides(&bench).len(), 1, "phone is not called");
}

#[test]
fn a_restart_forgets_no_unanswered_call() {
    let (mut bench, _) = called();
    bench.pass(5 * 60);
    bench.restart();
    bench.pass(4 * 60);
    assert_eq!(besides(&bench), []);
    bench.pass(2 * 60);
    assert_eq!(besides(&bench), [("oncall".into(), names(&["mail"]))]);
    bench.restart();
    bench.pass(60);
    assert_eq!(besides(&bench).len(), 1);
}

fn again(bench: &Bench) -> usize {
    bench.events(|event| matches!(event, Event::CalledAgain { .. }).then_some(())).len()
}

#[test]
fn a_call_that_was_seen_and_is_not_fixed_goes_out_again_after_four_hours() {
    let (mut bench, nginx) = called();
    let incident = bench.open_id(&nginx);
    bench.asks(Command::Acknowledge { incident });
    bench.pass(3 * 3600);
    bench.restart();
    bench.breaks(&nginx);
    bench.pass(3599);
    assert_eq!(again(&bench), 0);
    bench.pass(1);
    assert_eq!(again(&bench), 1);
    assert!(bench.core.find(incident).is_some_and(|one| one.acknowledged.is_none()), "it waits for an answer again");
    bench.asks(Command::Acknowledge { incident });
    bench.recovers(&nginx);
    bench.pass(5 * 3600);
    assert_eq!(again(&bench), 1, "fixed");
}

#[test]
fn a_human_is_called_once_a_channel_took_it_and_the_ticket_folder_hears_of_the_end_where_it_stepped_in() {
    let (mut bench, nginx) = called();
    let page = bench.delivers[0];
    let taken = |bench: &Bench| {
        let call = bench.core.state().escalations().calls().next().expect("a call is open");
        call.taken.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(taken(&bench).is_empty());
    bench.give(crate::core::Input::Delivered { page, channel: "tickets".into(), instead: None });
    assert_eq!(taken(&bench), ["tickets"]);
    assert!(bench.core.state().escalations().outgoing(page).is_some(), "oncall has not taken it");
    bench.restart();
    bench.recovers(&nginx);
    let told = bench.events(|event| match event {
        Event::Resolved { to, .. } => Some(to.clone()),
        _ => None,
    });
    assert_eq!(told, [names(&["oncall", "tickets"])]);
}
