//! Pauses, maintenance windows and snoozes, as screens need them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::command::{Operator, Scope};
use crate::core::id::{Key, MaintenanceId};
use crate::core::{Mono, Reason};

/// A pause of the host or of a playbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PauseView {
    /// Everything that is paused: the host, a playbook or a target.
    pub scope: Scope,
    /// When it ends, on the running clock; none means when somebody resumes it.
    pub until: Option<Mono>,
    /// When the pause began, on the running clock.
    pub since: Mono,
    /// The operator who paused it.
    pub by: Operator,
    /// Why it was paused, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// A maintenance window that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MaintenanceView {
    /// The window's number, unique in the journal.
    pub id: MaintenanceId,
    /// What it pauses.
    pub scope: Scope,
    /// When it begins, or was to begin.
    pub from: jiff::Timestamp,
    /// How long it lasts.
    pub length_ms: u64,
    /// It has begun, and pauses until then.
    pub until: Option<Mono>,
    /// By whom it was planned.
    pub by: Operator,
    /// Why the maintenance was planned, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// A snooze: one key that is left alone for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Snooze {
    /// The key whose incidents are on hold.
    pub key: Key,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// When the snooze ends, on the running clock.
    pub until: Mono,
    /// The operator who snoozed it.
    pub by: Operator,
    /// Why it was snoozed, as the operator gave it; may be empty.
    pub reason: Reason,
}
