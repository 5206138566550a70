//! The journal port of a running engine: each write is marked with the boot and the host's own clock.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::core::{Mono, Recorded};
use crate::engine::driver::ports::JournalPort;
use crate::host::clock::{self, ClockMark};
use crate::journal::{CommitTimes, Journal, KeptReading, RecordError};

/// The journal of a state folder, written within one boot.
#[derive(Debug)]
pub struct LiveJournal {
    journal: Journal,
    boot_id: Arc<str>,
}

impl LiveJournal {
    /// An open journal, and the kernel's name for this boot.
    pub fn new(journal: Journal, boot_id: Arc<str>) -> Self {
        Self { journal, boot_id }
    }

    /// Keeps a reading if it differs from its subject's last one.
    pub fn keep(&self, reading: KeptReading) {
        self.journal.keep(reading);
    }

    /// How long commits have taken since this engine started.
    pub fn commit_times(&self) -> CommitTimes {
        self.journal.commit_times()
    }

    /// Writes out what is queued and lets go of the folder.
    pub fn close(self) {
        self.journal.close();
    }

    fn clock_mark(&self, at: Mono) -> ClockMark {
        ClockMark { boot_id: Arc::clone(&self.boot_id), boottime: clock::boottime_ms(), mono: at }
    }
}

impl JournalPort for LiveJournal {
    type Ticket = oneshot::Receiver<Result<(), RecordError>>;

    fn begin(&mut self, records: Vec<Arc<Recorded>>, at: Mono) -> Self::Ticket {
        self.journal.commit(records, self.clock_mark(at))
    }

    fn poll(&mut self, ticket: &mut Self::Ticket, context: &mut Context<'_>) -> Poll<Result<(), RecordError>> {
        Pin::new(ticket).poll(context).map(|answer| answer.unwrap_or(Err(RecordError::Closed)))
    }

    fn mark(&mut self, at: Mono) {
        self.journal.mark(self.clock_mark(at));
    }

    fn failure(&self) -> Option<RecordError> {
        self.journal.failure()
    }
}
