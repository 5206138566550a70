//! One playbook file, as screens need it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::playbook::{Mode, Origin, Risk};

/// One playbook file, accepted or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlaybookView {
    /// The file's name without `.toml`.
    pub name: Arc<str>,
    /// Whether it is built in, installed or the operator's own.
    pub origin: Origin,
    /// Whether the file was accepted, and what is wrong where it was not.
    pub state: PlaybookState,
    /// The file's text, cleaned.
    pub source: Arc<str>,
}

/// What an operator's arming would change of what a playbook may do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arming {
    /// Nothing: it acts as its mode says.
    Armed,
    /// It is in shadow until then.
    Shadow,
    /// Its first live attempt asks until then: it was saved from an editor, new or changed.
    AsksFirst,
}

/// A playbook file, accepted or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaybookState {
    /// The file was accepted, and the playbook watches its targets.
    InForce {
        /// The playbook's title, one line.
        title: Arc<str>,
        /// How much may go wrong.
        risk: Risk,
        /// The mode as the file says it, before arming.
        mode: Mode,
        /// The mode that this host applies after arming.
        in_force: Mode,
        /// What arming would change.
        arming: Arming,
        /// Every remediation of it needs root.
        #[serde(default)]
        needs_root: bool,
    },
    /// It was rejected; its diagnostics, drawn. Where an earlier version stays in force, it says so.
    Rejected {
        /// As `playbook check` prints them.
        diagnostics: Arc<str>,
        /// The last good version is still in force.
        former_in_force: bool,
    },
}
