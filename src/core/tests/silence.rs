//! systemd that answers nobody.

use super::bench::{Bench, bound, key, playbook};
use crate::core::detector::reading::Verdict;
use crate::core::event::Event;
use crate::core::incident::Cause;
use crate::core::machine::input::{ArmingPolicy, Input};
use crate::core::{Key, Outcome};

fn unanswered() -> Verdict {
    Verdict::Unknown("systemd did not answer within 5 s".into())
}

/// Three units, none of which can be seen: systemd ceased to answer.
fn silent() -> (Bench, Vec<Key>) {
    let books = ["one", "two", "three"].map(playbook);
    let keys: Vec<Key> = books.iter().map(key).collect();
    let mut bench = Bench::with(books.into_iter().map(|book| bound(book, ArmingPolicy::AsWritten)).collect());
    bench.give(Input::Systemd(Err("systemd did not answer within 5 s".into())));
    for key in &keys {
        bench.says(key, unanswered());
    }
    (bench, keys)
}

fn causes(bench: &Bench) -> Vec<Cause> {
    bench.events(|event| match event {
        Event::Escalated { cause, .. } => Some(cause.clone()),
        _ => None,
    })
}

#[test]
fn systemd_that_answers_nobody_for_a_minute_calls_a_human_once_for_all_units() {
    let (mut bench, keys) = silent();
    bench.pass(59);
    assert_eq!((bench.pages(), bench.core.silent_systemd()), (0, None));
    bench.pass(1);
    assert!(matches!(causes(&bench)[..], [Cause::SystemdSilent { targets: 3, .. }]), "{:?}", causes(&bench));
    assert!(bench.core.silent_systemd().is_some(), "the screen says so");
    bench.pass(3600);
    assert_eq!(bench.pages(), 1, "the one page stands for every unit");
    bench.give(Input::Systemd(Ok(())));
    let carrier = keys.iter().find(|key| bench.core.state().incident_of(key).is_some()).cloned();
    for key in &keys {
        bench.clears(key);
    }
    bench.recovers(&carrier.expect("one incident carries the page"));
    assert_eq!(bench.resolves(), 1);
    assert_eq!(bench.outcomes(), [Outcome::EscalatedThenCleared]);
    let notes = bench.events(|event| matches!(event, Event::Notice { .. }).then_some(()));
    assert_eq!(notes.len(), 2, "that it is silent, and that it answers again");
}

#[test]
fn a_silence_that_is_soon_over_is_no_news() {
    let (mut bench, keys) = silent();
    bench.pass(30);
    bench.give(Input::Systemd(Ok(())));
    for key in &keys {
        bench.clears(key);
    }
    bench.pass(3600);
    assert_eq!(
        (bench.pages(), bench.events(|event| matches!(event, Event::Notice { .. }).then_some(())).len()),
        (0, 0)
    );
}

#[test]
fn a_unit_that_stays_unseen_once_systemd_answers_is_called_for_by_itself() {
    let (mut bench, keys) = silent();
    bench.pass(60);
    bench.give(Input::Systemd(Ok(())));
    for key in &keys[..2] {
        bench.clears(key);
    }
    bench.pass(600);
    let carrier = matches!(causes(&bench)[..], [Cause::SystemdSilent { .. }, Cause::CannotSee { .. }]);
    let own = bench.core.state().incident_of(&keys[2]).is_some_and(|incident| incident.escalation.is_some());
    assert!(own && (carrier || bench.pages() == 1), "{:?}", causes(&bench));
}
