//! Units that changed and have not been read yet. It holds each unit once, and beyond a limit only that everything must
//! be read again, so that a signal can always be taken without waiting.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::host::systemd::SystemdSignal;

/// How many units are named; more mean everything.
const UNITS: usize = 4096;

/// The units that changed since the last call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The names of the units that changed.
    Units(BTreeSet<Arc<str>>),
    /// More units than are named: all must be read again.
    Everything,
}

/// The changes that have not been taken yet.
#[derive(Debug)]
pub struct PendingChanges {
    changed: Mutex<Changed>,
    news: Notify,
}

impl Default for PendingChanges {
    fn default() -> Self {
        Self { changed: Mutex::new(Changed::Units(BTreeSet::new())), news: Notify::new() }
    }
}

impl PendingChanges {
    /// Notes the unit that a signal is about.
    pub fn note(&self, change: &SystemdSignal) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        match (change, &mut *changed) {
            (SystemdSignal::Unit { id, .. }, Changed::Units(units)) if units.len() < UNITS || units.contains(id) => {
                units.insert(id.clone());
            }
            (SystemdSignal::Unit { .. } | SystemdSignal::Reloaded, _) => *changed = Changed::Everything,
            (SystemdSignal::JobNew { .. } | SystemdSignal::JobRemoved { .. }, _) => return,
        }
        self.news.notify_one();
    }

    /// Waits for a change, and takes all pending ones.
    pub async fn take(&self) -> Changed {
        loop {
            {
                let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
                let nothing = Changed::Units(BTreeSet::new());
                if *changed != nothing {
                    return std::mem::replace(&mut *changed, nothing);
                }
            }
            self.news.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(id: &str) -> SystemdSignal {
        SystemdSignal::Unit { id: id.into(), state: None }
    }

    #[tokio::test]
    async fn a_burst_of_signals_is_taken_without_waiting_and_stays_bounded() {
        let pending = PendingChanges::default();
        for _ in 0..100_000 {
            pending.note(&unit("a"));
            pending.note(&unit("b"));
            pending.note(&SystemdSignal::JobNew { id: 1, unit: "c".into() });
        }
        assert_eq!(pending.take().await, Changed::Units(["a".into(), "b".into()].into()));
        for number in 0..100_000 {
            pending.note(&unit(&number.to_string()));
        }
        assert_eq!(pending.take().await, Changed::Everything);
        pending.note(&unit("a"));
        pending.note(&SystemdSignal::Reloaded);
        assert_eq!(pending.take().await, Changed::Everything);
        let later = async { pending.note(&unit("d")) };
        assert_eq!(tokio::join!(pending.take(), later).0, Changed::Units(["d".into()].into()));
    }
}
