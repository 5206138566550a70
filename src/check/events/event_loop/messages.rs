//! The commands of the event loop, and the events that it, the unit watcher and the probes report.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::check::events::event_source::{EventFd, Wakeup};
use crate::check::prober::ProbeResult;
use crate::check::processes::process::probe::ProcessSeen;
use crate::check::subject::Subject;
use crate::core::WatchId;

/// Where the result of a fresh probe of processes is sent.
pub(super) type ProcessesReply = oneshot::Sender<Result<ProcessSeen, String>>;

/// A command for the event loop.
#[derive(Debug)]
pub enum LoopCommand {
    /// Report every change of these processes, and look for new ones this often.
    Track(Arc<Subject>, Duration),
    /// Stop tracking these processes.
    Forget(Arc<Subject>),
    /// Read the process table now, and send the result back.
    Probe(Arc<Subject>, ProcessesReply),
    /// Add an event source under this token, and report its wakeups.
    Register(u64, Wakeup, EventFd),
    /// Remove the event source with this token.
    Unregister(u64),
    /// Leave the loop and end the thread.
    Stop,
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
    /// An event source announced a change: probe what depends on it.
    Woken(Wakeup),
    /// The event sources of a watch are open and ready to be registered.
    Sources(Arc<WatchId>, Arc<Subject>, Vec<EventFd>),
    /// The event source with this token is gone: its folder was removed or replaced.
    Lost(u64),
}
