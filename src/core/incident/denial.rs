//! Why the gate denied an attempt.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::command::reason::Reason;
use crate::core::command::{Operator, Scope};
use crate::core::id::{AttemptId, IncidentId};
use crate::core::time::Mono;

/// Why the gate said no. Each is typed, shown and recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// Somebody paused the host or the playbook.
    Paused {
        scope: Scope,
        by: Operator,
        until: Option<Mono>,
        #[serde(default)]
        reason: Reason,
    },
    /// Somebody snoozed this target.
    Snoozed { by: Operator, until: Mono },
    /// The moment lies outside the hours that the playbook's `only_between` allows.
    OutsideWindow,
    /// A playbook that this one needs is not healthy.
    DependencyUnhealthy { playbook: Arc<str> },
    /// An operator stopped the unit; it is left alone, and how that is known.
    StoppedByOperator { evidence: Arc<str> },
    /// Another incident acts on this target, or on one that conflicts.
    LockHeld { by: IncidentId },
    /// systemd, or the container's engine, has a job or an automatic restart of its own under way.
    SystemdBusy { with: Arc<str> },
    /// The breaker is open or latched.
    BreakerOpen { until: Option<Mono> },
    /// The playbook's `cooldown` since its last attempt here.
    Cooldown { until: Mono },
    /// Too many targets fail at once.
    Storm { failing: usize, of: usize },
    /// The host has just booted.
    BootGrace { until: Mono },
    /// The playbook is in shadow: what it would do is recorded, and nothing is done.
    Shadow,
    /// The playbook's mode is off.
    Off,
    /// The journal cannot be written, and nothing is done that cannot be recorded.
    CannotRecord { why: Arc<str> },
    /// The target's last scope could not be emptied.
    Quarantined { attempt: AttemptId },
    /// The plan could not be made.
    NoPlan { why: Arc<str> },
    /// Its playbook names the target, and nothing is there.
    TargetMissing { why: Arc<str> },
    /// Its remedy and that of another playbook break each other's targets: which, and where.
    Contended { with: Arc<str> },
}
