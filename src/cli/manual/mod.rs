//! What salve tells of itself: help, topics, man pages, completions.

pub(super) mod completions;
pub(super) mod help;
pub(super) mod man;
pub(super) mod topics;
