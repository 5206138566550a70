//! Identifiers of everything that the core keeps.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::playbook::{ContentKey, Target};

/// What budgets, breakers and incidents hang on: a playbook's meaning and a canonical target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Key {
    /// Hash of what the playbook means: comments and layout do not change it.
    pub content: ContentKey,
    /// The canonical target that the playbook acts on.
    pub target: Target,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "#{}", self.0)
            }
        }
    )*};
}

numbers! {
    /// One incident, counted from 1 over the journal's life; an approval carries its incident's number.
    IncidentId;
    /// One run of one rung, counted from 1 over the journal's life.
    AttemptId;
    /// One page or resolve, counted from 1 over the journal's life.
    PageId;
    /// One maintenance window, counted from 1 over the journal's life.
    MaintenanceId;
    /// One round of fresh readings before an attempt; volatile.
    SurveyId;
    /// One command waiting for its answer; volatile.
    RequestId;
}

/// Which of a key's checks a reading belongs to; volatile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId {
    /// The watched key, whose playbook holds the check.
    pub key: Key,
    /// Whether the check belongs to the detector or to the verifier.
    pub role: CheckRole,
    /// Position of the check in that list, from 0.
    pub index: usize,
}

/// On which side of a playbook a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckRole {
    /// Holding means that the fault is there.
    Detector,
    /// Holding means that it is gone.
    Verifier,
}
