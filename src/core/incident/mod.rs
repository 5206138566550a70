//! One failure of one target under one playbook, from first bad reading to its outcome.
//!
//! ```text
//!               denied                 asked
//!     held <------------- firing --------------------> asking
//!       |                 |    ^                       |    |
//!       |                 |    |  approved, withdrawn  |    |
//!       |                 |    +-----------------------+    |
//!       |                 |                                 |
//!       | attempt started | attempt started                 |
//!       v                 v                                 |
//!     remediating -------------------> firing               |
//!       |              scope not empty   ^                  |
//!       | scope emptied                  |                  |
//!       v             not verified       |                  |
//!     verifying -------------------------+                  |
//!       |                                |                  |
//!       | verified    not verified       |                  |
//!       v                                |                  |
//!     soaking ---------------------------+                  |
//!       |                                                   |
//!       | escalated   (from firing and held too)  escalated |
//!       +----------------> escalated <----------------------+
//! ```
//! Once a human is called, every arrow that leads to firing leads to escalated, and a denial leaves it there; asked and
//! attempt started leave escalated as they leave firing. A scope that is emptied late leads from rest to verifying, and
//! closed leads from every phase to the end. [`Phase::after`] is the whole of it.

pub(super) mod approval;
pub(super) mod attempt;
mod attempt_record;
mod cause;
mod denial;
mod incidents;
pub(super) mod lifecycle;
mod outcome;
mod phase;
mod record;
pub(super) mod recovery;
pub(super) mod unbound;
pub(super) mod verification;

use std::fmt;
use std::sync::Arc;

pub use attempt_record::{Approval, Attempt, AttemptEnd, Budget, Intent, RequestAnswer, ScopeEnd};
pub use cause::{Cause, Escalation, Trip};
pub use denial::Denial;
pub use incidents::Incidents;
use jiff::Timestamp;
pub use outcome::Outcome;
pub use phase::{Phase, Transition};
pub use record::{Incident, Opening};
use serde::{Deserialize, Serialize};

use super::command::Operator;
use super::plan::{Digest, Plan};
use super::time::Mono;

/// A request for an operator's yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalRequest {
    /// Counts the requests of one incident from 1; a yes to an older one is void.
    pub generation: u32,
    /// Exactly what would be run.
    pub plan: Arc<Plan>,
    /// Why it asks instead of acting.
    pub why: ApprovalReason,
    /// When the request runs out unanswered, on the running clock.
    pub expires: Mono,
    /// The first of two people who must say yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Operator>,
}

/// Why the gate asks instead of acting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalReason {
    /// The playbook's mode says so.
    Mode,
    /// The playbook's risk is high, which always needs approval.
    HighRisk,
    /// A new or changed playbook's first live attempt.
    FirstLiveAttempt,
    /// The host's budget of attempts is spent.
    HostBudget,
    /// The target flaps: only in journals of former versions.
    Flapping,
    /// Records of the journal were lost: attempts may have been forgotten that the breaker would have counted.
    RecordsLost,
    /// It cannot be told whether somebody stopped the target on purpose; what is known.
    StopUnclear { evidence: Arc<str> },
}

/// Who or what started an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptStarter {
    /// The gate let it pass by itself.
    Auto,
    /// A half-open breaker's one probe.
    Probe,
    /// An operator's yes to this digest.
    Approved { by: Operator, digest: Digest },
    /// An operator ran it by hand.
    Manual { by: Operator },
}

impl AttemptStarter {
    /// Every word that [`AttemptStarter::word`] gives.
    pub const WORDS: [&str; 4] = ["auto", "probe", "approved", "manual"];

    /// Its name for machines; it never changes.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        Self::WORDS[match self {
            Self::Auto => 0,
            Self::Probe => 1,
            Self::Approved { .. } => 2,
            Self::Manual { .. } => 3,
        }]
    }
}

/// A breaker, per incident key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Attempts pass; invocations are counted.
    Closed,
    /// Detect, never act, until then.
    Open { until: Mono, cooldown_ms: u64 },
    /// Exactly one probe attempt is on trial.
    HalfOpen { cooldown_ms: u64 },
    /// Only an operator resets it.
    Latched { since: Timestamp },
}

impl BreakerState {
    /// No attempt passes but a probe once an open one has cooled down.
    #[must_use]
    pub const fn denies(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Latched { .. } => true,
            Self::Closed | Self::HalfOpen { .. } => false,
        }
    }

    /// The word as it stands on screens.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half-open",
            Self::Latched { .. } => "latched",
        }
    }
}

impl fmt::Display for ApprovalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode => f.write_str("mode is ask"),
            Self::HighRisk => f.write_str("risk is high"),
            Self::FirstLiveAttempt => f.write_str("first live attempt of a new or changed playbook"),
            Self::Flapping => f.write_str("the target is flapping"),
            Self::HostBudget => f.write_str("the host's attempt budget is spent"),
            Self::RecordsLost => f.write_str("journal records were lost, so earlier attempts may be unknown"),
            Self::StopUnclear { evidence } => write!(f, "somebody may have stopped it on purpose: {evidence}"),
        }
    }
}
