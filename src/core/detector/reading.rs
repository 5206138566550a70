//! What one reading of a check says.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::time::Mono;

/// Does the condition hold? Unknown never counts as either.
///
/// In a detector, holding means that the fault is there; in a verifier, that it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The condition was met when the check was read.
    Holds,
    /// The check was read, and the condition was not met.
    DoesNotHold,
    /// The probe itself failed or timed out, and how.
    Unknown(Arc<str>),
}

/// One look at the host, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reading {
    /// What the condition makes of it.
    pub verdict: Verdict,
    /// What was seen, short and clean, with its unit: `97%`, `failed (exit-code)`, `503`.
    pub seen: Arc<str>,
    /// The same as a bare figure in the condition's unit, where it has one.
    pub figure: Option<f64>,
    /// What a unit's check saw of the unit's life beside its state; none of anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitRun>,
    /// When the look began: only readings that began after an attempt's scope was empty verify it.
    pub began: Mono,
    /// When what was seen became so, by the event that told of it; `began` where no event told. `for` counts from here.
    pub since: Mono,
}

/// What a look at a unit saw of its life beside its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnitRun {
    /// How often systemd itself restarted it since its last explicit start; none for kinds that it does not restart.
    pub restarts: Option<u32>,
    /// A start, stop, restart or reload job is under way.
    pub job: bool,
    /// It ended by itself, and systemd waits to start it again.
    pub auto_restart: bool,
    /// When it last became active; none before the first time, and in records of former versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Mono>,
}
