//! Which checks of a key are read from now on, and what its timeline keeps.

use std::sync::Arc;

use crate::core::detector::reading::Reading;
use crate::core::event::Event;
use crate::core::id::{CheckRole, Key, WatchId};
use crate::core::machine::Core;
use crate::core::machine::effect::{Cadence, Effect};
use crate::core::machine::history_view::moment;

impl Core {
    /// What the detector's checks said last.
    pub(in crate::core) fn detector_readings(&self, key: &Key) -> Vec<Reading> {
        self.keys.get(key).map(|watched| watched.detector.iter().flatten().cloned().collect()).unwrap_or_default()
    }

    /// Reads one side's checks from now on, so often.
    pub(in crate::core) fn watch(&mut self, key: &Key, role: CheckRole, cadence: Cadence) {
        let Some(playbook) = self.book(&key.content) else { return };
        let checks = match role {
            CheckRole::Detector => &playbook.detect.checks,
            CheckRole::Verifier => &playbook.verify.checks,
        };
        for (index, check) in checks.iter().enumerate() {
            let watch = WatchId { key: key.clone(), role, index };
            self.out.push(Effect::Watch { watch, check: Arc::new(check.clone()), cadence });
        }
    }

    /// Stops all watches of one side of a playbook's checks; `count` is how many checks that side has.
    pub(in crate::core) fn unwatch(&mut self, key: &Key, role: CheckRole, count: usize) {
        for index in 0..count {
            self.out.push(Effect::Unwatch(WatchId { key: key.clone(), role, index }));
        }
    }

    /// Puts an event on its key's timeline.
    pub(in crate::core) fn mark(&mut self, event: &Event) {
        let Some(moment) = moment(event) else { return };
        let key = event.incident().and_then(|id| self.state.incidents().get(id)).map(|incident| &incident.key);
        if let Some(watched) = key.and_then(|key| self.keys.get_mut(key)) {
            watched.mark(self.now.mono, moment);
        }
    }
}
