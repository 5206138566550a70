//! What a plan is made for.

use std::path::PathBuf;

use crate::core::IncidentId;
use crate::playbook::Target;

/// The target and the incident that a plan is made for, and what the host's settings add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The one thing that is acted on.
    pub target: Target,
    /// The incident that asks for it.
    pub incident: IncidentId,
    /// The target's main process, where it has one: `{pid}`.
    pub pid: Option<i32>,
    /// Folders that a root-owned setting adds to those that `clean` may work below.
    pub clean_roots: Vec<PathBuf>,
}
