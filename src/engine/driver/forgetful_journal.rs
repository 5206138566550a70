//! A journal port for runs that are not recorded: everything counts as durable at once, and nothing is kept.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::ports::JournalPort;
use crate::core::{Mono, Recorded};
use crate::journal::RecordError;

/// The journal of a machine that only shows what it would do.
#[derive(Debug)]
pub struct ForgetfulJournal;

impl JournalPort for ForgetfulJournal {
    type Ticket = ();

    fn begin(&mut self, _records: Vec<Arc<Recorded>>, _at: Mono) {}

    fn poll(&mut self, _ticket: &mut (), _context: &mut Context<'_>) -> Poll<Result<(), RecordError>> {
        Poll::Ready(Ok(()))
    }

    fn mark(&mut self, _at: Mono) {}

    fn failure(&self) -> Option<RecordError> {
        None
    }
}
