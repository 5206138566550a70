//! What to look at, and what was seen: an enum of the kinds, whose parts stand in the kinds' own files.

use std::sync::Arc;
use std::time::Duration;

pub use super::registry::{Observation, Subject};
use crate::playbook::value::Period;
use crate::text::redact::{HIDDEN, redact};

impl Subject {
    /// As JSON, the same for equal subjects: what kept observations are filed under.
    #[must_use]
    pub fn canonical(&self) -> Arc<str> {
        redact(&serde_json::to_string(self).unwrap_or_default()).as_ref().into()
    }

    /// Refuses what the journal kept of a playbook that is no longer in force: its secrets were never recorded.
    pub(super) fn still_known(self) -> Result<Self, String> {
        if serde_json::to_string(&self).is_ok_and(|text| text.contains(HIDDEN)) {
            return Err(
                "the check needs a secret that is not known any more: its playbook was changed or removed".into()
            );
        }
        Ok(self)
    }
}

/// A check's own period, or the kind's.
pub fn millis(own: Option<Period>, kinds: Duration) -> u64 {
    own.unwrap_or(Period(kinds)).millis()
}
