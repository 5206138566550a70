//! What the machine waits for: one deadline per subject, the nearest at hand.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Mono;
use crate::core::command::Scope;
use crate::core::id::{AttemptId, IncidentId, Key, MaintenanceId, PageId};

/// What a deadline is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A pause ends.
    Pause(Scope),
    /// A maintenance window begins or ends.
    Maintenance(MaintenanceId),
    /// A snooze ends.
    Snooze(Key),
    /// An open breaker's cooldown ends.
    Breaker(Key),
    /// A hold time has passed.
    Hold(Key),
    /// A key has been unknown for too long.
    Blind(Key),
    /// A survey saw something else than the watch told last: it is looked at again.
    Look(Key),
    /// A key's latest onset counts, or what flapped has come to rest.
    Alternation(Key),
    /// A fault has been gone for long enough to be believed.
    Settle(Key),
    /// What the incident's step waits for.
    Incident(IncidentId),
    /// A denial has left a fault standing for as long as nobody need know of it.
    Denied(IncidentId),
    /// What recovers has stayed so for its soak.
    Recovery(IncidentId),
    /// What was open as a storm before a start has had its time to be read.
    Storm,
    /// systemd has not answered for too long.
    Silence,
    /// Nobody acknowledged this escalation's call through that channel.
    Unanswered(PageId, Arc<str>),
    /// A person saw this escalation's call, and the fault is still there long after.
    Again(PageId),
    /// A lost or unending attempt's scope is emptied again.
    Scope(AttemptId),
}

/// Every deadline that the core waits for, at most one per [`Timer`], sorted so that the earliest is found at once.
#[derive(Debug, Clone, Default)]
pub struct Timers {
    at: HashMap<Timer, Mono>,
    order: BTreeSet<(Mono, Timer)>,
}

impl Timers {
    /// Waits until `at`, and no longer for what this timer stood for.
    pub fn set(&mut self, timer: Timer, at: Mono) {
        match self.at.insert(timer.clone(), at) {
            Some(former) if former == at => return,
            Some(former) => {
                self.order.remove(&(former, timer.clone()));
            }
            None => {}
        }
        self.order.insert((at, timer));
    }

    /// Drops this timer's deadline; does nothing where it has none.
    pub fn cancel(&mut self, timer: &Timer) {
        if let Some(at) = self.at.remove(timer) {
            self.order.remove(&(at, timer.clone()));
        }
    }

    /// The earliest deadline, on the running clock; none where nothing is waited for.
    pub fn next(&self) -> Option<Mono> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes one that is due.
    pub fn due(&mut self, now: Mono) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.order.pop_first()?;
        self.at.remove(&timer);
        Some(timer)
    }
}
