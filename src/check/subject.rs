//! What to probe and what was observed: enums over the kinds, whose parts are defined in the kinds' own files.

use std::sync::Arc;

use super::prober::{Prober, since_event};
pub use super::registry::{Observation, Subject};
use super::report::ProbeResult;
use crate::text::clean_line;
use crate::text::redact::{HIDDEN, redact};

impl Subject {
    /// The subject as JSON, the same for equal subjects: the key of recorded observations.
    #[must_use]
    pub fn canonical(&self) -> Arc<str> {
        redact(&serde_json::to_string(self).unwrap_or_default()).as_ref().into()
    }

    /// Probes it once, within its own deadline, after waiting for a permit where its kind needs one. The error is a
    /// message for the operator, made safe to print.
    pub(super) async fn probe(&self, prober: &Prober) -> ProbeResult {
        let _turn = prober.turn(self.cost()).await;
        let began = prober.clock.mono();
        let timed = self.observe(prober).await;
        let since = timed.as_ref().map_or(began, |timed| since_event(&prober.clock, timed.changed, began));
        let result = timed.map(|timed| timed.seen);
        ProbeResult { began, since, result: result.map_err(|why| clean_line(&why).as_ref().into()) }
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
