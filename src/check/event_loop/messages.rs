//! What the event loop is told to do, and what it and the probes report.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::check::event_source::{EventFd, Wakeup};
use crate::check::probe::ProbeResult;
use crate::check::process::ProcessSeen;
use crate::check::subject::Subject;
use crate::core::WatchId;

/// The answer to a fresh look at processes.
pub(super) type ProcessesReply = oneshot::Sender<Result<ProcessSeen, String>>;

/// What the thread is told to do.
#[derive(Debug)]
pub enum LoopCommand {
    /// Tell of every change of these processes, and look for births this often.
    Track(Arc<Subject>, Duration),
    /// Stop tracking these processes.
    Forget(Arc<Subject>),
    /// Read the process table now, and send the result back.
    Probe(Arc<Subject>, ProcessesReply),
    /// Ring when this source does.
    Register(u64, Wakeup, EventFd),
    /// Remove the event source with this token.
    Unregister(u64),
    /// Leave the loop and end the thread.
    Stop,
}

/// What the thread, the unit watcher and looks tell.
#[derive(Debug)]
pub enum MonitorEvent {
    /// A subject changed by itself, or was looked at along with others.
    Seen(Arc<Subject>, ProbeResult),
    /// A look that was begun is over.
    Probed(Arc<Subject>, ProbeResult),
    /// What an operator should know, and about what.
    Note(Arc<str>, Arc<str>),
    /// Look again at what hangs on this.
    Woken(Wakeup),
    /// The sources of a watch are ready to be hung up.
    Sources(Arc<WatchId>, Arc<Subject>, Vec<EventFd>),
    /// The source of this watch is gone: its folder was removed, or came anew.
    Lost(u64),
}
