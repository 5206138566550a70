//! One incident and its attempts, as the journal tells them.

use std::sync::Arc;

use jiff::Timestamp;

use crate::core::command::Operator;
use crate::core::event::Recorded;
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::incident::{ApprovalRequest, AttemptStarter, Cause, Denial, Outcome};
use crate::core::plan::{AttemptReport, Digest, Plan};
use crate::core::success_counters::EntryNumber;
use crate::core::time::Mono;

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
    /// The gate denied an attempt, for this reason.
    Held(Denial),
    /// An operator's approval of this plan is awaited.
    Asking(ApprovalRequest),
    /// The attempt of this number is being carried out.
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
    /// When the approval runs out, on the running clock.
    pub expires: Mono,
}

/// One attempt of an incident, from the record of its intent to its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The attempt's number, unique in the journal.
    pub id: AttemptId,
    /// What it was to do.
    pub plan: Arc<Plan>,
    /// What the attempt came from: the engine, an approval, or an operator.
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
    /// The attempt has not ended.
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
    /// The request ran out before any operator answered it.
    Expired,
}

/// Has an incident's last attempt used up its playbook's budget?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Budget {
    /// The playbook's budget allows further attempts.
    #[default]
    Left,
    /// The attempt used up the budget, so the breaker has opened.
    Spent,
}

/// One incident as the journal tells it: the fold of all events about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The incident's number, unique in the journal.
    pub id: IncidentId,
    /// Content of the playbook and canonical target that it is about.
    pub key: Key,
    /// Name of the playbook that detected the fault.
    pub playbook: Arc<str>,
    /// When the fault began, on the running clock.
    pub since: Mono,
    /// When the incident was opened, on the running clock.
    pub opened: Mono,
    /// When the incident was opened, on the wall clock.
    pub wall: Timestamp,
    /// It was opened because nothing could be seen.
    pub blind: bool,
    /// The state that the incident is in.
    pub step: Step,
    /// Its attempts, in the order in which they were started.
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
    /// How many requests for approval it has made.
    pub generation: u32,
    /// The approval that was given and not used yet.
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
    /// How many changes of readings were recorded for it.
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
