//! Keys that decide something, and what keeps one from deciding by accident: what they decide about was on the screen,
//! and the keyboard was quiet before them, and after those that let
//! something happen. A paste that the terminal does not mark is a burst of keys;
//! whatever it begins or ends with, the rest of it withdraws the decision.

use crate::console::content::context::ConsoleTime;
use crate::console::form::FormResult;
use crate::console::keys::guard::QUIET;
use crate::core::{Command, IncidentId};

/// What a key decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Yes to exactly what was displayed.
    Approve(Command),
    /// A form's answer.
    Answer(FormResult),
    /// Somebody has seen this incident's page.
    Acknowledge(IncidentId),
}

impl Decision {
    /// What is said where more keys follow too soon.
    #[must_use]
    pub fn withdrawn(&self) -> &'static str {
        match self {
            Self::Approve(_) => {
                "nothing was approved: more keys followed immediately; wait a moment and press it again"
            }
            Self::Answer(_) => "nothing was done: more keys followed immediately; wait a moment and answer again",
            Self::Acknowledge(_) => "nothing was acknowledged: more keys followed immediately; press c again",
        }
    }
}

/// A decision that is carried out as soon as the keyboard has been quiet for long enough.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingDecision {
    /// What was decided.
    pub decision: Decision,
    /// When its key was pressed.
    pub since: ConsoleTime,
}

impl PendingDecision {
    /// When it is carried out, if no other key follows.
    #[must_use]
    pub fn settles_at(&self) -> ConsoleTime {
        ConsoleTime(self.since.0 + QUIET)
    }
}
