//! Verbs that ask the engine that runs, or tell it what to do.

pub(super) mod act;
pub(super) mod incidents;
pub(super) mod metrics;
pub(super) mod pause;
pub(super) mod status;
pub(super) mod watch;
