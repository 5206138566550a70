//! The pages over the main screen, one file or folder each.

pub(super) mod approval;
pub mod editor;
pub(super) mod engine;
pub(super) mod help;
pub(super) mod incident;
pub(super) mod lists;
pub(super) mod messages;
pub mod page;
pub(super) mod playbook;
pub(super) mod success;
