//! What is durable: the fold of every event, and nothing else. Equal journals give equal states.

mod incident;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::automation_gaps::Lacks;
use super::breaker::Breaker;
use super::calls::Call;
use super::command::{Operator, Scope};
use super::contention::Contentions;
use super::counters::Totals;
use super::flapping::FlappingState;
use super::id::{AttemptId, IncidentId, Key, MaintenanceId, PageId};
use super::maintenance::Maintenance;
use super::reason::Reason;
use super::success_counters::{EntryNumber, SuccessCounters};
use super::time::Mono;
use super::window::Window;
use crate::playbook::{ContentKey, Target};

pub use incident::{Approval, Attempt, AttemptEnd, Budget, Escalation, Incident, RequestAnswer, Step};

/// Closed incidents kept whole.
pub const KEPT_CLOSED: usize = 50;
/// Changes of reading kept in one incident's story.
pub const KEPT_SAWS: usize = 64;
/// Events kept in one incident's story; the journal has the rest.
pub const KEPT_STORY: usize = 1000;

/// Everything that outlives the process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// Number of the last event that was folded; 0 before the first.
    pub seq: u64,
    /// The moment of the last event, on the running clock.
    pub clock: Mono,
    /// When the host booted, as the last start said.
    pub booted: Mono,
    /// The kernel's id of that boot; none before the first start was recorded.
    pub boot_id: Option<Arc<str>>,
    /// When records were found missing at the journal's end.
    pub records_lost: Option<Mono>,
    /// Contents that were ever in force: name and source.
    pub adopted: BTreeMap<ContentKey, (Arc<str>, Arc<str>)>,
    /// Every incident that is not closed, by its number.
    pub open: BTreeMap<IncidentId, Incident>,
    /// The open incident of a key; at most one.
    pub by_key: HashMap<Key, IncidentId>,
    /// The latest closed incidents, oldest first.
    pub closed: VecDeque<Arc<Incident>>,
    /// Attempts that were started and have not reported, each with its incident.
    pub running: BTreeMap<AttemptId, IncidentId>,
    /// Whose attempt holds which target, until it is over and verified.
    pub locks: BTreeMap<Target, IncidentId>,
    /// Targets whose last scope could not be emptied.
    pub quarantine: BTreeMap<Target, (AttemptId, IncidentId)>,
    /// Breakers that were ever invoked.
    pub breakers: HashMap<Key, Breaker>,
    /// When attempts were started, of whichever playbook: what the host's budget counts.
    pub host: Window,
    /// Pauses in force.
    pub pauses: BTreeMap<Scope, Pause>,
    /// Maintenance windows that are not over.
    pub windows: BTreeMap<MaintenanceId, Maintenance>,
    /// Snoozes in force.
    pub snoozes: HashMap<Key, (Operator, Mono, Reason)>,
    /// What an operator last decided for a content: armed, or back to shadow.
    pub armed: HashMap<ContentKey, bool>,
    /// Contents that have made a live attempt.
    pub lived: HashSet<ContentKey>,
    /// Pages and the channels that have not taken them yet.
    pub outbox: BTreeMap<PageId, Outgoing>,
    /// The open calls for a human, by the key under which each goes out and is resolved.
    pub calls: BTreeMap<Arc<str>, Call>,
    /// Attempts on each target whose playbooks share one budget.
    pub attempts_on: BTreeMap<Target, Window>,
    /// Which playbook's attempts broke another's target.
    pub contention: Contentions,
    /// What the success rate is computed from.
    pub tally: SuccessCounters,
    /// Counts that only rise, for metrics.
    pub totals: Totals,
    /// What called a human with nothing to try, or was only recorded.
    pub lacks: Lacks,
    /// When and as which incident a key healed, in the last 7 days.
    pub healed: HashMap<Key, VecDeque<Healing>>,
    /// Keys that healed more often than is well.
    pub frequent: BTreeSet<Key>,
    /// Keys whose fault begins again and again.
    pub flapping: BTreeMap<Key, FlappingState>,
    /// The numbers last given.
    pub last: Last,
}

/// The highest numbers that were given out so far; the next of each kind is one more. 0 means that none was given yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Last {
    /// Number of the latest incident.
    pub incident: u64,
    /// Number of the latest attempt.
    pub attempt: u64,
    /// Number of the latest page.
    pub page: u64,
    /// Number of the latest maintenance window.
    pub maintenance: u64,
}

/// A pause that an operator ordered, of the host or of a playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Pause {
    /// When the pause began, on the running clock.
    pub since: Mono,
    /// When it ends, on the running clock; none means when somebody resumes it.
    pub until: Option<Mono>,
    /// The operator who paused it.
    pub by: Operator,
    /// Why it was paused, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// One healing of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Healing {
    /// When the incident was closed as healed, on the running clock.
    pub mono: Mono,
    /// The same moment on the wall clock.
    pub wall: Timestamp,
    /// The incident that was healed.
    pub incident: IncidentId,
    /// Its entry in the tally.
    pub place: Option<EntryNumber>,
}

/// A page on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// These channels have not taken it yet.
    To(BTreeSet<Arc<str>>),
    /// No channel was named: the first that takes it will do.
    Any,
}

impl State {
    /// The open incident of a key.
    pub fn incident_of(&self, key: &Key) -> Option<&Incident> {
        self.by_key.get(key).and_then(|id| self.open.get(id))
    }

    /// Attempts on this target, where all its playbooks share one budget.
    pub fn shared_attempts(&self, target: &Target) -> Option<&Window> {
        self.attempts_on.get(target)
    }

    /// Who holds a target that conflicts with this one, other than `me`.
    pub fn lock_against(&self, target: &Target, me: IncidentId) -> Option<IncidentId> {
        self.locks.iter().find(|(held, by)| **by != me && held.conflicts(target)).map(|(_, by)| *by)
    }

    /// The attempt whose processes may still be at work on a target that conflicts with this one.
    pub fn quarantined(&self, target: &Target) -> Option<AttemptId> {
        self.quarantine.iter().find(|(held, _)| held.conflicts(target)).map(|(_, (attempt, _))| *attempt)
    }
}
