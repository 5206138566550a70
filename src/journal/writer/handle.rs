//! The handle through which the writing thread gets its work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::commit_times::{CommitMeter, CommitTimes};
use super::{Failing, SharedMeter, WriterCommand, WriterThread};
use crate::core::Recorded;
use crate::host::clock::ClockMark;
use crate::journal::chain::Head;
use crate::journal::error::{OpenError, RecordError};
use crate::journal::head_mark::HeadMark;
use crate::journal::lock::Lock;
use crate::journal::open_files::OpenFiles;
use crate::journal::reserve::Reserve;

/// Sends records to the writing thread; dropping it waits until that has written everything.
#[derive(Debug)]
pub(in crate::journal) struct WriterHandle {
    commands: Option<Sender<WriterCommand>>,
    thread: Option<JoinHandle<()>>,
    on_reserve: Arc<AtomicBool>,
    failure: Failing,
    meter: SharedMeter,
}

impl WriterHandle {
    pub(in crate::journal) fn start(connection: Connection, lock: Lock, head: Head) -> Result<Self, OpenError> {
        let (commands, inbox) = mpsc::channel();
        let on_reserve = Arc::new(AtomicBool::new(false));
        let reserve = Reserve::take(lock.folder());
        let folder = lock.folder().to_owned();
        let io = |source| OpenError::Io { file: folder.clone(), source };
        let head_mark = HeadMark::open(&folder, head).map_err(io)?;
        let paths = [lock.folder(), &lock.path(), &lock.journal(), head_mark.path()];
        let open_files = OpenFiles::remember(&paths, lock.journal().with_extension("db-wal")).map_err(io)?;
        let failure = Failing::default();
        let meter: SharedMeter = Arc::new(Mutex::new(CommitMeter::new(Instant::now())));
        let writer = WriterThread {
            connection,
            head,
            head_mark,
            open_files,
            reserve,
            log_pages: 0,
            poison: None,
            on_reserve: Arc::clone(&on_reserve),
            failure: Arc::clone(&failure),
            meter: Arc::clone(&meter),
            _lock: lock,
        };
        let thread =
            thread::Builder::new().name("salve-journal".into()).spawn(move || writer.run(&inbox)).map_err(io)?;
        Ok(Self { commands: Some(commands), thread: Some(thread), on_reserve, failure, meter })
    }

    pub(in crate::journal) fn commit(
        &self,
        records: Vec<Arc<Recorded>>,
        mark: ClockMark,
    ) -> oneshot::Receiver<Result<(), RecordError>> {
        let (answer, answered) = oneshot::channel();
        if let Some(WriterCommand::Commit { answer, .. }) = self.send(WriterCommand::Commit { records, mark, answer }) {
            let _ = answer.send(Err(RecordError::Closed));
        }
        answered
    }

    pub(in crate::journal) fn mark(&self, mark: ClockMark) {
        self.send(WriterCommand::Mark(mark));
    }

    pub(in crate::journal) fn on_reserve(&self) -> bool {
        self.on_reserve.load(Ordering::Relaxed)
    }

    pub(in crate::journal) fn failure(&self) -> Option<RecordError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(in crate::journal) fn commit_times(&self) -> CommitTimes {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).times(Instant::now())
    }

    /// Sends a command; gives it back where nobody takes it any more.
    fn send(&self, command: WriterCommand) -> Option<WriterCommand> {
        match &self.commands {
            Some(commands) => commands.send(command).err().map(|mpsc::SendError(command)| command),
            None => Some(command),
        }
    }
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
