//! A value that is written in the playbook, or alone in a file of its own.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Template;

/// A text, or `{ file = "/etc/salve/db.key" }`: then the value is that file's only line, read again for each attempt.
/// The file belongs to root (or to the user who runs salve), and nobody else may read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, or { file = \"/etc/salve/NAME.key\" }")]
pub enum Sourced {
    /// The text, as written in the playbook.
    Text(Template),
    /// The file that contains the value.
    File(SecretFile),
}

/// A file with a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretFile {
    /// The file's absolute path; its mode must be 0600.
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
