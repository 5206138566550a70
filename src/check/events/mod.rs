//! Events that say when something should be probed: the thread that waits for them, and what it waits on.

pub mod event_loop;
pub mod event_source;
pub mod folders;
mod process_changes;
pub(super) mod process_table;
