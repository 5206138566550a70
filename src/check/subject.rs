//! What to look at, and what was seen: an enum of the kinds, whose parts stand in the kinds' own files.

use std::sync::Arc;
use std::time::Duration;

pub use super::registry::{Observation, Subject};
use crate::playbook::value::Period;

impl Subject {
    /// As JSON, the same for equal subjects: what kept observations are filed under.
    #[must_use]
    pub fn canonical(&self) -> Arc<str> {
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

/// A check's own period, or the kind's.
pub fn millis(own: Option<Period>, kinds: Duration) -> u64 {
    own.unwrap_or(Period(kinds)).millis()
}
