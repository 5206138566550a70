//! The files of one operator: preferences, and what is wrong with a file.

pub(super) mod error;
pub(super) mod preferences;
