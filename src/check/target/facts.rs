//! The state of a target right before an attempt, as far as the gate decides on it.

use std::sync::Arc;

use crate::core::machine::input::StopOrigin;

/// The facts about a target that the gate decides on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// What systemd or a container engine is doing with the target by itself, as text; none if nothing.
    pub busy: Option<Arc<str>>,
    /// Who stopped the target.
    pub stop: StopOrigin,
}

impl TargetFacts {
    /// Nothing speaks against an attempt: the target is of a kind that cannot be stopped.
    pub const NONE: Self = Self { busy: None, stop: StopOrigin::Nobody };

    /// It is unknown who stopped the target.
    #[must_use]
    pub fn unclear(known: &str) -> Self {
        Self { busy: None, stop: StopOrigin::Unclear { evidence: known.into() } }
    }
}
