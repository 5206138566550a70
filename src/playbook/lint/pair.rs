//! Detector and verifier contradict each other, or leave a gap in which both hold.

use super::Said;
use crate::playbook::diagnostic::Rule;
use crate::playbook::places::Step;
use crate::playbook::value::{Bound, Comparison, UnitState, WantedNumber, WantedState};
use crate::playbook::{Check, Playbook};

pub fn lint(playbook: &Playbook, said: &mut Said<'_, '_>) {
    let mut seen: Vec<&str> = Vec::new();
    for verifier in &playbook.verify.checks {
        let kind = verifier.kind();
        let item = seen.iter().filter(|before| **before == kind).count();
        seen.push(kind);
        for detector in &playbook.detect.checks {
            for (key, overlap) in overlaps(detector, verifier) {
                let path = [Step::Key("verify"), Step::Key(kind), Step::Item(item), Step::Key(key)];
                say(&overlap, key, &path, said);
            }
        }
    }
}

/// What is wrong with a pair, and a verifier that would do.
enum Overlap {
    /// Both can hold at once: it would be called healed while the detector still sees the fault.
    Weak(String),
    /// Whenever the fault is there, the verifier holds.
    Contrary(String),
}

fn say(overlap: &Overlap, key: &str, path: &[Step<'_>], said: &mut Said<'_, '_>) {
    match overlap {
        Overlap::Weak(right) => said.say(
            Rule::WeakVerifier,
            path,
            format!("the verifier's `{key}` holds while the detector still sees the fault"),
            right.clone(),
        ),
        Overlap::Contrary(right) => said.say(
            Rule::Contradiction,
            path,
            format!("the verifier's `{key}` is what the detector calls the fault"),
            right.clone(),
        ),
    }
}

/// Every condition that both ask of the same object.
fn overlaps(detector: &Check, verifier: &Check) -> Vec<(&'static str, Overlap)> {
    let found = match (detector, verifier) {
        (Check::Unit(d), Check::Unit(v)) if d.name == v.name => vec![("state", states(d.state, v.state))],
        (Check::Filesystem(d), Check::Filesystem(v)) if d.mount == v.mount => vec![
            ("used", bounds(d.used, v.used)),
            ("free", bounds(d.free, v.free)),
            ("inodes", bounds(d.inodes, v.inodes)),
            ("read_only", flags(d.read_only, v.read_only)),
        ],
        (Check::Process(d), Check::Process(v)) if (&d.name, &d.pidfile, &d.user) == (&v.name, &v.pidfile, &v.user) => {
            vec![
                ("exists", flags(d.exists, v.exists)),
                ("count", bounds(d.count, v.count)),
                ("memory", bounds(d.memory, v.memory)),
            ]
        }
        (Check::Http(d), Check::Http(v)) if d.url == v.url => vec![("status", numbers(d.status, v.status))],
        (Check::Tcp(d), Check::Tcp(v)) if d.address == v.address => {
            vec![("open", flags(Some(d.open.unwrap_or(true)), Some(v.open.unwrap_or(true))))]
        }
        (Check::Command(d), Check::Command(v)) if d.run == v.run => vec![("exit", numbers(d.exit, v.exit))],
        (Check::Load(d), Check::Load(v)) => vec![("per_core", bounds(d.per_core, v.per_core))],
        (Check::Memory(d), Check::Memory(v)) => {
            vec![("used", bounds(d.used, v.used)), ("swap", bounds(d.swap, v.swap))]
        }
        (Check::Pressure(d), Check::Pressure(v)) => {
            vec![("cpu", bounds(d.cpu, v.cpu)), ("memory", bounds(d.memory, v.memory)), ("io", bounds(d.io, v.io))]
        }
        _ => Vec::new(),
    };
    found.into_iter().filter_map(|(key, overlap)| Some((key, overlap?))).collect()
}

fn flags(detector: Option<bool>, verifier: Option<bool>) -> Option<Overlap> {
    (detector? == verifier?).then(|| Overlap::Contrary((!verifier.unwrap_or_default()).to_string()))
}

fn states(detector: Option<WantedState>, verifier: Option<WantedState>) -> Option<Overlap> {
    let (detector, verifier) = (detector?, verifier?);
    let right = format!("state = \"{}\"", WantedState { negated: !detector.negated, ..detector });
    let all = UnitState::NAMES.map(|(_, state)| state);
    overlap(&all, |state| detector.admits(*state), |state| verifier.admits(*state), right)
}

fn numbers(detector: Option<WantedNumber>, verifier: Option<WantedNumber>) -> Option<Overlap> {
    let (detector, verifier) = (detector?, verifier?);
    // the two numbers, any other, and none at all stand for everything that can be seen
    let other = (0..=u16::MAX).find(|number| *number != detector.number && *number != verifier.number);
    let seen = [Some(detector.number), Some(verifier.number), other, None];
    let right = WantedNumber { negated: !detector.negated, ..detector };
    overlap(&seen, |seen| detector.admits(*seen), |seen| verifier.admits(*seen), right.to_string())
}

/// Over everything that can be seen: is the fault there, does the verifier hold?
fn overlap<T>(seen: &[T], fault: impl Fn(&T) -> bool, holds: impl Fn(&T) -> bool, right: String) -> Option<Overlap> {
    let faults = seen.iter().filter(|one| fault(one)).count();
    let cures = seen.iter().filter(|one| holds(one)).count();
    match seen.iter().filter(|one| fault(one) && holds(one)).count() {
        0 => None,
        both if both == faults || both == cures => Some(Overlap::Contrary(right)),
        _ => Some(Overlap::Weak(right)),
    }
}

fn bounds(detector: Option<Bound>, verifier: Option<Bound>) -> Option<Overlap> {
    let (detector, verifier) = (detector?, verifier?);
    let rising = |bound: Bound| match bound.comparison {
        Comparison::Above | Comparison::AtLeast => Some(true),
        Comparison::Below | Comparison::AtMost => Some(false),
        Comparison::Equal => None,
    };
    let (Some(up), Some(verifier_up)) = (rising(detector), rising(verifier)) else { return None };
    let opposite = if up { Comparison::Below } else { Comparison::Above };
    let right = format!("\"{} {}\" or further away", opposite, detector.amount);
    if up == verifier_up {
        return Some(Overlap::Contrary(right));
    }
    if std::mem::discriminant(&detector.amount) != std::mem::discriminant(&verifier.amount) {
        return None;
    }
    let (fault, cure) = (detector.amount.figure(), verifier.amount.figure());
    let touching = detector.admits(cure) && verifier.admits(cure);
    let gap = if up { cure > fault } else { cure < fault };
    (gap || touching).then_some(Overlap::Weak(right))
}
