//! Which incident acts on which target: an attempt locks its target until it is over and verified, and a target whose
//! scope could not be emptied is quarantined.

mod queue;

use std::collections::{BTreeMap, BTreeSet};

use crate::core::id::{AttemptId, IncidentId};
use crate::playbook::Target;

/// Attempts under way and the targets that they hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Locks {
    /// Attempts that were started and have not reported, each with its incident.
    running: BTreeMap<AttemptId, IncidentId>,
    /// Whose attempt holds which target.
    held: BTreeMap<Target, IncidentId>,
    /// Targets whose last scope could not be emptied.
    quarantine: BTreeMap<Target, (AttemptId, IncidentId)>,
}

/// What was known of an attempt whose end, or whose scope's emptying, was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAs {
    /// It was under way.
    Running,
    /// It was over, and its target was quarantined.
    Quarantined,
    /// Neither: nothing waits for it.
    Over,
}

impl Locks {
    /// Who holds a target that conflicts with this one, other than `me`.
    pub fn lock_against(&self, target: &Target, me: IncidentId) -> Option<IncidentId> {
        self.held.iter().find(|(held, by)| **by != me && held.conflicts(target)).map(|(_, by)| *by)
    }

    /// The attempt whose processes may still be at work on a target that conflicts with this one.
    pub fn quarantined(&self, target: &Target) -> Option<AttemptId> {
        self.quarantine.iter().find(|(held, _)| held.conflicts(target)).map(|(_, (attempt, _))| *attempt)
    }

    /// May an attempt of this incident act on the target?
    pub fn is_free(&self, target: &Target, me: IncidentId) -> bool {
        self.lock_against(target, me).is_none() && self.quarantined(target).is_none()
    }

    /// The incident of an attempt that is under way.
    pub fn running(&self, attempt: AttemptId) -> Option<IncidentId> {
        self.running.get(&attempt).copied()
    }

    /// The incident of an attempt for whose scope a target is quarantined.
    pub fn quarantined_by(&self, attempt: AttemptId) -> Option<IncidentId> {
        self.quarantine.values().find(|(held, _)| *held == attempt).map(|(_, id)| *id)
    }

    /// Every attempt whose scope may hold processes.
    pub fn scopes(&self) -> BTreeSet<AttemptId> {
        self.running.keys().copied().chain(self.quarantine.values().map(|(attempt, _)| *attempt)).collect()
    }

    /// Does no incident hold a target?
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// An attempt was started.
    pub(in crate::core) fn attempt_started(&mut self, attempt: AttemptId, id: IncidentId, target: &Target) {
        self.running.insert(attempt, id);
        self.lock(target, id);
    }

    /// An attempt is over, or the scope of one that is over was looked at.
    pub(in crate::core) fn attempt_ended(&mut self, attempt: AttemptId, scope_empty: bool) -> KnownAs {
        let quarantined = self.quarantined_by(attempt).is_some();
        if scope_empty {
            self.quarantine.retain(|_, (held, _)| *held != attempt);
        }
        if self.running.remove(&attempt).is_some() {
            KnownAs::Running
        } else if quarantined {
            KnownAs::Quarantined
        } else {
            KnownAs::Over
        }
    }

    /// The incident holds the target.
    pub(in crate::core) fn lock(&mut self, target: &Target, id: IncidentId) {
        self.held.insert(target.clone(), id);
    }

    /// Processes of the attempt may still be at work on the target: nobody acts there, its incident neither.
    pub(in crate::core) fn quarantine(&mut self, target: &Target, attempt: AttemptId, id: IncidentId) {
        self.quarantine.insert(target.clone(), (attempt, id));
        self.release(id);
    }

    /// The incident holds nothing any more.
    pub(in crate::core) fn release(&mut self, id: IncidentId) {
        self.held.retain(|_, by| *by != id);
    }

    /// The incident of this attempt was closed: its end is no longer awaited.
    pub(in crate::core) fn forget(&mut self, attempt: AttemptId) {
        self.running.remove(&attempt);
    }
}
