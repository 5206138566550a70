//! Open and closed incidents with their stories.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Words, moment};
use crate::core::incident::Incident;
use crate::core::{CheckRole, Core, Now};
use crate::engine::snapshot::{IncidentStage, IncidentView};
use crate::engine::views::calls;
use crate::playbook::{Check, Playbook, Risk};

pub(super) fn incidents(core: &Core, words: &mut Words<'_>) -> Vec<Arc<IncidentView>> {
    let mut all: Vec<&Incident> = core.state().incidents().all().collect();
    all.sort_unstable_by_key(|incident| std::cmp::Reverse(incident.id));
    all.into_iter().map(|incident| Arc::new(incident_view(core, incident, words))).collect()
}

/// One incident as screens need it.
#[must_use]
pub fn one_incident(core: &Core, incident: &Incident, condition: fn(&Check) -> String) -> IncidentView {
    incident_view(core, incident, &mut Words { condition, known: HashMap::new(), tries: &BTreeMap::new() })
}

fn incident_view(core: &Core, incident: &Incident, words: &mut Words<'_>) -> IncidentView {
    let playbook = core.playbook(&incident.key.content);
    IncidentView {
        id: incident.id,
        key: incident.key.clone(),
        playbook: Arc::clone(&incident.playbook),
        title: playbook.map_or_else(|| Arc::clone(&incident.playbook), |playbook| Arc::clone(&playbook.title)),
        risk: playbook.map_or(Risk::High, |playbook| playbook.risk),
        since: began(incident),
        stage: IncidentStage::of(incident, core.deadline(incident), moment),
        attempts: incident.attempts.len(),
        rungs: playbook.map_or(0, |playbook| playbook.remediate.len()),
        limit: playbook.map_or(0, |playbook| playbook.escalate.attempts),
        readings: playbook.map_or_else(Vec::new, |playbook| readings(core, incident, playbook, words)),
        story: incident.story.clone(),
        acknowledged: incident.acknowledged.clone(),
        call: calls::of(core.state(), incident, words.tries),
    }
}

fn readings(
    core: &Core,
    incident: &Incident,
    playbook: &Playbook,
    words: &mut Words<'_>,
) -> Vec<(CheckRole, Arc<str>, Option<crate::core::Reading>)> {
    let watched = core.watched_key(&incident.key);
    let detector = playbook.detect.checks.iter().enumerate().map(|(index, check)| {
        let reading = watched.and_then(|watched| watched.detector.get(index).cloned().flatten());
        (CheckRole::Detector, words.of(check), reading)
    });
    let mut rows: Vec<_> = detector.collect();
    let verified = core.verifier_readings(incident.id);
    let reading_of = |index: usize| verified.get(index).cloned().flatten().or_else(|| last_verified(incident, index));
    rows.extend(
        playbook
            .verify
            .checks
            .iter()
            .enumerate()
            .map(|(index, check)| (CheckRole::Verifier, words.of(check), reading_of(index))),
    );
    rows
}

/// What a verifier's check saw last, as the story tells it: for what is over, and after a restart.
fn last_verified(incident: &Incident, wanted: usize) -> Option<crate::core::Reading> {
    let changes = incident.story.iter().rev().filter_map(|recorded| recorded.event.reading_change());
    changes
        .filter(|change| change.role == CheckRole::Verifier && change.index == wanted)
        .map(|change| change.reading.clone())
        .next()
}

/// When the fault began, named by the same distance from the opening on both clocks.
fn began(incident: &Incident) -> Now {
    let earlier = incident.opened.since(incident.since);
    let wall = jiff::SignedDuration::try_from(earlier).ok().and_then(|length| incident.wall.checked_sub(length).ok());
    moment(incident.since, wall.unwrap_or(incident.wall))
}
