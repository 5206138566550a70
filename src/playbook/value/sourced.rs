//! A value that stands in the playbook, or alone in a file of its own.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Template;

/// A text, or `{ file = "/etc/salve/db.key" }`: then the value is that file's one line, read anew for each attempt. The
/// file belongs to root (or to the user who runs salve), and nobody else may read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, or { file = \"/etc/salve/NAME.key\" }")]
pub enum Sourced {
    /// As it stands in the playbook.
    Text(Template),
    /// In a file of its own.
    File(SecretFile),
}

/// A file with a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretFile {
    /// Absolute; mode 0600.
    pub file: PathBuf,
}

impl Sourced {
    /// The text that stands in the playbook; none where a file has it.
    #[must_use]
    pub const fn template(&self) -> Option<&Template> {
        match self {
            Self::Text(template) => Some(template),
            Self::File(_) => None,
        }
    }
}
