//! Rows of watched keys, and of bindings that came to nothing on this host.

use std::sync::Arc;

use super::Words;
use crate::core::id::Key;
use crate::core::machine::input::Binding;
use crate::core::{Core, Detector, DetectorState, Moment};
use crate::engine::snapshot::{DetectorView, Health, RowSubject, TimelineMark};
use crate::engine::views::calls;

pub(super) fn detectors(core: &Core, words: &mut Words<'_>) -> Vec<DetectorView> {
    let mut rows: Vec<DetectorView> =
        core.watched().map(|(key, watched)| detector(core, key, watched, words)).collect();
    rows.extend(core.absent().iter().map(|binding| absent(core, binding, words)));
    rows
}

fn detector(core: &Core, key: &Key, watched: &Detector, words: &mut Words<'_>) -> DetectorView {
    let telling = watched.telling();
    let reading = watched.detector.get(telling).and_then(Option::as_ref);
    let incident = core.state().incident_of(key);
    let health = Health::of(RowSubject::Watched(watched), incident);
    DetectorView {
        key: Some(key.clone()),
        playbook: Arc::clone(&watched.playbook.name),
        target: target_words(&key.target.to_string()),
        mode: core.mode_in_force(key),
        fires_at: watched.fires_at().filter(|_| health == Health::Pending),
        health,
        seen: reading.map(|reading| Arc::clone(&reading.seen)),
        condition: watched.playbook.detect.checks.get(telling).map_or_else(|| "".into(), |check| words.of(check)),
        since: incident.map_or(watched.since, |incident| incident.since),
        incident: incident.map(|incident| incident.id),
        call: incident.and_then(|incident| calls::of(core.state(), incident, words.tries)),
        flapping: core.flapping(key),
        marks: watched.marks.iter().map(|(at, moment)| (*at, mark(*moment))).collect(),
        figures: watched.figures.iter().copied().collect(),
    }
}

fn target_words(text: &str) -> Arc<str> {
    crate::text::clean_line(text).into()
}

fn absent(core: &Core, binding: &Binding, words: &mut Words<'_>) -> DetectorView {
    // a target that went missing while its incident is open: the incident is what there is to tell
    let incident = core.incident_of_absent(binding);
    DetectorView {
        key: incident.map(|incident| incident.key.clone()),
        playbook: Arc::clone(&binding.playbook.name),
        target: target_words(&binding.resolution.written()),
        mode: binding.playbook.mode,
        health: Health::of(RowSubject::Absent(binding), incident),
        fires_at: None,
        seen: None,
        condition: binding.playbook.detect.checks.first().map_or_else(|| "".into(), |check| words.of(check)),
        since: incident.map_or_else(|| core.absent_since(binding), |incident| incident.since),
        incident: incident.map(|incident| incident.id),
        call: incident.and_then(|incident| calls::of(core.state(), incident, words.tries)),
        flapping: None,
        marks: Vec::new(),
        figures: Vec::new(),
    }
}

const fn mark(moment: Moment) -> TimelineMark {
    match moment {
        Moment::Fault(DetectorState::Clear) => TimelineMark::Ok,
        Moment::Fault(DetectorState::Broken) => TimelineMark::Broken,
        Moment::Fault(DetectorState::Waiting | DetectorState::Unknown) => TimelineMark::Unknown,
        Moment::Unwatched => TimelineMark::NoData,
        Moment::Asked => TimelineMark::Asked,
        Moment::Fixing => TimelineMark::Fixing,
        Moment::Verified => TimelineMark::Verified,
        Moment::Failed => TimelineMark::Failed,
        Moment::Escalated => TimelineMark::Escalated,
    }
}
