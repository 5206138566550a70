//! Targets on this host: which exist, what acts on one right before an attempt, and its main process.

pub mod facts;
mod pid;
pub mod preflight;
pub mod resolve;

pub use pid::main_pid;
