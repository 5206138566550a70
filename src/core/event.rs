//! The events of the journal. Every durable change of the state is one of these; the journal keeps them in order,
//! chained by hash, and folding them through the machine gives the state back.

pub mod concern;
pub(super) mod display;
pub mod event_text;
mod projections;
pub mod reasons;

use std::sync::Arc;

use jiff::Timestamp;
use reasons::{BreakerReason, NotVerifiedReason, PageEndReason, WithdrawalReason};
use serde::{Deserialize, Serialize};

use super::command::reason::Reason;
use super::command::{Operator, Scope};
use super::detector::reading::Reading;
use super::id::{AttemptId, CheckRole, IncidentId, Key, MaintenanceId, PageId};
use super::incident::{ApprovalReason, ApprovalRequest, AttemptStarter, BreakerState, Cause, Denial, Outcome};
use super::plan::{AttemptReport, Digest, Plan};
use super::time::Mono;
use crate::playbook::ContentKey;

/// An event with its place in the journal and its moment on both clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Recorded {
    /// Number of the record: the first is 1, and none is left out.
    pub seq: u64,
    /// The moment on the running clock, on which durations are measured.
    pub mono: Mono,
    /// What the moment is called.
    pub wall: Timestamp,
    /// What happened at that moment, as the journal keeps it.
    pub event: Event,
}

/// One durable change of the core's state. Its JSON form is what the journal stores, so names and fields stay readable
/// for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// An engine took up its work on this journal.
    Started {
        version: Arc<str>,
        boot_id: Arc<str>,
        booted: Mono,
        /// Until when the engine before it is known to have run: from then on, nobody watched.
        #[serde(default)]
        watched_until: Option<Mono>,
    },
    /// The journal was opened, and these records, numbered `first` to `last`, were missing at its end: they had been
    /// durable once. Their numbers are given out again, from this record on.
    RecordsLost { first: u64, last: u64 },
    /// A playbook with this content came into force for the first time; kept so that open incidents keep their version.
    Adopted { content: ContentKey, name: Arc<str>, source: Arc<str> },

    /// The hold time passed: an incident.
    Opened { incident: IncidentId, key: Key, playbook: Arc<str>, since: Mono, readings: Vec<Reading> },
    /// The detector or a verifier changed its verdict while the incident is open.
    #[serde(rename = "saw")]
    ReadingChanged { incident: IncidentId, role: CheckRole, index: usize, reading: Reading },
    /// The gate said no (recorded when the denial's kind changes).
    #[serde(rename = "held")]
    Denied { incident: IncidentId, denial: Denial },
    /// In shadow: what would have been done.
    #[serde(rename = "would_have")]
    ShadowPlan { incident: IncidentId, plan: Arc<Plan> },
    /// An operator's yes is wanted.
    Asked { incident: IncidentId, request: ApprovalRequest },
    /// The yes, bound to its digest; single use.
    Approved {
        incident: IncidentId,
        generation: u32,
        digest: Digest,
        by: Operator,
        #[serde(default)]
        reason: Reason,
    },
    /// The first of two people said yes; nothing may run before the second does.
    FirstApproved { incident: IncidentId, generation: u32, digest: Digest, by: Operator, reason: Reason },
    /// The request is void: the fault cleared, or the plan changed.
    Withdrawn { incident: IncidentId, generation: u32, why: WithdrawalReason },
    /// An intent: durable before the first process starts. Consumes the approval that it names.
    Intent { incident: IncidentId, attempt: AttemptId, plan: Arc<Plan>, starter: AttemptStarter },
    /// What the attempt did: durable before verification starts.
    #[serde(rename = "ended")]
    AttemptFinished { incident: IncidentId, attempt: AttemptId, report: Arc<AttemptReport> },
    /// An intent without an outcome was found after a restart; its scope has been emptied, or could not be.
    Indeterminate { incident: IncidentId, attempt: AttemptId, scope_empty: bool },
    /// Every verifier holds; the soak begins.
    Verified { incident: IncidentId, attempt: AttemptId },
    /// The verifier's deadline passed, or the soak broke.
    NotVerified { incident: IncidentId, attempt: AttemptId, why: NotVerifiedReason },
    /// The incident was closed, with this outcome.
    Closed { incident: IncidentId, outcome: Outcome },
    /// It was healed, and failed again within the hour: it was not a fix.
    Relapsed { incident: IncidentId, by: IncidentId },

    /// A breaker changed its state.
    Breaker { key: Key, state: BreakerState, why: BreakerReason, by: Option<Operator> },
    /// A human is called: this page goes out under the key's dedup key through every channel named.
    Escalated { incident: IncidentId, page: PageId, cause: Cause, dedup: Arc<str>, to: Vec<Arc<str>> },
    /// A human is called for this target already: the incident joins that call, and its page goes out only to channels
    /// that have not heard of it.
    Joined { incident: IncidentId, page: Option<PageId>, cause: Cause, dedup: Arc<str>, to: Vec<Arc<str>> },
    /// A request for approval goes out through the channels; none where a page for the same reason is out.
    Announced { incident: IncidentId, page: Option<PageId>, why: ApprovalReason, dedup: Arc<str>, to: Vec<Arc<str>> },
    /// An incident stands under this call no longer, and others still do.
    Left { incident: IncidentId, dedup: Arc<str> },
    /// The fault of this incident began while that attempt of another one was under way.
    Suspected { incident: IncidentId, attempt: AttemptId, of: IncidentId },
    /// The escalation's end goes out under the same dedup key, in the name of the incident that the call began with:
    /// the incident that ended last, where it is another one, and why, where no outcome says it.
    Resolved {
        incident: IncidentId,
        page: PageId,
        dedup: Arc<str>,
        to: Vec<Arc<str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<IncidentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<PageEndReason>,
    },
    /// Nobody acknowledged the call through one channel in time: the same call goes out through these too.
    #[serde(rename = "called_besides")]
    EscalationWidened {
        incident: IncidentId,
        page: PageId,
        cause: Cause,
        dedup: Arc<str>,
        to: Vec<Arc<str>>,
        unanswered: Arc<str>,
    },
    /// A person has seen the call, and long after that the fault is still there: the same call goes out once more.
    CalledAgain { incident: IncidentId, page: PageId, cause: Cause, dedup: Arc<str>, to: Vec<Arc<str>> },
    /// All who were called are told that a person has seen it, under the same dedup key.
    #[serde(rename = "relayed")]
    AckForwarded { incident: IncidentId, page: PageId, by: Operator, dedup: Arc<str>, to: Vec<Arc<str>> },
    /// A page that was sent to this channel was taken: by the channel itself, or by another in its place, where it does
    /// not exist or refuses the page for good.
    Delivered {
        page: PageId,
        channel: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead: Option<Arc<str>>,
    },
    /// A person saw the page.
    Acknowledged { incident: IncidentId, by: Operator },

    /// No new attempts in this scope.
    Paused { scope: Scope, until: Option<Mono>, by: Operator, reason: Reason },
    /// The end of a pause, by hand or by its time.
    Resumed { scope: Scope, by: Option<Operator> },
    /// A maintenance window was planned.
    Scheduled { window: MaintenanceId, scope: Scope, from: Timestamp, length_ms: u64, by: Operator, reason: Reason },
    /// Its moment has come: no new attempts in its scope.
    MaintenanceBegan { window: MaintenanceId, until: Mono },
    /// Its end, by hand or by its time.
    MaintenanceEnded { window: MaintenanceId, by: Option<Operator> },
    /// One key is left alone.
    Snoozed { key: Key, until: Mono, by: Operator, reason: Reason },
    /// The end of a snooze, by hand or by its time.
    Unsnoozed { key: Key, by: Option<Operator> },
    /// The fault of a key begins again and again, or has come to rest: how often within the last hour, and with which
    /// usual time between. Journals of former versions tell instead how restless it was, in percent.
    Flapping {
        key: Key,
        flaps: bool,
        percent: u8,
        #[serde(default)]
        onsets: u32,
        #[serde(default)]
        period_ms: u64,
    },
    /// A playbook with this content may act.
    Armed { content: ContentKey, playbook: Arc<str>, by: Operator },
    /// An operator put the playbook back into shadow.
    Disarmed { content: ContentKey, playbook: Arc<str>, by: Operator },
    /// Something that the operator should know: a rejected file, a lost event source, a host budget spent.
    #[serde(rename = "noted")]
    Notice { about: Arc<str>, text: Arc<str> },
}

impl Event {
    /// The incident that this belongs to, if it belongs to one.
    #[must_use]
    pub const fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::Opened { incident, .. }
            | Self::ReadingChanged { incident, .. }
            | Self::Denied { incident, .. }
            | Self::ShadowPlan { incident, .. }
            | Self::Asked { incident, .. }
            | Self::Approved { incident, .. }
            | Self::FirstApproved { incident, .. }
            | Self::Withdrawn { incident, .. }
            | Self::Intent { incident, .. }
            | Self::AttemptFinished { incident, .. }
            | Self::Indeterminate { incident, .. }
            | Self::Verified { incident, .. }
            | Self::NotVerified { incident, .. }
            | Self::Closed { incident, .. }
            | Self::Relapsed { incident, .. }
            | Self::Escalated { incident, .. }
            | Self::Joined { incident, .. }
            | Self::Announced { incident, .. }
            | Self::Suspected { incident, .. }
            | Self::Left { incident, .. }
            | Self::Resolved { incident, .. }
            | Self::EscalationWidened { incident, .. }
            | Self::CalledAgain { incident, .. }
            | Self::AckForwarded { incident, .. }
            | Self::Acknowledged { incident, .. } => Some(*incident),
            Self::Started { .. }
            | Self::RecordsLost { .. }
            | Self::Adopted { .. }
            | Self::Breaker { .. }
            | Self::Delivered { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. }
            | Self::Scheduled { .. }
            | Self::MaintenanceBegan { .. }
            | Self::MaintenanceEnded { .. }
            | Self::Snoozed { .. }
            | Self::Unsnoozed { .. }
            | Self::Flapping { .. }
            | Self::Armed { .. }
            | Self::Disarmed { .. }
            | Self::Notice { .. } => None,
        }
    }
}
