//! One entry of the palette: what it leads to, how it is called, and what it answers to.

use std::sync::Arc;

use crate::console::keys::{self, KeyAction};
use crate::core::{IncidentId, Key};

/// Something that the palette can do, or lead to.
#[derive(Debug, Clone, PartialEq)]
pub enum PaletteEntry {
    /// What a key does.
    Verb { verb: KeyAction, key: &'static str, what: &'static str },
    /// To a watched target.
    Target { row: Arc<str>, name: String, playbook: Arc<str>, key: Option<Key>, incident: Option<IncidentId> },
    /// A breaker that can be opened, by its row and in words.
    Breaker { row: Arc<str>, what: String },
    /// To the end of a pause, a maintenance window or a snooze.
    End { row: Arc<str>, what: String },
    /// To a playbook's page.
    Playbook(Arc<str>),
    /// To an incident's page.
    Incident { id: IncidentId, what: String },
    /// A theme to draw with, by its name.
    Theme(String),
    /// Something to break, by its place among the faults.
    Fault { at: usize, what: Arc<str> },
}

/// What stands before a fault, and finds them all.
pub const FAULT: &str = "break";

impl PaletteEntry {
    /// What stands before it: its key, or what kind of thing it is.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Verb { key, .. } => key,
            Self::Target { .. } => "target",
            Self::Breaker { .. } => "breaker",
            Self::End { .. } => "end",
            Self::Playbook(_) => "playbook",
            Self::Incident { .. } => "incident",
            Self::Theme(_) => "theme",
            Self::Fault { .. } => FAULT,
        }
    }

    /// What it is called in the list, and found by.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Verb { what, .. } => (*what).to_owned(),
            Self::Target { name, .. } | Self::Theme(name) => name.clone(),
            Self::Breaker { what, .. } | Self::End { what, .. } => what.clone(),
            Self::Playbook(name) | Self::Fault { what: name, .. } => name.to_string(),
            Self::Incident { id, what } => format!("{id} {what}"),
        }
    }

    /// Words that it answers to besides those that are shown first.
    pub(super) fn others(&self) -> [&str; 2] {
        match self {
            // as its footer calls it
            Self::Verb { verb, .. } => {
                let binding = keys::TABLE.iter().find(|binding| binding.verb == *verb);
                [binding.and_then(|binding| binding.footer).unwrap_or(""), ""]
            }
            Self::Target { row, .. } => [self.kind(), row],
            _ => [self.kind(), ""],
        }
    }

    /// Of equal answers, what one is more likely to mean.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Target { .. } => 0,
            Self::Verb { .. } => 1,
            Self::Playbook(_) => 2,
            Self::Incident { .. } => 3,
            Self::Breaker { .. } => 4,
            Self::End { .. } => 5,
            Self::Theme(_) => 6,
            Self::Fault { .. } => 7,
        }
    }
}
