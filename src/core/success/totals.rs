//! Counts since the journal began, which only rise, for monitoring that computes rates from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::event::Event;
use crate::core::event::concern::{AttemptEvent, Concern, IncidentEvent, PageEvent, PageOccasion};

/// Counts since the journal began. A word that never came up is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Totals {
    /// How many incidents were ever opened, whether they are closed or not.
    pub opened: u64,
    /// Incidents closed, by [`Outcome::word`](super::incident::Outcome::word).
    pub closed: BTreeMap<Arc<str>, u64>,
    /// Attempts started, by [`AttemptStarter::word`](super::incident::AttemptStarter::word).
    pub attempts: BTreeMap<Arc<str>, u64>,
    /// Attempts judged, by one of [`VERDICTS`].
    pub verdicts: BTreeMap<Arc<str>, u64>,
    /// Times that a human was called.
    pub escalated: u64,
}

/// How an attempt can be judged.
pub const VERDICTS: [&str; 3] = ["verified", "not_verified", "indeterminate"];

impl Totals {
    /// Counts one event of the journal; most kinds count nowhere.
    pub fn count(&mut self, event: &Event) {
        match event.concern() {
            Concern::Incident(incident) => self.count_incident(incident),
            Concern::Attempt(attempt) => self.count_attempt(attempt),
            Concern::Page(page) => self.count_page(page),
            Concern::Engine(_) | Concern::Reading(_) | Concern::Decision(_) | Concern::Call(_) | Concern::Rule(_) => {}
        }
    }

    fn count_incident(&mut self, event: IncidentEvent<'_>) {
        match event {
            IncidentEvent::Opened { .. } => self.opened += 1,
            IncidentEvent::Closed { outcome, .. } => add(&mut self.closed, outcome.word()),
            IncidentEvent::Relapsed { .. } | IncidentEvent::Suspected => {}
        }
    }

    fn count_attempt(&mut self, event: AttemptEvent<'_>) {
        match event {
            AttemptEvent::Started { starter, .. } => add(&mut self.attempts, starter.word()),
            AttemptEvent::Finished { .. } => {}
            AttemptEvent::Verified { .. } => add(&mut self.verdicts, VERDICTS[0]),
            AttemptEvent::NotVerified { .. } => add(&mut self.verdicts, VERDICTS[1]),
            AttemptEvent::Indeterminate { .. } => add(&mut self.verdicts, VERDICTS[2]),
        }
    }

    fn count_page(&mut self, event: PageEvent<'_>) {
        match event.occasion {
            PageOccasion::Escalated(_) => self.escalated += 1,
            PageOccasion::Joined(_)
            | PageOccasion::Announced(_)
            | PageOccasion::Widened { .. }
            | PageOccasion::CalledAgain(_)
            | PageOccasion::AckForwarded(_)
            | PageOccasion::Resolved { .. } => {}
        }
    }
}

fn add(counts: &mut BTreeMap<Arc<str>, u64>, word: &str) {
    match counts.get_mut(word) {
        Some(count) => *count += 1,
        None => drop(counts.insert(word.into(), 1)),
    }
}
