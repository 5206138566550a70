//! Records before acts: everything that the core says happened goes to the journal, and what is to be done about it
//! waits, in order, until it is durable. What cannot be recorded is not done; a human is called all the same.
//!
//! ```text
//!            a write fails              the retry is due
//!   Fine ---------------------> Failing ----------------> Retrying
//!     ^                            ^                       |    |
//!     |                            +-------- fails --------+    |
//!     +-------------------- the retry is durable ---------------+
//! ```

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::ports::{AttemptRequest, ClockPort, HostPort, JournalPort, Machine};
use super::{Driver, RETRY};
use crate::core::{AttemptId, Input, Mono, PageId, Recorded, Refusal, RequestId};
use crate::journal::RecordError;

/// What acts on the world, and so waits for its records.
#[derive(Debug)]
pub(super) enum PendingAct {
    /// Carry a plan out.
    Start(AttemptRequest),
    /// End what a crash left of an attempt.
    EmptyScope(AttemptId),
    /// Send a page out.
    Deliver(PageId),
    /// Answer a command.
    Reply { request: RequestId, answer: Result<Arc<str>, Refusal> },
}

/// One write that is under way, and what waits for it.
#[derive(Debug)]
pub(super) struct PendingWrite<T> {
    ticket: T,
    records: Vec<Arc<Recorded>>,
    acts: Vec<PendingAct>,
}

/// Records that wait for the next write, but no longer than until then.
#[derive(Debug)]
pub(super) struct HeldBack {
    pub(super) records: Vec<Arc<Recorded>>,
    pub(super) until: Mono,
}

/// Does the journal take records?
#[derive(Debug)]
pub(super) enum Recording {
    /// It does, and what acts follows as soon as its records are durable.
    Fine,
    /// It does not: these records wait, in order, and are tried again at that moment.
    Failing { unwritten: Vec<Arc<Recorded>>, why: Arc<str>, retry_at: Mono },
    /// It did not, and the one write under way tries again; these records came after it.
    Retrying { unwritten: Vec<Arc<Recorded>>, why: Arc<str> },
}

impl Recording {
    pub(super) fn is_fine(&self) -> bool {
        matches!(self, Self::Fine)
    }

    pub(super) fn retry_at(&self) -> Option<Mono> {
        match self {
            Self::Failing { retry_at, .. } => Some(*retry_at),
            Self::Fine | Self::Retrying { .. } => None,
        }
    }
}

impl<H: HostPort, J: JournalPort, C: ClockPort, M: Machine> Driver<H, J, C, M> {
    /// Whether records can be written; if not, why.
    pub fn recording(&self) -> Result<(), Arc<str>> {
        match &self.recording {
            Recording::Fine => Ok(()),
            Recording::Failing { why, .. } | Recording::Retrying { why, .. } => Err(Arc::clone(why)),
        }
    }

    /// Takes the journal's answer to the oldest write, and does what waited for it. Pending where no write has been
    /// answered.
    pub fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(oldest) = self.writes.front_mut() else { return Poll::Pending };
        let result = ready!(self.journal.poll(&mut oldest.ticket, context));
        if let Some(write) = self.writes.pop_front() {
            match result {
                Ok(()) => self.written(write.acts),
                Err(error) => self.not_written(write, &error),
            }
        }
        Poll::Ready(())
    }

    /// Notices a journal that can no longer be written although nothing waits to be: its folder is gone, or another.
    pub fn notice_failure(&mut self) {
        // a write that is under way tells by itself
        if self.recording.is_fine()
            && self.writes.is_empty()
            && let Some(error) = self.journal.failure()
        {
            self.fail(Vec::new(), Vec::new(), &error);
        }
    }

    /// Sends records to the journal, after those that were held back; the acts follow when they are durable.
    pub(super) fn write(&mut self, records: Vec<Arc<Recorded>>, acts: Vec<PendingAct>) {
        let mut all = self.held_back.take().map_or_else(Vec::new, |held| held.records);
        all.extend(records);
        if all.is_empty() && acts.is_empty() {
            return;
        }
        if let Recording::Failing { unwritten, why, .. } | Recording::Retrying { unwritten, why } = &mut self.recording
        {
            unwritten.extend(all);
            let why = Arc::clone(why);
            return self.act_unrecorded(acts, &why);
        }
        self.begin(all, acts);
    }

    fn begin(&mut self, records: Vec<Arc<Recorded>>, acts: Vec<PendingAct>) {
        let ticket = self.journal.begin(records.clone(), self.clock.mono());
        self.writes.push_back(PendingWrite { ticket, records, acts });
    }

    fn written(&mut self, acts: Vec<PendingAct>) {
        for act in acts {
            self.act(act);
        }
        if let Recording::Retrying { unwritten, .. } = &mut self.recording {
            // the retry succeeded: what came meanwhile follows, and the core may act again
            let unwritten = std::mem::take(unwritten);
            self.recording = Recording::Fine;
            self.write(unwritten, Vec::new());
            self.handle(Input::Recording(Ok(())));
        }
    }

    /// Records that cannot be written, with all that were sent after them: nothing that they announce is done.
    fn not_written(&mut self, write: PendingWrite<J::Ticket>, error: &RecordError) {
        let PendingWrite { mut records, mut acts, .. } = write;
        for later in self.writes.drain(..) {
            records.extend(later.records);
            acts.extend(later.acts);
        }
        self.fail(records, acts, error);
    }

    fn fail(&mut self, records: Vec<Arc<Recorded>>, acts: Vec<PendingAct>, error: &RecordError) {
        let why: Arc<str> = error.to_string().into();
        let mut unwritten = records;
        match &mut self.recording {
            // what is tried again came before what has come since
            Recording::Failing { unwritten: since, .. } | Recording::Retrying { unwritten: since, .. } => {
                unwritten.append(since);
            }
            Recording::Fine => {}
        }
        let retry_at = self.clock.mono() + RETRY;
        self.recording = Recording::Failing { unwritten, why: Arc::clone(&why), retry_at };
        self.act_unrecorded(acts, &why);
        self.handle(Input::Recording(Err(why)));
    }

    /// Tries again to write what waits.
    pub(super) fn retry(&mut self) {
        let Recording::Failing { unwritten, why, .. } = &mut self.recording else { return };
        let (records, why) = (std::mem::take(unwritten), Arc::clone(why));
        self.recording = Recording::Retrying { unwritten: Vec::new(), why };
        self.begin(records, Vec::new());
    }

    /// Carries out what acts, once its records are durable.
    fn act(&mut self, act: PendingAct) {
        match act {
            PendingAct::Start(request) if self.stopping => self.refuse(request, "salve is being stopped"),
            PendingAct::Start(request) => {
                self.running.insert(request.attempt);
                self.host.start(request);
            }
            PendingAct::EmptyScope(attempt) => self.host.empty_scope(attempt),
            PendingAct::Deliver(page) => self.host.deliver(page, self.machine.core()),
            PendingAct::Reply { request, answer } => self.host.reply(request, answer),
        }
    }

    fn refuse(&mut self, request: AttemptRequest, why: &str) {
        self.running.insert(request.attempt);
        self.host.refuse(request, why);
    }

    /// What is done although its records are not durable: a human is called, and what a crash left is ended. Attempts and
    /// commands are refused.
    fn act_unrecorded(&mut self, acts: Vec<PendingAct>, why: &Arc<str>) {
        for act in acts {
            match act {
                PendingAct::Start(request) => {
                    self.refuse(request, &format!("the journal cannot be written: {why}"));
                }
                PendingAct::Reply { request, .. } => {
                    self.host.reply(request, Err(Refusal::CannotRecord(Arc::clone(why))));
                }
                PendingAct::EmptyScope(_) | PendingAct::Deliver(_) => self.act(act),
            }
        }
    }
}
