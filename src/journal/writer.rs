//! The one thread that writes the chain.
//!
//! It takes whatever waits as one group, writes it in one transaction and answers all of it after one fsync. While it
//! does, the next group gathers by itself: no commit is held back to wait for company.
//!
//! An fsync that fails may have lost what it was to save, and the next one may claim success all the same. So after
//! the first failure the journal is closed for good in this process.

mod commit_times;
mod handle;
mod insert;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::chain::Head;
use super::error::{RecordError, SqliteFailure};
use super::head_mark::HeadMark;
use super::lock::Lock;
use super::open_files::{Displaced, OpenFiles};
use super::reserve::Reserve;
use crate::core::Recorded;
use crate::host::clock::ClockMark;

use commit_times::CommitMeter;
pub use commit_times::CommitTimes;
pub(super) use handle::WriterHandle;
pub(super) use insert::append;
use insert::{RecordRow, chain, insert};

/// Most orders that share one fsync.
const LARGEST_GROUP: usize = 1024;
/// Pages in the log from which it is written back as soon as nobody waits.
const WRITE_BACK_IDLE: usize = 1000;
/// Pages in the log from which it is written back at once.
const WRITE_BACK_NOW: usize = 3000;
/// The same while the reserve is spent and the log has little space to grow.
const WRITE_BACK_TIGHT: usize = 250;
/// While nothing is written, the open files are compared with their paths so often.
const COMPARE: Duration = Duration::from_secs(2);

type CommitReply = oneshot::Sender<Result<(), RecordError>>;

enum WriterCommand {
    Commit { records: Vec<Arc<Recorded>>, mark: ClockMark, answer: CommitReply },
    Mark(ClockMark),
}

/// Why nothing can be written, as the last try found; none where it could.
type Failing = Arc<Mutex<Option<RecordError>>>;

/// What commits take, for whoever asks.
type SharedMeter = Arc<Mutex<CommitMeter>>;

/// Commands that are written in one transaction and share one fsync.
#[derive(Default)]
struct Group {
    commits: Vec<(Vec<Arc<Recorded>>, ClockMark, CommitReply)>,
    /// The latest mark that came alone.
    mark: Option<ClockMark>,
}

impl Group {
    fn add(&mut self, order: WriterCommand) {
        match order {
            WriterCommand::Commit { records, mark, answer } => self.commits.push((records, mark, answer)),
            WriterCommand::Mark(mark) => self.mark = later(self.mark.take(), mark),
        }
    }
}

fn later(one: Option<ClockMark>, other: ClockMark) -> Option<ClockMark> {
    one.into_iter().chain([other]).max_by_key(|mark| mark.mono)
}

/// State of the one thread that writes the journal.
struct WriterThread {
    // dropped in this order: the file is closed before the folder is let go
    connection: Connection,
    head: Head,
    head_mark: HeadMark,
    open_files: OpenFiles,
    reserve: Reserve,
    /// About how many pages the log has gathered since it was last written back.
    log_pages: usize,
    poison: Option<Arc<str>>,
    on_reserve: Arc<AtomicBool>,
    failure: Failing,
    meter: SharedMeter,
    _lock: Lock,
}

impl WriterThread {
    fn run(mut self, inbox: &Receiver<WriterCommand>) {
        loop {
            let first = match inbox.try_recv() {
                Ok(order) => order,
                Err(TryRecvError::Empty) => {
                    self.tidy();
                    match inbox.recv_timeout(COMPARE) {
                        Ok(order) => order,
                        Err(RecvTimeoutError::Timeout) => {
                            self.compare_files();
                            continue;
                        }
                        Err(RecvTimeoutError::Disconnected) => break,
                    }
                }
                Err(TryRecvError::Disconnected) => break,
            };
            let mut group = Group::default();
            group.add(first);
            inbox.try_iter().take(LARGEST_GROUP - 1).for_each(|order| group.add(order));
            self.write(group);
        }
        if self.poison.is_none() {
            self.write_back("TRUNCATE");
        }
    }

    /// What can no longer be found again is not written: the journal is closed for good.
    fn compare_files(&mut self) {
        if self.poison.is_some() {
            return;
        }
        if let Err(displaced) = self.open_files.check() {
            if displaced.only_log {
                // what the log holds is still open here, and the database is where it was
                self.write_back("TRUNCATE");
            }
            self.displaced(&displaced);
        }
    }

    fn displaced(&mut self, displaced: &Displaced) {
        tracing::error!(%displaced, "the journal is closed for good");
        let why: Arc<str> = displaced.to_string().into();
        self.poison = Some(Arc::clone(&why));
        self.note_failure(Some(RecordError::Poisoned(why)));
    }

    fn note_failure(&self, failure: Option<RecordError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Work for when nothing waits to be written: restores the reserve, and writes the log back.
    fn tidy(&mut self) {
        if self.poison.is_some() {
            return;
        }
        self.reserve.restore();
        self.on_reserve.store(!self.reserve.held(), Ordering::Relaxed);
        if self.log_pages >= if self.reserve.held() { WRITE_BACK_IDLE } else { WRITE_BACK_TIGHT } {
            self.write_back("PASSIVE");
        }
    }

    /// Writes a group and answers it.
    fn write(&mut self, group: Group) {
        self.compare_files();
        if let Some(why) = &self.poison {
            for (_, _, answer) in group.commits {
                let _ = answer.send(Err(RecordError::Poisoned(Arc::clone(why))));
            }
            return;
        }
        let (draft, answers) = self.draft(group);
        let (began, awaited) = (Instant::now(), !answers.is_empty());
        let written = self.make_durable(&draft, awaited);
        if written.is_ok() {
            if awaited {
                self.meter.lock().unwrap_or_else(PoisonError::into_inner).add(began, Instant::now());
            }
            self.head = draft.head;
            self.head_mark.set(self.head);
        }
        self.note_failure(written.clone().err());
        for answer in answers {
            let _ = answer.send(written.clone());
        }
        if self.log_pages >= WRITE_BACK_NOW {
            self.write_back("PASSIVE");
        }
    }

    /// Chains the group's records. A commit that does not follow is answered here and left out.
    fn draft(&self, group: Group) -> (RecordRow, Vec<CommitReply>) {
        let mut draft = RecordRow { lines: Vec::new(), head: self.head, mark: group.mark };
        let mut answers = Vec::with_capacity(group.commits.len());
        for (records, mark, answer) in group.commits {
            match chain(draft.head, &records, &mark) {
                Ok((lines, head)) => {
                    draft.lines.extend(lines);
                    draft.head = head;
                    draft.mark = later(draft.mark.take(), mark);
                    answers.push(answer);
                }
                Err(error) => {
                    let _ = answer.send(Err(error));
                }
            }
        }
        (draft, answers)
    }

    /// Writes the draft, on the reserve if it must.
    fn make_durable(&mut self, draft: &RecordRow, awaited: bool) -> Result<(), RecordError> {
        let mut written = self.transact(draft, awaited);
        // a mark that nobody waits for is not worth the reserve
        if awaited
            && written.as_ref().is_err_and(|error| SqliteFailure::of(error) == SqliteFailure::Full)
            && self.reserve.release()
        {
            self.on_reserve.store(true, Ordering::Relaxed);
            written = self.transact(draft, awaited);
        }
        written.map_err(|error| match SqliteFailure::of(&error) {
            SqliteFailure::Full => RecordError::DiskFull,
            SqliteFailure::Fatal => self.poisoned(&error),
            SqliteFailure::Other => RecordError::Io(error.to_string().into()),
        })
    }

    /// One transaction; durable only where it is awaited.
    fn transact(&mut self, draft: &RecordRow, awaited: bool) -> rusqlite::Result<()> {
        if !awaited {
            self.connection.execute_batch("PRAGMA synchronous = NORMAL")?;
        }
        let written = insert(&mut self.connection, draft);
        if !awaited {
            self.connection.execute_batch("PRAGMA synchronous = FULL")?;
        }
        self.log_pages += 3 + draft.lines.iter().map(|(line, _)| 1 + line.body.len() / 4096).sum::<usize>();
        written
    }

    /// Writes the log back into the file. Readers are not disturbed.
    fn write_back(&mut self, how: &str) {
        let written = self.connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        match written {
            Ok((pages, done)) => {
                self.log_pages = usize::try_from(pages - done).unwrap_or_default();
                self.head_mark.sync();
            }
            Err(error) if SqliteFailure::of(&error) == SqliteFailure::Fatal => {
                self.poisoned(&error);
            }
            Err(error) => {
                // nothing is lost: it all stands in the log; not again at once
                self.log_pages = 0;
                tracing::warn!(%error, "the journal's log could not be written back");
            }
        }
    }

    fn poisoned(&mut self, error: &rusqlite::Error) -> RecordError {
        let why: Arc<str> = error.to_string().into();
        tracing::error!(%error, "the journal is closed for good");
        self.poison = Some(Arc::clone(&why));
        let error = RecordError::Poisoned(why);
        self.note_failure(Some(error.clone()));
        error
    }
}
