//! What a playbook would have done in the past: the readings that were kept, through the same core that decides today.
//!
//! The past does not react. An attempt counts as verified where what was read afterwards says so, and where the
//! verifier's checks were never read, where the fault went away by itself within the verifier's time.

mod history;
mod marks;
mod past_clock;
mod render;
mod replay;
mod run;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use history::backtest;
pub use render::drawn;

/// What a playbook would have done in a period of the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Backtest {
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// Start of the period that was replayed.
    pub from: Timestamp,
    /// End of the period that was replayed: the moment at which the backtest was started.
    pub to: Timestamp,
    /// What each of its targets was looked at, and what would have been done.
    pub lanes: Vec<TargetTimeline>,
    /// Targets that came to nothing on this host, and why.
    pub left_out: Vec<(Arc<str>, Arc<str>)>,
}

/// What one target's kept readings show, and what the playbook would have done about them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetTimeline {
    /// The target in its canonical form, as text.
    pub target: String,
    /// Whether the fault was there, from each moment on.
    pub seen: Vec<(Timestamp, FaultSeen)>,
    /// Checks of the detector of which nothing was kept in this period, in words.
    pub never_read: Vec<String>,
    /// What would have been done, oldest first.
    pub would: Vec<(Timestamp, BacktestMark, String)>,
    /// What really happened to this target, under whatever playbook, oldest first.
    pub really: Vec<(Timestamp, BacktestMark, String)>,
}

/// Whether the fault was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultSeen {
    /// Nothing was read, or it could not be seen.
    Unknown,
    /// The detector's readings meant that the fault was not there.
    Well,
    /// The detector's readings meant that the fault was there.
    Fault,
}

/// What happened, or would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BacktestMark {
    /// An incident was opened.
    Fired,
    /// An attempt was started.
    Acted,
    /// A question to a person.
    Asked,
    /// The gate denied an attempt.
    Stopped,
    /// An attempt that helped.
    Verified,
    /// An attempt was not verified.
    Failed,
    /// A human was called.
    Called,
    /// The incident was closed.
    Ended,
}
