//! What to probe and what was observed: enums over the kinds, whose parts are defined in the kinds' own files.

use std::sync::Arc;
use std::time::Duration;

pub use super::registry::{Observation, Subject};
use crate::playbook::value::Period;
use crate::text::redact::{HIDDEN, redact};

impl Subject {
    /// The subject as JSON, the same for equal subjects: the key of recorded observations.
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

/// The check's own period, or the kind's default, in milliseconds.
pub fn millis(own: Option<Period>, kinds: Duration) -> u64 {
    own.unwrap_or(Period(kinds)).millis()
}
