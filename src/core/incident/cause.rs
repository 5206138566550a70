//! Why a human was called for an incident.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ApprovalReason, Denial};
use crate::core::id::AttemptId;

/// Why a human was called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The breaker opened, or is open: attempts made in its window, and what became of them.
    BreakerOpened {
        attempts: u32,
        window_ms: u64,
        #[serde(default)]
        trip: Trip,
    },
    /// Every rung was tried and none verified.
    LadderSpent,
    /// There is no remediation: the failure is known, its mend is not.
    NoRemediation,
    /// The probe cannot see, for too long.
    CannotSee { why: Arc<str> },
    /// systemd answers nobody, for too long: one page for all targets that cannot be seen because of it.
    SystemdSilent { why: Arc<str>, targets: usize },
    /// An attempt's outcome is unknown after a crash, and its rung may not be run again.
    Indeterminate { attempt: AttemptId },
    /// An attempt's processes could not be ended.
    ScopeNotEmpty { attempt: AttemptId },
    /// A storm: one page for all.
    Storm { failing: usize, of: usize },
    /// The plan could not be made.
    NoPlan { why: Arc<str> },
    /// It asked, and nobody answered.
    Expired,
    /// The detector no longer sees the fault and the verifier is not content: one figure lies between the two limits.
    DeadBand { seen: Arc<str> },
    /// The fault begins again and again, and nothing could be done about it.
    Flapping { onsets: u32, period_ms: u64 },
    /// The target went missing while its incident was open, and has not come back.
    TargetMissing { why: Arc<str> },
    /// The gate has denied every attempt for so long.
    OnHold { denial: Box<Denial>, held_ms: u64 },
    /// Its remedy and that of another playbook break each other's targets.
    Contention { with: Arc<str> },
    /// An operator's yes is wanted.
    AwaitingApproval { why: ApprovalReason },
}

/// An incident's part in a call for a human.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    /// Why a human is called for this incident.
    pub cause: Cause,
    /// The call that it stands under; several incidents of one target share one.
    pub dedup: Arc<str>,
}

impl Cause {
    /// Does the automation go on after this call, because it says nothing of what an attempt would do? Then a call for
    /// what the attempts came to follows it.
    #[must_use]
    pub const fn leaves_automation_on(&self) -> bool {
        match self {
            Self::CannotSee { .. }
            | Self::SystemdSilent { .. }
            | Self::NoPlan { .. }
            | Self::OnHold { .. }
            | Self::TargetMissing { .. }
            | Self::AwaitingApproval { .. } => true,
            Self::BreakerOpened { .. }
            | Self::LadderSpent
            | Self::NoRemediation
            | Self::Indeterminate { .. }
            | Self::ScopeNotEmpty { .. }
            | Self::Storm { .. }
            | Self::Expired
            | Self::DeadBand { .. }
            | Self::Flapping { .. }
            | Self::Contention { .. } => false,
        }
    }
}

/// What stood behind a breaker that opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trip {
    /// An earlier version of salve recorded it, and did not say.
    #[default]
    Unrecorded,
    /// The budget is spent, the last attempt was not verified, and so many of all were not.
    NotVerified { failed: u32 },
    /// The budget is spent, and the last attempt was verified: so many times it helped, and it failed again each time.
    Fixed { times: u32 },
    /// The half-open breaker's one probe was not verified.
    Probe,
    /// It was open before: nothing was attempted.
    AlreadyOpen,
}
