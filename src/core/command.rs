//! What an operator can ask for, and how it can be refused.

pub(super) mod handler;
pub(super) mod reason;

use std::sync::Arc;

use jiff::Timestamp;
use reason::Reason;
use serde::{Deserialize, Serialize};

use super::id::{IncidentId, Key, MaintenanceId};
use super::plan::Digest;
use crate::playbook::value::Period;

/// A person, known by kernel uid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Operator {
    /// The user's number, as the kernel tells it.
    pub uid: u32,
    /// The account's name, cleaned.
    pub name: Arc<str>,
    /// Under sudo: the login uid's name. A claim, not a proof.
    pub login: Option<Arc<str>>,
    /// The uid that the session was opened with, where the kernel knows of one: sudo and su leave it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uid: Option<u32>,
    /// The terminal, as `pts/3`. A claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<Arc<str>>,
    /// Where the SSH session comes from, as `192.0.2.7`. A claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Arc<str>>,
}

impl Operator {
    /// Can these two be one person? By the uid that each logged in with; where one of them is not known to have logged
    /// in, the uid that both act under decides as well.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let person = |operator: &Self| operator.login_uid.unwrap_or(operator.uid);
        let both_known = self.login_uid.is_some() && other.login_uid.is_some();
        person(self) == person(other) || (self.uid == other.uid && !both_known)
    }
}

/// How far an operator's rights reach, as far as the machine's own decisions depend on it. Whether a command may be
/// given at all is judged before it comes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// May run what is armed.
    RunArmed,
    /// May decide what acts, so may also run what nobody armed.
    Arm,
}

/// What a pause or its end is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every playbook on this host.
    Host,
    /// One playbook, by name.
    Playbook(Arc<str>),
}

/// What an operator can ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Yes to exactly what was shown.
    Approve {
        incident: IncidentId,
        digest: Digest,
        #[serde(default)]
        reason: Reason,
    },
    /// Decline the plan of this incident, and why.
    Decline { incident: IncidentId, reason: Reason },
    /// No new attempts; without a length, until resumed.
    Pause { scope: Scope, length: Option<Period>, reason: Reason },
    /// The end of a pause.
    Resume { scope: Scope },
    /// No new attempts from that moment on, for so long.
    Schedule { scope: Scope, from: Timestamp, length: Period, reason: Reason },
    /// The end of a maintenance window, begun or not.
    Unschedule { window: MaintenanceId },
    /// Leave one target alone under one playbook for so long.
    Snooze { key: Key, length: Period, reason: Reason },
    /// The end of a snooze.
    Unsnooze { key: Key },
    /// Let this playbook, with exactly this content, act as its `mode` says.
    Arm { playbook: Arc<str> },
    /// Put a playbook back into shadow: it detects and records, and does nothing.
    Disarm { playbook: Arc<str> },
    /// Run a playbook's first rung on one target now, through the whole gate but its mode.
    RunNow { key: Key },
    /// Close a latched or open breaker by hand.
    ResetBreaker { key: Key, reason: Reason },
    /// Latch a breaker by hand.
    LatchBreaker { key: Key, reason: Reason },
    /// A page was seen by a person.
    Acknowledge { incident: IncidentId },
    /// End an open incident by hand.
    Close { incident: IncidentId, reason: Reason },
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The incident is not there, or no longer open.
    #[error("incident {0} is not open")]
    NoSuchIncident(IncidentId),
    /// Nothing waits for a yes there (any more).
    #[error("incident {0} does not await approval")]
    NotAsking(IncidentId),
    /// A second person is needed, and this is the first again.
    #[error("you have already approved it: high risk needs approval by a second person")]
    SecondPerson,
    /// What was approved is not what would be run.
    #[error("not run: the plan changed, review again")]
    PlanChanged,
    /// No playbook of that name is in force.
    #[error("no playbook named {0} is in force")]
    NoSuchPlaybook(Arc<str>),
    /// No such playbook and target pair is in force.
    #[error("that playbook does not watch that target")]
    NoSuchKey,
    /// An incident is already open there.
    #[error("incident {0} is already open there")]
    AlreadyOpen(IncidentId),
    /// There is no such maintenance window (any more).
    #[error("maintenance {0} not found")]
    NoSuchMaintenance(MaintenanceId),
    /// A maintenance window that cannot be.
    #[error("not scheduled: {0}")]
    NotScheduled(Arc<str>),
    /// The caller lacks the permission that is named here.
    #[error("permission denied: this needs the right to {0}; [roles] in the settings says which groups have it")]
    NotAllowed(Arc<str>),
    /// The connection went before the answer came.
    #[error("the connection was lost before the answer came: check whether the command was carried out")]
    Lost,
    /// The console has no connection to the engine.
    #[error("no connection to the engine: the command was not sent")]
    Unreachable,
    /// Every remediation of this playbook needs root, and the engine runs as an ordinary user.
    #[error("not armed: acting on services needs root, and this salve does not run as root (playbook {0})")]
    NeedsRoot(Arc<str>),
    /// The gate denies it, for the reason that is given here.
    #[error("denied by a safety rule: {0}")]
    Denied(Arc<str>),
    /// Records cannot be written, so nothing may be done.
    #[error("the journal cannot be written, so no command is accepted: {0}")]
    CannotRecord(Arc<str>),
    /// The console is read-only.
    #[error("this console is read-only")]
    ReadOnly,
    /// The engine has stopped.
    #[error("the engine has stopped")]
    Stopped,
}
