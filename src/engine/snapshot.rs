//! The state as a screen needs it: immutable, whole, serialisable, with a generation number.
//!
//! Nothing here is text laid out for a screen, and nothing needs a second look at the engine: who holds a snapshot
//! can draw it, locally or at the far end of a socket.

mod delivery;
mod detector;
mod engine_stats;
mod incident;
mod playbook;
mod recording;
mod suppression;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::command::Operator;
use crate::core::id::{IncidentId, Key};
use crate::core::incident::BreakerState;
use crate::core::success::automation_gaps::Wanting;
use crate::core::success::rate::{PlaybookRates, Rates, Trend};
use crate::core::success::totals::Totals;
use crate::core::{Now, Reason};

pub use delivery::{DeliveryState, paged};
pub use detector::{DetectorView, Health, RowSubject, TimelineMark};
pub use engine_stats::{EngineStats, QueueDepths, short_time};
pub use incident::{IncidentStage, IncidentView};
pub use playbook::{Arming, PlaybookState, PlaybookView};
pub use suppression::{MaintenanceView, PauseView, Snooze};

/// Everything that a screen shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Snapshot {
    /// Number of the snapshot, which rises with every change of the state.
    pub generation: u64,
    /// When it was taken.
    pub now: Now,
    /// This host's name, cleaned.
    pub host: Arc<str>,
    /// The operator to whom the snapshot is shown; over the socket, the client's.
    pub operator: Operator,
    /// Load, memory and pressure; none before the first look.
    pub strip: Option<HostLoad>,
    /// Can records be written? If not, nothing acts, and why.
    #[serde(with = "recording")]
    #[schemars(with = "recording::RecordingSchema")]
    pub recording: Result<(), Arc<str>>,
    /// No engine watches this host: the state was put together once, by whoever asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unwatched: bool,
    /// Why systemd answers nobody, where it has not for long: then no unit can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systemd_silent: Option<Arc<str>>,
    /// The storm whose page is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
    /// Pauses in force.
    pub pauses: Vec<PauseView>,
    /// Maintenance windows that are not over, the soonest first.
    pub maintenance: Vec<MaintenanceView>,
    /// Snoozes in force, the soonest to end first.
    pub snoozes: Vec<Snooze>,
    /// One row per watched key, and one per binding that came to nothing; in no order.
    pub detectors: Vec<DetectorView>,
    /// Breakers that are not closed, and closed ones that have counted an invocation.
    pub breakers: Vec<BreakerView>,
    /// Open incidents, and the latest closed ones (at most 50), newest first.
    pub incidents: Vec<Arc<IncidentView>>,
    /// Every playbook file that was found, accepted or not.
    pub playbooks: Vec<Arc<PlaybookView>>,
    /// The success rates of the four windows, over all playbooks.
    pub rates: Rates,
    /// The same by playbook, for those that had an incident in the last 30 days.
    pub playbook_rates: Vec<PlaybookRates>,
    /// How the success rate went.
    pub trend: Trend,
    /// The remediations to write next, most wanted first.
    pub wanting: Vec<Wanting>,
    /// What was ever counted.
    #[serde(default)]
    pub totals: Totals,
    /// Pages that not every channel has taken yet.
    #[serde(default)]
    pub undelivered: usize,
    /// What the engine measures of itself; none where none runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_stats: Option<EngineStats>,
    /// Keys that heal so often that they need a real fix.
    pub recurring: Vec<Recurring>,
    /// Latest first, at most 200.
    pub messages: Vec<Message>,
}

/// The host at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HostLoad {
    /// One-minute load average.
    pub load: f64,
    /// Cores that salve may use.
    pub cores: usize,
    /// Memory that is not available, percent.
    pub memory: f64,
    /// Swap in use, percent; 0 without swap.
    pub swap: f64,
    /// `some avg10` for cpu, `full avg10` for memory and io, percent; none where the kernel has no PSI.
    pub pressure: Option<[f64; 3]>,
}

/// A circuit breaker of one key, which limits how often its playbook may act on its target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BreakerView {
    /// The key that it guards.
    pub key: Key,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// Where it stands.
    pub state: BreakerState,
    /// Invocations in the window now.
    pub invocations: usize,
    /// Of so many that it allows.
    pub limit: u32,
    /// Why it stands so.
    pub why: Reason,
}

/// The storm whose page is open: so many targets fail at once that nothing is attempted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Storm {
    /// The incident under which its page is acknowledged.
    pub incident: IncidentId,
    /// Targets that fail.
    pub failing: usize,
    /// Targets that are watched.
    pub of: usize,
    /// The targets that fail, in the order of their names, at most 100.
    pub targets: Vec<Arc<str>>,
    /// How far the page has come.
    pub call: DeliveryState,
    /// Who acknowledged it.
    pub acknowledged: Option<Operator>,
}

/// A key that heals so often that it needs a real fix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Recurring {
    /// The key that was healed again and again.
    pub key: Key,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// When it healed in the last 7 days, oldest first.
    pub healed: Vec<Now>,
}

/// One message to the operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Message {
    /// When it was said, on the wall clock.
    pub at: jiff::Timestamp,
    /// The part of salve, playbook or channel that it is about, as one word: `journal`, `systemd`.
    pub about: Arc<str>,
    /// The message as one paragraph, without control characters.
    pub text: Arc<str>,
}

impl From<crate::check::HostUsage> for HostLoad {
    fn from(usage: crate::check::HostUsage) -> Self {
        let crate::check::HostUsage { load, cores, memory, swap, pressure } = usage;
        Self { load, cores, memory, swap, pressure }
    }
}
