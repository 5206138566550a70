//! The durable record: write-ahead intents, hash-chained events, readings. Everything else is derived from it.
//!
//! ```text
//!  engine --commit--> writer thread --one fsync for all that wait--> journal.db   (the chain; never pruned)
//!         --mark----> writer thread --no fsync-------------------->  journal.db   (the clock's mark)
//!         --keep----> readings thread --batched, pruned----------->  readings.db  (a convenience, may be lost)
//!  verbs  --Reader--> read-only, while an engine writes
//! ```
//!
//! Readings live in a file of their own, so that nothing about them can slow, fill or damage the chain.
//!
//! | module | what it does |
//! |---|---|
//! | `lock` | the state folder: ours alone, one writer, who holds it |
//! | `schema` | the file's layout, and refusing any other without touching it |
//! | `chain` | what a record's hash covers; walking the chain; saying which record breaks it and how |
//! | `writer` | the one thread that writes: group commit, the clock's mark, checkpoints, poison |
//! | `head_mark` | how far the journal had come, kept outside the database |
//! | `loss` | records that were durable once and are missing: said and recorded |
//! | `open_files` | the open files, compared with the paths that they were opened by |
//! | `reserve` | disk space held back for a full disk |
//! | `readings` | the compact table of readings, on change only |
//! | `reader` | read-only looks for the verbs |
//! | `export` | the records as lines of JSON, once or as they come |
//! | `queries` | read-only looks into the past for a screen |

mod chain;
mod error;
mod export;
mod head_mark;
mod lock;
mod loss;
mod open_files;
mod queries;
mod reader;
mod readings;
mod reserve;
mod schema;
mod size;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;

pub use chain::{Breakage, Broken, Verified};
pub use error::{OpenError, ReadError, RecordError};
pub use reader::JournalReader;
pub use readings::{KeptReading, Retention};
pub use size::size;
pub use writer::CommitTimes;

use crate::core::Recorded;
use crate::host::clock::ClockMark;
use readings::Readings;
use writer::WriterHandle;

/// A journal that was opened for writing, and what it remembers.
#[derive(Debug)]
pub struct Opened {
    /// To write with.
    pub journal: Journal,
    /// Every event, oldest first; the chain over them is whole.
    pub events: Vec<Arc<Recorded>>,
    /// Where the clock stood last; none in a new journal.
    pub mark: Option<ClockMark>,
}

/// The one writer of a state folder. Dropping it flushes and closes as [`Journal::close`] does.
#[derive(Debug)]
pub struct Journal {
    // readings first: dropped before the writer, which lets go of the folder's lock
    readings: Readings,
    writer: WriterHandle,
}

impl Journal {
    /// Opens the journal in this state folder, creates what is missing, and holds the folder until it is closed.
    ///
    /// # Errors
    /// Where another process holds the folder, the folder or a file in it is not ours, the journal has another
    /// layout, or its chain is broken. Nothing that was there is changed then. Records that are only missing at the end
    /// are no error: [`Event::RecordsLost`](crate::core::Event::RecordsLost) says so among the events.
    pub fn open(state: &Path) -> Result<Opened, OpenError> {
        let lock = lock::take(state)?;
        let marked = loss::marked(lock.folder());
        let mut connection = match schema::open(&lock.journal()) {
            // even opening needs a little disk space, which the reserve gives
            Err(OpenError::DiskFull { .. }) if reserve::release_in(lock.folder()) => schema::open(&lock.journal())?,
            other => other?,
        };
        let mut loaded = chain::load(&connection, &lock.journal())?;
        loss::settle(&mut loaded, marked, &mut connection, &lock.journal())?;
        let chain::Loaded { events, mark, head } = loaded;
        let readings = Readings::start(lock.readings());
        let writer = WriterHandle::start(connection, lock, head)?;
        Ok(Opened { journal: Self { readings, writer }, events, mark })
    }

    /// Makes these records durable, all or none. They follow the last accepted record without a gap in `seq`.
    ///
    /// Answers when they are durable. Commits that wait at the same time share one fsync; one that comes to an idle
    /// journal starts at once. After [`RecordError::DiskFull`] or [`RecordError::Io`] nothing was recorded and the
    /// same records can be committed again; an empty list asks whether writing works. After
    /// [`RecordError::Poisoned`] nothing more is ever written by this process.
    pub fn commit(&self, records: Vec<Arc<Recorded>>, mark: ClockMark) -> oneshot::Receiver<Result<(), RecordError>> {
        self.writer.commit(records, mark)
    }

    /// Why nothing can be written, as the last try or the last comparison of the open files with their paths found;
    /// none where it can.
    #[must_use]
    pub fn failure(&self) -> Option<RecordError> {
        self.writer.failure()
    }

    /// How long commits have taken since it was opened.
    #[must_use]
    pub fn commit_times(&self) -> CommitTimes {
        self.writer.commit_times()
    }

    /// Notes where the clock stands, so that it goes on from here after a restart. Cheap, not awaited, not fsynced;
    /// meant for about once a minute while nothing is recorded.
    pub fn mark(&self, mark: ClockMark) {
        self.writer.mark(mark);
    }

    /// Keeps a reading if it differs from its subject's last one. Batched, not awaited, not fsynced.
    pub fn keep(&self, reading: KeptReading) {
        self.readings.keep(reading);
    }

    /// How long and how many readings are kept from now on.
    pub fn retain(&self, retention: Retention) {
        self.readings.retain(retention);
    }

    /// Is disk space held back in this state folder for the case of a full disk?
    #[must_use]
    pub fn reserve_is_held(state: &Path) -> bool {
        reserve::is_held(state)
    }

    /// The reserve against a full disk is spent: records are written into the last free space.
    #[must_use]
    pub fn on_reserve(&self) -> bool {
        self.writer.on_reserve()
    }

    /// Writes out what is queued and lets go of the folder.
    pub fn close(self) {
        drop(self);
    }
}
