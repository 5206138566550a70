//! What is durable: the fold of every event, and nothing else. Equal journals give equal states.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::automation_gaps::Lacks;
use super::breaker::Breaker;
use super::calls::Call;
use super::command::{Operator, Scope};
use super::contention::Contentions;
use super::counters::Totals;
use super::event::Recorded;
use super::flapping::FlappingState;
use super::id::{AttemptId, IncidentId, Key, MaintenanceId, PageId};
use super::incident::{ApprovalRequest, AttemptStarter, Cause, Denial, Outcome};
use super::maintenance::Maintenance;
use super::plan::{AttemptReport, Digest, Plan};
use super::reason::Reason;
use super::success_counters::{EntryNumber, SuccessCounters};
use super::time::Mono;
use super::window::Window;
use crate::playbook::{ContentKey, Target};

/// Closed incidents kept whole.
pub const KEPT_CLOSED: usize = 50;
/// Changes of reading kept in one incident's story.
pub const KEPT_SAWS: usize = 64;
/// Events kept in one incident's story; the journal has the rest.
pub const KEPT_STORY: usize = 1000;

/// Everything that outlives the process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// The last event's number.
    pub seq: u64,
    /// The last event's moment.
    pub clock: Mono,
    /// When the host booted, as the last start said.
    pub booted: Mono,
    /// The boot it said.
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
    /// Attempts over all playbooks.
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
    /// The success rate's counters.
    pub tally: SuccessCounters,
    /// What was ever counted.
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

/// A pause in force.
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

/// An incident's part in a call for a human.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    /// Why a human is called for this incident.
    pub cause: Cause,
    /// The call that it stands under; several incidents of one target share one.
    pub dedup: Arc<str>,
}

/// Where an incident stands, without what follows from its playbook (deadlines).
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The gate is being asked.
    Firing,
    /// The gate said no.
    Held(Denial),
    /// An operator's approval of this plan is awaited.
    Asking(ApprovalRequest),
    /// An attempt runs.
    Remediating(AttemptId),
    /// Readings that begin after `since` are awaited.
    Verifying { attempt: AttemptId, since: Mono },
    /// Verified at `since`; only readings that began after `clean` count.
    Soaking { attempt: AttemptId, since: Mono, clean: Mono },
    /// A human was called.
    Escalated(Cause),
    /// The incident is over since that moment, with this outcome.
    Closed { outcome: Outcome, mono: Mono, wall: Timestamp },
}

/// A yes that has not been used yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// Generation of the request that was approved; the approval is void for a later one.
    pub generation: u32,
    /// Digest of the plan that was approved; no other plan may be run by it.
    pub digest: Digest,
    /// The operator who approved it.
    pub by: Operator,
    /// Void after this.
    pub expires: Mono,
}

/// One attempt of an incident, from the record of its intent to its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The attempt's number, unique in the journal.
    pub id: AttemptId,
    /// What it was to do.
    pub plan: Arc<Plan>,
    /// Who started it.
    pub starter: AttemptStarter,
    /// When its intent was recorded.
    pub started: Mono,
    /// It is the half-open breaker's probe, whoever started it.
    pub probe: bool,
    /// A human had been called before it started.
    pub after_page: bool,
    /// Every verifier held after it, and went on holding as far as is known.
    pub verified: bool,
    /// When its end was recorded.
    pub ended: Option<Mono>,
    /// How it ended.
    pub end: AttemptEnd,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptEnd {
    /// It has not.
    Runs,
    /// The executor reported how each step went.
    Reported(Arc<AttemptReport>),
    /// Its outcome is unknown after a crash.
    Indeterminate,
}

/// How an incident's last request for approval was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequestAnswer {
    /// Not yet, or not at all.
    #[default]
    Open,
    /// With a yes, whatever became of that; until the channels hear of another request.
    Approved,
    /// Nobody answered in time.
    Expired,
}

/// Has an incident's last attempt used up its playbook's budget?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Budget {
    /// More attempts may follow.
    #[default]
    Left,
    /// It opened the breaker.
    Spent,
}

/// One incident as the journal tells it: the fold of all events about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The incident's number, unique in the journal.
    pub id: IncidentId,
    /// Content of the playbook and canonical target that it is about.
    pub key: Key,
    /// Its playbook's name.
    pub playbook: Arc<str>,
    /// When the fault began.
    pub since: Mono,
    /// When it was opened.
    pub opened: Mono,
    /// The same by name.
    pub wall: Timestamp,
    /// It was opened because nothing could be seen.
    pub blind: bool,
    /// Where it stands.
    pub step: Step,
    /// Attempts so far.
    pub attempts: Vec<Attempt>,
    /// Rungs done with: the next is this, modulo the ladder.
    pub tried: usize,
    /// Attempts that did not verify, since the start or an operator's reset.
    pub failed: u32,
    /// Its last attempt spent the budget: a human is called as soon as that attempt's verification is settled.
    pub budget: Budget,
    /// A human is called for it.
    pub escalation: Option<Escalation>,
    /// The call that announced its request for approval, until the request is answered.
    pub announced: Option<Arc<str>>,
    /// Since when the gate has denied it without a break, where such a denial calls a human in the end.
    pub denied_since: Option<Mono>,
    /// Requests so far.
    pub generation: u32,
    /// An unused yes.
    pub yes: Option<Approval>,
    /// How its last request for approval was answered.
    pub answer: RequestAnswer,
    /// A person has seen the page.
    pub acknowledged: Option<Operator>,
    /// What would have been done was recorded.
    pub shadowed: bool,
    /// Its entry in the tally.
    pub place: Option<EntryNumber>,
    /// Every event of it; changes of reading up to a bound.
    pub story: Vec<Arc<Recorded>>,
    /// Changes of reading so far.
    pub saws: usize,
}

impl Incident {
    /// Nothing runs and nothing is being verified.
    pub const fn rests(&self) -> bool {
        matches!(self.step, Step::Firing | Step::Held(_) | Step::Asking(_) | Step::Escalated(_))
    }

    /// Something was attempted, or a human was called: only the verifier ends it.
    pub const fn ends_by_verifier(&self) -> bool {
        !self.attempts.is_empty() || self.escalation.is_some()
    }

    /// Where it stands between attempts.
    pub fn resting(&self) -> Step {
        self.escalation.as_ref().map_or(Step::Firing, |escalation| Step::Escalated(escalation.cause.clone()))
    }

    /// The attempt that was started last; none where nothing was attempted yet.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Every verifier held after this attempt, or no longer does.
    pub fn judge_attempt(&mut self, id: AttemptId, verified: bool) {
        if let Some(attempt) = self.attempts.iter_mut().rev().find(|attempt| attempt.id == id) {
            attempt.verified = verified;
        }
    }

    /// The attempt of this number.
    pub fn attempt(&self, id: AttemptId) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|attempt| attempt.id == id)
    }
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
