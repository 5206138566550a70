//! Everything that the core can ask of the engine. In one list, records come first: the engine makes them durable
//! before it does the rest.

use std::sync::Arc;

use crate::core::command::Refusal;
use crate::core::event::Recorded;
use crate::core::id::{AttemptId, IncidentId, Key, PageId, RequestId, SurveyId, WatchId};
use crate::core::plan::Plan;
use crate::playbook::{Check, Playbook};

/// One thing to do.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Make this durable. Already applied to the core's own state.
    Record(Arc<Recorded>),
    /// Read this check from now on, so often, and tell of every change of its reading.
    Watch { watch: WatchId, check: Arc<Check>, cadence: Cadence },
    /// Stop reading this check for the core.
    Unwatch(WatchId),
    /// Read the detector anew (and the verifier, where it says whether the fault is there), gather the gate's facts and
    /// make the plan for this rung.
    Survey { incident: IncidentId, survey: SurveyId, key: Key, playbook: Arc<Playbook>, rung: usize, verifier: bool },
    /// Carry this plan out; its intent has just been recorded.
    Start { incident: IncidentId, attempt: AttemptId, key: Key, playbook: Arc<Playbook>, plan: Arc<Plan> },
    /// Empty what a crash left of this attempt's scope.
    EmptyScope { attempt: AttemptId },
    /// Deliver a page or a resolve that was just recorded.
    Deliver(PageId),
    /// The answer to a command.
    Reply { request: RequestId, answer: Result<Arc<str>, Refusal> },
}

/// How often a watched check is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// As often as the check itself says.
    Steady,
    /// As fast as its cost allows: while an outcome waits for it.
    Fast,
}
