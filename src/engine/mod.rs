//! Drives the core in real time; owns the only loop; publishes snapshots, takes commands.

pub mod handle;
pub mod snapshot;

pub use handle::Handle;
pub use snapshot::Snapshot;
