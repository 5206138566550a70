//! Calling a human: one open escalation per key, under a key that stays the same, resolved when the fault clears.

pub(super) mod acknowledgement;
pub mod calls;
pub mod escalations;
mod paging;

use std::sync::Arc;

use super::id::Key;

/// The channel that pages go to which name none.
pub const TICKETS: &str = "tickets";

/// Characters of the content's hash in a dedup key.
pub(super) const SHORT: usize = 12;

/// Under which key a pager joins what belongs together: `salve/<content>/<kind>/<name>`.
#[must_use]
pub fn dedup(key: &Key) -> Arc<str> {
    let short: String = key.content.0.chars().take(SHORT).collect();
    format!("salve/{short}/{}/{}", key.target.kind(), key.target.name()).into()
}
