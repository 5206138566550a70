//! Incidents that were denied, by what ends the denial: when it happens, the gate is asked again.

use super::Core;
use crate::core::id::IncidentId;
use crate::core::time::timers::Timer;

/// What ends a denial, other than time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::core) enum BlockedOn {
    /// A pause or a maintenance window ends.
    Pause,
    /// A snooze ends.
    Snooze,
    /// A dependency heals.
    Need,
    /// A lock is released.
    Lock,
    /// A storm ends.
    Storm,
    /// The mode changes.
    Mode,
    /// Records can be written again.
    Recording,
}

impl Core {
    /// Asks the gate again for all that wait for this.
    pub(in crate::core) fn wake(&mut self, wait: BlockedOn) {
        for id in self.waiting(wait) {
            self.advance(id);
        }
    }

    /// Who waits for this, in order of age.
    pub(in crate::core) fn waiting(&self, wait: BlockedOn) -> Vec<IncidentId> {
        let range = (wait, IncidentId(0))..=(wait, IncidentId(u64::MAX));
        self.waits.range(range).map(|(_, id)| *id).collect()
    }

    pub(in crate::core) fn stop_waiting(&mut self, id: IncidentId) {
        const ALL: [BlockedOn; 7] = [
            BlockedOn::Pause,
            BlockedOn::Snooze,
            BlockedOn::Need,
            BlockedOn::Lock,
            BlockedOn::Storm,
            BlockedOn::Mode,
            BlockedOn::Recording,
        ];
        for wait in ALL {
            self.waits.remove(&(wait, id));
        }
        self.timers.cancel(&Timer::Incident(id));
    }
}
