//! The commands of the event loop, and the events that it reports.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::check::events::event_source::EventFd;
use crate::check::events::process_table::{ProcessSeen, ProcessSubject};
use crate::core::Mono;

/// Where the result of a fresh probe of processes is sent.
pub(super) type ProcessesReply = oneshot::Sender<Result<ProcessSeen, String>>;

/// A command for the event loop.
#[derive(Debug)]
pub enum LoopCommand {
    /// Report every change of these processes, and look for new ones this often.
    Track(Arc<ProcessSubject>, Duration),
    /// Stop tracking these processes.
    Forget(Arc<ProcessSubject>),
    /// Read the process table now, and send the result back.
    Probe(Arc<ProcessSubject>, ProcessesReply),
    /// Add an event source under this token, and report its wakeups.
    Register(u64, EventFd),
    /// Remove the event source with this token.
    Unregister(u64),
    /// Leave the loop and end the thread.
    Stop,
}

/// What the event loop reports.
#[derive(Debug)]
pub enum LoopEvent {
    /// Tracked processes that changed, or whose memory was read again.
    Processes {
        /// The processes that were looked for.
        subject: Arc<ProcessSubject>,
        /// When they were read.
        began: Mono,
        /// What was found, or a message why it is unknown.
        seen: Result<ProcessSeen, String>,
    },
    /// The event source with this token announced a change.
    Woken(u64),
    /// The event source with this token is gone: its folder was removed or replaced.
    Lost(u64),
}
