//! Counts since the journal began, which only rise, for monitoring that computes rates from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::event::Event;

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
        match event {
            Event::Opened { .. } => self.opened += 1,
            Event::Closed { outcome, .. } => add(&mut self.closed, outcome.word()),
            Event::Intent { starter, .. } => add(&mut self.attempts, starter.word()),
            Event::Verified { .. } => add(&mut self.verdicts, VERDICTS[0]),
            Event::NotVerified { .. } => add(&mut self.verdicts, VERDICTS[1]),
            Event::Indeterminate { .. } => add(&mut self.verdicts, VERDICTS[2]),
            Event::Escalated { .. } => self.escalated += 1,
            _ => {}
        }
    }
}

fn add(counts: &mut BTreeMap<Arc<str>, u64>, word: &str) {
    match counts.get_mut(word) {
        Some(count) => *count += 1,
        None => drop(counts.insert(word.into(), 1)),
    }
}
