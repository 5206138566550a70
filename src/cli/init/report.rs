//! What `salve init` found and armed.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::standalone::inventory::Inventory;

/// The document that `salve init --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InitReport<'a> {
    /// What was found on the host, and which playbooks apply.
    pub(super) survey: &'a Inventory,
    /// The names of the playbooks that were chosen.
    pub(super) chosen: Vec<Arc<str>>,
    /// Whether the chosen playbooks were armed.
    pub(super) armed: bool,
}
