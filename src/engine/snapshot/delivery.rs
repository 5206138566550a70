//! How far a page has come on its way to a person.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::incident::Cause;

/// How far a page has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// No channel has taken it yet, after so many tries that failed.
    Calling { tries: u32 },
    /// These channels took it.
    Taken { channels: Vec<Arc<str>> },
}

/// In words, the same on every surface: what a channel took is `PAGED`, and nothing else is.
impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calling { tries: 0 } => f.write_str("paging: not delivered yet"),
            Self::Calling { tries: 1 } => f.write_str("paging: not delivered yet (1 try)"),
            Self::Calling { tries } => write!(f, "paging: not delivered yet ({tries} tries)"),
            Self::Taken { .. } => f.write_str("PAGED"),
        }
    }
}

/// How far a page has come, and why it went out: `PAGED: 3 of 3 attempts not verified`. Where it is not known what
/// became of it, a channel has taken it.
#[must_use]
pub fn paged(call: Option<&DeliveryState>, cause: &Cause) -> String {
    match call {
        Some(call @ DeliveryState::Calling { .. }) => format!("{call}; {cause}"),
        Some(call @ DeliveryState::Taken { .. }) => format!("{call}: {cause}"),
        None => format!("PAGED: {cause}"),
    }
}
