//! What is durable: the fold of every event, and nothing else. Equal journals give equal states.
//!
//! Each machine keeps a part of the state to itself. The folds say which event moves which machine;
//! nothing is decided here.

mod calls;
mod fold;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::breaker::Breakers;
use super::detector::flapping::FlappingKeys;
use super::escalation::escalations::Escalations;
use super::gate::budget::AttemptBudget;
use super::gate::contention::Contentions;
use super::gate::locks::Locks;
use super::id::Key;
use super::incident::{Incident, Incidents};
use super::success::SuccessRecord;
use super::suppression::Suppressions;
use super::time::Mono;
use crate::playbook::ContentKey;

/// Everything that outlives the process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// Number of the last event that was folded; 0 before the first.
    seq: u64,
    /// The moment of the last event, on the running clock.
    clock: Mono,
    /// The boot that the last start found.
    boot: Boot,
    /// When records were found missing at the journal's end.
    records_lost: Option<Mono>,
    /// Contents that were ever in force: name and source.
    adopted: BTreeMap<ContentKey, (Arc<str>, Arc<str>)>,
    incidents: Incidents,
    locks: Locks,
    breakers: Breakers,
    budget: AttemptBudget,
    suppressions: Suppressions,
    escalations: Escalations,
    contentions: Contentions,
    flapping: FlappingKeys,
    success: SuccessRecord,
}

/// One boot of the host, as a start found it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Boot {
    /// When the host booted, on the running clock.
    pub at: Mono,
    /// The kernel's id of that boot; none before the first start was recorded.
    pub id: Option<Arc<str>>,
}

/// Where every machine stands, to be read by decisions and by screens.
impl State {
    /// Number of the last event that was folded; 0 before the first.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The moment of the last event, on the running clock.
    pub const fn clock(&self) -> Mono {
        self.clock
    }

    /// The boot that the last start found.
    pub const fn boot(&self) -> &Boot {
        &self.boot
    }

    /// When records were last found missing at the journal's end; none where none ever were.
    pub const fn records_lost(&self) -> Option<Mono> {
        self.records_lost
    }

    /// Name of the playbook with this content, where it was ever in force.
    pub fn adopted_name(&self, content: &ContentKey) -> Option<&Arc<str>> {
        self.adopted.get(content).map(|(name, _)| name)
    }

    /// Open and closed incidents.
    pub const fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// Which incident acts on which target.
    pub const fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The breakers of all keys.
    pub const fn breakers(&self) -> &Breakers {
        &self.breakers
    }

    /// What attempts count against.
    pub const fn budget(&self) -> &AttemptBudget {
        &self.budget
    }

    /// Pauses, maintenance windows, snoozes and arming.
    pub const fn suppressions(&self) -> &Suppressions {
        &self.suppressions
    }

    /// Open calls for a human, and the outbox.
    pub const fn escalations(&self) -> &Escalations {
        &self.escalations
    }

    /// Which playbooks' remedies break each other's targets.
    pub const fn contentions(&self) -> &Contentions {
        &self.contentions
    }

    /// Keys whose fault begins again and again.
    pub const fn flapping(&self) -> &FlappingKeys {
        &self.flapping
    }

    /// What the automation came to.
    pub const fn success(&self) -> &SuccessRecord {
        &self.success
    }

    /// The open incident of a key.
    pub fn incident_of(&self, key: &Key) -> Option<&Incident> {
        self.incidents.of_key(key)
    }
}
