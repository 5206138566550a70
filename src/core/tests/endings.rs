//! An open incident never ends without a word.

use super::bench::{Bench, bound, key, playbook};
use crate::core::event::Event;
use crate::core::incident::{ApprovalReason, Cause, Denial};
use crate::core::machine::input::{ArmingPolicy, Binding, Resolution};
use crate::core::{Command, Config, Key, Outcome, Phase};
use crate::playbook::{Mode, Playbook};

fn messages(bench: &Bench) -> Vec<String> {
    bench.events(|event| match event {
        Event::Notice { text, .. } => Some(text.to_string()),
        _ => None,
    })
}

fn missing(playbook: Playbook) -> Binding {
    let written = key(&playbook).target.to_string().into();
    let mut binding = bound(playbook, ArmingPolicy::AsWritten);
    binding.resolution = Resolution::Unresolved { written, why: "no such file".into() };
    binding
}

#[test]
fn targets_that_vanish_while_they_wait_for_a_yes_stay_open_and_a_human_is_called() {
    let books: Vec<Playbook> = (0..20).map(|number| playbook(&format!("s{number}"))).collect();
    let keys: Vec<Key> = books.iter().map(key).collect();
    let all = || books.iter().cloned().map(|book| bound(book, ArmingPolicy::AsWritten)).collect::<Vec<_>>();
    let config = Config { host_attempts: 0, storm_percent: 100, ..Config::default() };
    let mut bench = Bench::set(config, all());
    for key in &keys {
        bench.breaks(key);
    }
    bench.pass(10);
    let asks = |key: &Key| matches!(bench.phase(key), Some(Phase::Asking(request)) if request.why == ApprovalReason::HostBudget);
    assert!(keys.iter().all(asks), "the budget is spent");
    bench.load(books.iter().cloned().map(missing).collect());
    assert_eq!((bench.outcomes().len(), messages(&bench).len()), (0, 20));
    assert_eq!(
        messages(&bench)[0],
        "incident #1 stays open, but its target is missing (unit s0.service): no such file"
    );
    bench.load(books.iter().cloned().map(missing).collect());
    assert_eq!(messages(&bench).len(), 20, "told once");
    bench.restart();
    bench.pass(300);
    let gone = |key: &Key| matches!(bench.phase(key), Some(Phase::Escalated(Cause::TargetMissing { .. })));
    assert!(keys.iter().all(gone), "{:?}", bench.phase(&keys[0]));
    let ended = bench.resolves();
    bench.load(all());
    bench.recovers(&keys[0]);
    assert_eq!((bench.outcomes(), bench.resolves() - ended), (vec![Outcome::EscalatedThenCleared], 1));
}

#[test]
fn a_target_that_comes_back_in_time_goes_to_the_gate_again() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.busy = Some("a job".into());
    bench.breaks(&nginx);
    bench.pass(10);
    bench.load(vec![missing(playbook("nginx"))]);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::TargetMissing { .. }))));
    bench.busy = None;
    bench.load(vec![bound(playbook("nginx"), ArmingPolicy::AsWritten)]);
    assert_eq!((bench.started.len(), bench.pages()), (1, 0));
}

#[test]
fn in_shadow_a_missing_target_calls_nobody() {
    let mut book = playbook("nginx");
    book.mode = Mode::Shadow;
    let (mut bench, nginx) = Bench::one(book.clone());
    bench.breaks(&nginx);
    bench.pass(10);
    bench.load(vec![missing(book)]);
    bench.pass(3600);
    assert_eq!((bench.pages(), bench.outcomes().len()), (0, 0));
}

#[test]
fn a_playbook_that_changes_says_so_and_whoever_was_called_is_told_of_the_end() {
    let mut book = playbook("disk");
    book.remediate.clear();
    let (mut bench, disk) = Bench::one(book);
    bench.breaks(&disk);
    bench.pass(10);
    assert_eq!(bench.pages(), 1);
    bench.load(Vec::new());
    assert_eq!((bench.outcomes(), bench.resolves()), (vec![Outcome::Superseded], 1));
    assert_eq!(messages(&bench), ["incident #1 (unit disk.service) is closed: its playbook was changed or removed"]);
}

#[test]
fn a_playbook_that_is_disarmed_says_what_stays_open() {
    let mut book = playbook("nginx");
    book.mode = Mode::Ask;
    let (mut bench, nginx) = Bench::one(book);
    bench.breaks(&nginx);
    bench.pass(10);
    bench.asks(Command::Disarm { playbook: "nginx".into() });
    let said = "incident #1 (unit nginx.service) stays open: its playbook was disarmed, so nothing is attempted";
    assert_eq!(messages(&bench), [said]);
    assert!(matches!(bench.phase(&nginx), Some(Phase::Held(Denial::Shadow))));
}
