//! What the parts of this module report to one another: probes, the event loop and the unit watcher to the scheduler,
//! and the scheduler to whoever records observations.

use std::sync::Arc;

use super::events::event_loop::LoopEvent;
use super::events::event_source::EventFd;
use super::subject::{Observation, Subject};
use crate::core::{Mono, Now, WatchId};

/// The outcome of a probe.
#[derive(Debug, Clone)]
pub struct ProbeResult {
    /// When the probe began.
    pub began: Mono,
    /// When the observed state began, if an event announced it; otherwise `began`.
    pub since: Mono,
    /// What was observed, or why nothing could be.
    pub result: Result<Observation, Arc<str>>,
}

/// What the event loop, the unit watcher and the probes report to the scheduler.
#[derive(Debug)]
pub enum MonitorEvent {
    /// A subject was read without a probe of its own: an event changed it, or it was read along with others.
    Seen(Arc<Subject>, ProbeResult),
    /// A probe that the scheduler began has finished.
    Probed(Arc<Subject>, ProbeResult),
    /// Something that an operator should know: what it is about, and the text.
    Note(Arc<str>, Arc<str>),
    /// Something about this subject changed, and it has to be probed again.
    Woken(Arc<Subject>),
    /// The event sources of a watch are open and ready to be registered.
    Sources(Arc<WatchId>, Arc<Subject>, Vec<EventFd>),
    /// The event loop reports a change of processes, or about an event source.
    Loop(LoopEvent),
}

/// An observation that differs from the one before: what a backtest judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservationChange {
    /// The subject that was probed, as JSON that is the same for equal subjects.
    pub subject: Arc<str>,
    /// When it was observed, in wall time and monotonic time.
    pub at: Now,
    /// What was seen, as JSON of an [`crate::check::Observation`].
    pub observation: Arc<str>,
}
