//! What pages list and say, worked out from a snapshot: rows, counts, words. Nothing here has state.

pub mod context;
pub(super) mod filtered_list;
pub(super) mod find;
pub mod format;
pub(super) mod fuzzy;
pub(super) mod rows;
pub(super) mod success;
pub(super) mod suppressions;
