//! The state at a moment of the past, for a screen: what was watched and read then is put in from outside, and a screen
//! shows it as it shows a live state. Nothing is decided here, and nothing is recorded.

use std::sync::Arc;

use super::Core;
use super::input::{ArmingPolicy, Binding};
use crate::core::detector::reading::Reading;
use crate::core::detector::{Detector, DetectorState, Moment};
use crate::core::event::Event;
use crate::core::event::concern::{AttemptEvent, Concern, DecisionEvent, PageOccasion};
use crate::core::id::Key;
use crate::core::incident::{Outcome, Phase};
use crate::core::time::{Mono, Now};
use crate::playbook::Playbook;

/// What is known of one watched key at a moment.
#[derive(Debug, Clone)]
pub struct PastDetector {
    /// Content of the playbook and canonical target that were watched.
    pub key: Key,
    /// The playbook in the version that was in force then.
    pub playbook: Arc<Playbook>,
    /// What its mode needs.
    pub standing: ArmingPolicy,
    /// The latest reading of each detector check then, in the playbook's order; none where nothing was read yet.
    pub detector: Vec<Option<Reading>>,
    /// The latest reading of each verifier check then, in the playbook's order; none where nothing was read yet.
    pub verifier: Vec<Option<Reading>>,
    /// The last hour's moments, oldest first.
    pub marks: Vec<(Mono, Moment)>,
    /// Latest figures of the telling check, oldest first.
    pub figures: Vec<(Mono, f64)>,
}

impl Core {
    /// Shows what was watched and seen at this moment. To be called on a copy that takes no further input.
    pub fn set_past(&mut self, now: Now, detectors: Vec<PastDetector>, absent: Vec<Binding>) {
        self.now = now;
        self.absent = absent;
        self.keys.clear();
        self.live.clear();
        for detector in detectors {
            self.show(detector);
        }
    }

    /// Takes up what earlier engines saw of what is watched now. Only for looking: nothing is decided by it.
    pub fn recall(&mut self, detectors: Vec<PastDetector>) {
        for PastDetector { key, marks, figures, .. } in detectors {
            if let Some(watched) = self.keys.get_mut(&key) {
                watched.recall(marks, figures, self.resumed);
            }
        }
    }

    fn show(&mut self, past: PastDetector) {
        let PastDetector { key, playbook, standing, detector, verifier, marks, figures } = past;
        if let Some(incident) = self.state.incident_of(&key)
            && let Phase::Verifying { since, .. } | Phase::Soaking { clean: since, .. } = *incident.phase()
        {
            // only what was looked at after the attempt counts for it
            let (id, counts) = (incident.id, |reading: &Reading| reading.began >= since);
            self.live(id).verifier = verifier.into_iter().map(|reading| reading.filter(counts)).collect();
        }
        let mut watched = Detector::new(Arc::clone(&playbook), standing, Mono(0));
        for (slot, reading) in watched.detector.iter_mut().zip(detector) {
            *slot = reading;
        }
        watched.fault = watched.judge(self.state.flapping().contains(&key));
        let turned = marks.iter().rev().find(|(_, moment)| matches!(moment, Moment::Fault(_))).map(|(at, _)| *at);
        let read = watched.detector.iter().flatten().map(|reading| reading.since).max();
        watched.since = turned.or(read).unwrap_or(self.now.mono);
        watched.holding = (watched.fault == DetectorState::Broken).then_some(watched.since);
        watched.muted = self.is_left_alone(&key, &watched);
        watched.marks = marks.into();
        watched.figures = figures.into();
        self.books.entry(key.content.clone()).or_insert(playbook);
        self.keys.insert(key, watched);
    }

    /// Whether a person has ended the key's last incident while the very fault of now was there.
    fn is_left_alone(&self, key: &Key, watched: &Detector) -> bool {
        let same_fault = |closed: Mono| match watched.fault {
            DetectorState::Broken | DetectorState::Unknown => closed >= watched.since,
            DetectorState::Waiting | DetectorState::Clear => false,
        };
        let last = self.state.incidents().closed().rev().find(|incident| incident.key == *key);
        last.is_some_and(|incident| match incident.phase() {
            Phase::Closed { outcome: Outcome::Declined { .. } | Outcome::ClosedByOperator { .. }, mono, .. } => {
                same_fault(*mono)
            }
            Phase::Closed { .. }
            | Phase::Firing
            | Phase::Held(_)
            | Phase::Asking(_)
            | Phase::Remediating(_)
            | Phase::Verifying { .. }
            | Phase::Soaking { .. }
            | Phase::Escalated(_) => false,
        })
    }
}

/// What the timeline shows of an event.
#[must_use]
pub fn moment(event: &Event) -> Option<Moment> {
    match event.concern() {
        Concern::Decision(decision) => match decision {
            DecisionEvent::Asked(_) => Some(Moment::Asked),
            DecisionEvent::Denied(_)
            | DecisionEvent::ShadowPlan { .. }
            | DecisionEvent::Approved
            | DecisionEvent::FirstApproved
            | DecisionEvent::Withdrawn => None,
        },
        Concern::Attempt(attempt) => match attempt {
            AttemptEvent::Started { .. } => Some(Moment::Fixing),
            AttemptEvent::Verified { .. } => Some(Moment::Verified),
            AttemptEvent::NotVerified { .. } => Some(Moment::Failed),
            AttemptEvent::Finished { .. } | AttemptEvent::Indeterminate { .. } => None,
        },
        Concern::Page(page) => match page.occasion {
            PageOccasion::Escalated(_) | PageOccasion::Joined(_) => Some(Moment::Escalated),
            PageOccasion::Announced(_)
            | PageOccasion::Widened { .. }
            | PageOccasion::CalledAgain(_)
            | PageOccasion::AckForwarded(_)
            | PageOccasion::Resolved { .. } => None,
        },
        Concern::Engine(_) | Concern::Incident(_) | Concern::Reading(_) | Concern::Call(_) | Concern::Rule(_) => None,
    }
}
