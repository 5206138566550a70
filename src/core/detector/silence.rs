//! A systemd that answers no call is a fault of its own: no unit can be read, and none can be acted on. When this has
//! lasted for a while, a human is called, with one page for every target that is unknown because of it.

mod bound;

use std::sync::Arc;

use crate::core::time::Mono;

/// systemd does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemdSilence {
    /// When the core was told that a call had no answer, on the running clock.
    pub since: Mono,
    /// What the first call that had no answer met.
    pub why: Arc<str>,
    /// It has lasted for longer than the bound, which was said.
    pub told: bool,
}
