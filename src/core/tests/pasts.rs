//! A folded machine shows what was watched and seen at its moment, and decides nothing.

use super::bench::{Bench, playbook};
use crate::core::detector::reading::{Reading, Verdict};
use crate::core::machine::history_view::{PastDetector, moment};
use crate::core::machine::input::ArmingPolicy;
use crate::core::{Core, DetectorState, Key, Mono, Now};

fn reading(verdict: Verdict, at: Mono) -> Reading {
    Reading { verdict, seen: "seen".into(), figure: None, unit: None, began: at, since: at }
}

/// The bench's journal, folded into a machine that has seen nothing.
fn folded(bench: &Bench) -> Core {
    let mut core = Core::new(crate::core::Config::default());
    bench.journal.iter().for_each(|recorded| core.replay(recorded));
    core
}

fn glimpse(key: &Key, detector: Reading, verifier: Reading) -> PastDetector {
    PastDetector {
        key: key.clone(),
        playbook: playbook("nginx").into(),
        standing: ArmingPolicy::AsWritten,
        marks: vec![(detector.began, crate::core::Moment::Fault(DetectorState::Broken))],
        detector: vec![Some(detector)],
        verifier: vec![Some(verifier)],
        figures: Vec::new(),
    }
}

#[test]
fn a_picture_changes_nothing_that_is_durable() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    let mut core = folded(&bench);
    let before = core.state().clone();
    let now = Now { mono: bench.now, ..bench.core.now() };
    let seen = glimpse(&nginx, reading(Verdict::Holds, Mono(5)), reading(Verdict::DoesNotHold, Mono(5)));
    core.set_past(now, vec![seen], Vec::new());
    assert_eq!(*core.state(), before);
    let watched = core.watched_key(&nginx).unwrap();
    assert_eq!((watched.fault, watched.since, core.now()), (DetectorState::Broken, Mono(5), now));
    core.set_past(now, Vec::new(), Vec::new());
    assert_eq!(core.watched().count(), 0, "each picture stands by itself");
}

#[test]
fn only_readings_after_the_attempt_verify_in_a_picture_too() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    bench.ends(true);
    let id = bench.open_id(&nginx);
    let (ended, now) = (bench.now, bench.core.now());
    for (began, counts) in [(Mono(ended.0 - 1), false), (ended, true)] {
        let mut core = folded(&bench);
        let seen = glimpse(&nginx, reading(Verdict::DoesNotHold, began), reading(Verdict::Holds, began));
        core.set_past(now, vec![seen], Vec::new());
        assert_eq!(core.verifier_readings(id).iter().flatten().count(), usize::from(counts), "{began}");
    }
}

#[test]
fn the_timeline_shows_what_people_look_for() {
    let (mut bench, nginx) = Bench::one(playbook("nginx"));
    bench.breaks(&nginx);
    bench.pass(10);
    let shown: Vec<_> = bench.journal.iter().filter_map(|recorded| moment(&recorded.event)).collect();
    assert_eq!(shown, [crate::core::Moment::Fixing]);
}
