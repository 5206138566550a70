//! How an incident ended.

use serde::{Deserialize, Serialize};

use crate::core::command::Operator;
use crate::core::command::reason::Reason;
use crate::core::id::AttemptId;

/// How an incident ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Verified, and it stayed so for the soak.
    Healed { attempt: AttemptId },
    /// It cleared before any attempt.
    SelfCleared,
    /// It cleared after attempts of which none was verified, and no human had been called.
    ClearedUnverified,
    /// An operator declined the plan.
    Declined { by: Operator, reason: Reason },
    /// The request for approval ran out before any operator answered it.
    Expired,
    /// Another incident or a new version of the playbook took its place.
    Superseded,
    /// An operator closed the incident.
    ClosedByOperator { by: Operator, reason: Reason },
    /// A human was called, and then the fault cleared.
    EscalatedThenCleared,
    /// A human was called, and an attempt that an operator approved or started healed it.
    HealedByOperator { attempt: AttemptId },
}

impl Outcome {
    /// Every word that [`Outcome::word`] gives.
    pub const WORDS: [&str; 9] = [
        "healed",
        "self_cleared",
        "cleared_unverified",
        "declined",
        "expired",
        "superseded",
        "closed_by_operator",
        "escalated_then_cleared",
        "healed_by_operator",
    ];

    /// Its name for machines; it never changes.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        Self::WORDS[match self {
            Self::Healed { .. } => 0,
            Self::SelfCleared => 1,
            Self::ClearedUnverified => 2,
            Self::Declined { .. } => 3,
            Self::Expired => 4,
            Self::Superseded => 5,
            Self::ClosedByOperator { .. } => 6,
            Self::EscalatedThenCleared => 7,
            Self::HealedByOperator { .. } => 8,
        }]
    }
}
