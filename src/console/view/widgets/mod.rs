//! What several pages draw alike.

pub(super) mod gauge;
pub mod layout;
pub(super) mod story;
