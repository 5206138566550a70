//! The content key: SHA-256 over what a playbook means. Comments, layout, title, the file's name and its place do not
//! change it, so a renamed file keeps its budgets and its breaker; anything that changes what is done does.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::model::{ContentKey, Playbook};

/// Stands in a playbook whose key is not computed yet.
pub(super) fn pending() -> ContentKey {
    ContentKey("".into())
}

/// Computed over the model as JSON with its keys sorted, without name, title, origin and source.
pub(super) fn key(playbook: &Playbook) -> Option<ContentKey> {
    // a `Value` keeps its keys sorted, so the text does not hang on the order of the fields in the types
    let mut meaning = serde_json::to_value(playbook).ok()?;
    let fields = meaning.as_object_mut()?;
    for not_meant in ["name", "content", "origin", "title"] {
        fields.remove(not_meant);
    }
    let digest = Sha256::digest(serde_json::to_string(&meaning).ok()?);
    let mut hex = String::with_capacity(64);
    for byte in digest {
        write!(hex, "{byte:02x}").ok()?;
    }
    Some(ContentKey(hex.into()))
}
