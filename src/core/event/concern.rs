//! What an event is about, classified once, so that a fold names what it uses and nothing is forgotten: a new event has to
//! find its concern here, and a new kind within a concern has to be answered wherever that concern is matched.

use std::sync::Arc;

use super::Event;
use super::reasons::{NotVerifiedReason, PageEndReason};
use crate::core::command::{Operator, Scope};
use crate::core::detector::reading::Reading;
use crate::core::id::{AttemptId, CheckRole, IncidentId, Key, PageId};
use crate::core::incident::{ApprovalReason, ApprovalRequest, AttemptStarter, Cause, Denial, Outcome};
use crate::core::plan::{AttemptReport, Plan};
use crate::core::time::Mono;
use crate::playbook::ContentKey;

/// What an event is about, with what folds outside the state machine use of it.
#[derive(Debug, Clone, Copy)]
pub enum Concern<'a> {
    /// The engine itself, its journal, or the contents of its playbooks.
    Engine(EngineEvent<'a>),
    /// The begin and end of an incident.
    Incident(IncidentEvent<'a>),
    /// A check of an open incident changed its verdict.
    Reading(ReadingEvent<'a>),
    /// What the gate or an operator decided about a plan.
    Decision(DecisionEvent<'a>),
    /// An attempt's way from its intent to its judgement.
    Attempt(AttemptEvent<'a>),
    /// Something that goes out through channels.
    Page(PageEvent<'a>),
    /// What became of a page that is out.
    Call(CallEvent),
    /// A rule over attempts: breakers, pauses, snoozes, arming.
    Rule(RuleEvent<'a>),
}

/// An event of the engine, its journal or its playbooks.
#[derive(Debug, Clone, Copy)]
pub enum EngineEvent<'a> {
    /// An engine took up its work; until then nobody watched, from the moment given.
    Started { watched_until: Option<Mono> },
    /// Records at the journal's end were lost.
    RecordsLost,
    /// A playbook's content came into force for the first time.
    Adopted { content: &'a ContentKey, name: &'a Arc<str> },
    /// A message for the operator.
    Notice { about: &'a Arc<str>, text: &'a Arc<str> },
}

/// The begin and end of an incident.
#[derive(Debug, Clone, Copy)]
pub enum IncidentEvent<'a> {
    /// The hold time passed.
    Opened { incident: IncidentId, key: &'a Key, playbook: &'a Arc<str>, since: Mono, readings: &'a [Reading] },
    /// The incident is over.
    Closed { incident: IncidentId, outcome: &'a Outcome },
    /// It failed again soon after it was healed.
    Relapsed { incident: IncidentId },
    /// It began while the attempt of another incident was under way.
    Suspected,
}

/// One check of an open incident, and what it says now.
#[derive(Debug, Clone, Copy)]
pub struct ReadingEvent<'a> {
    /// Whether the check belongs to the detector or to the verifier.
    pub role: CheckRole,
    /// Position of the check in that list, from 0.
    pub index: usize,
    /// What the check saw, and what its condition makes of it.
    pub reading: &'a Reading,
}

/// What the gate or an operator decided about a plan.
#[derive(Debug, Clone, Copy)]
pub enum DecisionEvent<'a> {
    /// The gate denied it.
    Denied(&'a Denial),
    /// It would have run outside of shadow mode.
    ShadowPlan { incident: IncidentId, plan: &'a Arc<Plan> },
    /// An operator's approval is wanted.
    Asked(&'a ApprovalRequest),
    /// An operator approved it, and it may run.
    Approved,
    /// The first of two operators approved it.
    FirstApproved,
    /// The request for approval became void.
    Withdrawn,
}

/// One step of an attempt's way.
#[derive(Debug, Clone, Copy)]
pub enum AttemptEvent<'a> {
    /// Its intent is durable, and it starts.
    Started { attempt: AttemptId, plan: &'a Arc<Plan>, starter: &'a AttemptStarter },
    /// Its processes are over, and this is what they did.
    Finished { attempt: AttemptId, report: &'a Arc<AttemptReport> },
    /// The engine was interrupted while it ran, so what it did is unknown.
    Indeterminate { attempt: AttemptId },
    /// Every verifier holds after it.
    Verified { attempt: AttemptId },
    /// It did not fix the fault.
    NotVerified { attempt: AttemptId, why: &'a NotVerifiedReason },
}

impl AttemptEvent<'_> {
    /// The attempt's number.
    #[must_use]
    pub const fn attempt(&self) -> AttemptId {
        match self {
            Self::Started { attempt, .. }
            | Self::Finished { attempt, .. }
            | Self::Indeterminate { attempt }
            | Self::Verified { attempt }
            | Self::NotVerified { attempt, .. } => *attempt,
        }
    }
}

/// Something that goes out through channels.
#[derive(Debug, Clone, Copy)]
pub struct PageEvent<'a> {
    /// The incident that it is sent for.
    pub incident: IncidentId,
    /// The page's number; none where the channels know already.
    pub page: Option<PageId>,
    /// The key under which receivers take several pages for one call.
    pub dedup: &'a Arc<str>,
    /// What is said.
    pub occasion: PageOccasion<'a>,
}

/// What a page says.
#[derive(Debug, Clone, Copy)]
pub enum PageOccasion<'a> {
    /// A human is called.
    Escalated(&'a Cause),
    /// One more incident joins a call.
    Joined(&'a Cause),
    /// An approval is requested.
    Announced(&'a ApprovalReason),
    /// Nobody acknowledged the call through one channel, so others hear of it.
    Widened { cause: &'a Cause, unanswered: &'a Arc<str> },
    /// The call is repeated, because the fault is still there.
    CalledAgain(&'a Cause),
    /// Somebody has acknowledged the call.
    AckForwarded(&'a Operator),
    /// The call is over.
    Resolved { ended: Option<IncidentId>, why: Option<&'a PageEndReason> },
}

/// What became of a page that is out.
#[derive(Debug, Clone, Copy)]
pub enum CallEvent {
    /// A channel took it.
    Delivered { page: PageId },
    /// A person saw it.
    Acknowledged,
    /// An incident stands under it no longer.
    Left,
}

/// A rule over attempts was set, changed or ended.
#[derive(Debug, Clone, Copy)]
pub enum RuleEvent<'a> {
    /// A breaker changed its state.
    Breaker(&'a Key),
    /// A target was snoozed, or its snooze ended.
    Snooze(&'a Key),
    /// A target began to flap, or came to rest.
    Flapping(&'a Key),
    /// A pause began or ended.
    Pause(&'a Scope),
    /// A maintenance window was planned, began or ended.
    Maintenance,
    /// A playbook's content was armed or disarmed.
    Arming(&'a ContentKey),
}

impl Event {
    /// What this is about.
    #[must_use]
    pub fn concern(&self) -> Concern<'_> {
        use Concern::{Attempt, Call, Decision, Engine, Incident, Reading, Rule};
        let page = |incident: &IncidentId, page, dedup, occasion| {
            Concern::Page(PageEvent { incident: *incident, page, dedup, occasion })
        };
        match self {
            Self::Started { watched_until, .. } => Engine(EngineEvent::Started { watched_until: *watched_until }),
            Self::RecordsLost { .. } => Engine(EngineEvent::RecordsLost),
            Self::Adopted { content, name, .. } => Engine(EngineEvent::Adopted { content, name }),
            Self::Notice { about, text } => Engine(EngineEvent::Notice { about, text }),
            Self::Opened { incident, key, playbook, since, readings } => {
                Incident(IncidentEvent::Opened { incident: *incident, key, playbook, since: *since, readings })
            }
            Self::Closed { incident, outcome } => Incident(IncidentEvent::Closed { incident: *incident, outcome }),
            Self::Relapsed { incident, .. } => Incident(IncidentEvent::Relapsed { incident: *incident }),
            Self::Suspected { .. } => Incident(IncidentEvent::Suspected),
            Self::ReadingChanged { role, index, reading, .. } => {
                Reading(ReadingEvent { role: *role, index: *index, reading })
            }
            Self::Denied { denial, .. } => Decision(DecisionEvent::Denied(denial)),
            Self::ShadowPlan { incident, plan } => Decision(DecisionEvent::ShadowPlan { incident: *incident, plan }),
            Self::Asked { request, .. } => Decision(DecisionEvent::Asked(request)),
            Self::Approved { .. } => Decision(DecisionEvent::Approved),
            Self::FirstApproved { .. } => Decision(DecisionEvent::FirstApproved),
            Self::Withdrawn { .. } => Decision(DecisionEvent::Withdrawn),
            Self::Intent { attempt, plan, starter, .. } => {
                Attempt(AttemptEvent::Started { attempt: *attempt, plan, starter })
            }
            Self::AttemptFinished { attempt, report, .. } => {
                Attempt(AttemptEvent::Finished { attempt: *attempt, report })
            }
            Self::Indeterminate { attempt, .. } => Attempt(AttemptEvent::Indeterminate { attempt: *attempt }),
            Self::Verified { attempt, .. } => Attempt(AttemptEvent::Verified { attempt: *attempt }),
            Self::NotVerified { attempt, why, .. } => Attempt(AttemptEvent::NotVerified { attempt: *attempt, why }),
            Self::Escalated { incident, page: id, cause, dedup, .. } => {
                page(incident, Some(*id), dedup, PageOccasion::Escalated(cause))
            }
            Self::Joined { incident, page: id, cause, dedup, .. } => {
                page(incident, *id, dedup, PageOccasion::Joined(cause))
            }
            Self::Announced { incident, page: id, why, dedup, .. } => {
                page(incident, *id, dedup, PageOccasion::Announced(why))
            }
            Self::EscalationWidened { incident, page: id, cause, dedup, unanswered, .. } => {
                page(incident, Some(*id), dedup, PageOccasion::Widened { cause, unanswered })
            }
            Self::CalledAgain { incident, page: id, cause, dedup, .. } => {
                page(incident, Some(*id), dedup, PageOccasion::CalledAgain(cause))
            }
            Self::AckForwarded { incident, page: id, by, dedup, .. } => {
                page(incident, Some(*id), dedup, PageOccasion::AckForwarded(by))
            }
            Self::Resolved { incident, page: id, dedup, ended, why, .. } => {
                page(incident, Some(*id), dedup, PageOccasion::Resolved { ended: *ended, why: why.as_ref() })
            }
            Self::Delivered { page, .. } => Call(CallEvent::Delivered { page: *page }),
            Self::Acknowledged { .. } => Call(CallEvent::Acknowledged),
            Self::Left { .. } => Call(CallEvent::Left),
            Self::Breaker { key, .. } => Rule(RuleEvent::Breaker(key)),
            Self::Snoozed { key, .. } | Self::Unsnoozed { key, .. } => Rule(RuleEvent::Snooze(key)),
            Self::Flapping { key, .. } => Rule(RuleEvent::Flapping(key)),
            Self::Paused { scope, .. } | Self::Resumed { scope, .. } => Rule(RuleEvent::Pause(scope)),
            Self::Scheduled { .. } | Self::MaintenanceBegan { .. } | Self::MaintenanceEnded { .. } => {
                Rule(RuleEvent::Maintenance)
            }
            Self::Armed { content, .. } | Self::Disarmed { content, .. } => Rule(RuleEvent::Arming(content)),
        }
    }
}
