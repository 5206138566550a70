//! The one thread that writes the chain.
//!
//! It takes whatever waits as one group, writes it in one transaction and answers all of it after one fsync. While it
//! does, the next group gathers by itself: no commit is held back to wait for company.
//!
//! An fsync that fails may have lost what it was to save, and the next one may claim success all the same. So after
//! the first failure the journal is closed for good in this process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::chain::{ChainRow, Hash, Head};
use super::error::{OpenError, RecordError, SqliteFailure};
use super::head_mark::HeadMark;
use super::lock::Lock;
use super::open_files::{Displaced, OpenFiles};
use super::reserve::Reserve;
use crate::core::Recorded;
use crate::host::clock::ClockMark;

/// Most orders that share one fsync.
const LARGEST_GROUP: usize = 1024;
/// Pages in the log from which it is written back as soon as nobody waits.
const WRITE_BACK_IDLE: usize = 1000;
/// Pages in the log from which it is written back at once.
const WRITE_BACK_NOW: usize = 3000;
/// The same while the reserve is spent and the log has little room to grow.
const WRITE_BACK_TIGHT: usize = 250;
/// While nothing is written, the open files are compared with their paths so often.
const COMPARE: Duration = Duration::from_secs(2);

type CommitReply = oneshot::Sender<Result<(), RecordError>>;

enum WriterCommand {
    Commit { records: Vec<Arc<Recorded>>, mark: ClockMark, answer: CommitReply },
    Mark(ClockMark),
}

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct WriterHandle {
    orders: Option<Sender<WriterCommand>>,
    thread: Option<JoinHandle<()>>,
    on_reserve: Arc<AtomicBool>,
    failure: Failing,
}

/// Why nothing can be written, as the last try found; none where it could.
type Failing = Arc<Mutex<Option<RecordError>>>;

impl WriterHandle {
    pub(super) fn start(connection: Connection, lock: Lock, head: Head) -> Result<Self, OpenError> {
        let (orders, inbox) = mpsc::channel();
        let on_reserve = Arc::new(AtomicBool::new(false));
        let reserve = Reserve::take(lock.folder());
        let folder = lock.folder().to_owned();
        let io = |source| OpenError::Io { file: folder.clone(), source };
        let head_mark = HeadMark::open(&folder, head).map_err(io)?;
        let paths = [lock.folder(), &lock.path(), &lock.journal(), head_mark.path()];
        let open_files = OpenFiles::remember(&paths, lock.journal().with_extension("db-wal")).map_err(io)?;
        let failure = Failing::default();
        let scribe = WriterThread {
            connection,
            head,
            head_mark,
            open_files,
            reserve,
            log_pages: 0,
            poison: None,
            on_reserve: Arc::clone(&on_reserve),
            failure: Arc::clone(&failure),
            _lock: lock,
        };
        let thread =
            thread::Builder::new().name("salve-journal".into()).spawn(move || scribe.run(&inbox)).map_err(io)?;
        Ok(Self { orders: Some(orders), thread: Some(thread), on_reserve, failure })
    }

    pub(super) fn commit(
        &self,
        records: Vec<Arc<Recorded>>,
        mark: ClockMark,
    ) -> oneshot::Receiver<Result<(), RecordError>> {
        let (answer, answered) = oneshot::channel();
        if let Some(WriterCommand::Commit { answer, .. }) = self.order(WriterCommand::Commit { records, mark, answer })
        {
            let _ = answer.send(Err(RecordError::Closed));
        }
        answered
    }

    pub(super) fn mark(&self, mark: ClockMark) {
        self.order(WriterCommand::Mark(mark));
    }

    pub(super) fn on_reserve(&self) -> bool {
        self.on_reserve.load(Ordering::Relaxed)
    }

    pub(super) fn failure(&self) -> Option<RecordError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hands an order over; gives it back where nobody takes it any more.
    fn order(&self, order: WriterCommand) -> Option<WriterCommand> {
        match &self.orders {
            Some(orders) => orders.send(order).err().map(|mpsc::SendError(order)| order),
            None => Some(order),
        }
    }
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What shares one fsync.
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

/// What is about to be written.
struct RecordRow {
    lines: Vec<(ChainRow, Hash)>,
    head: Head,
    mark: Option<ClockMark>,
}

/// The writing thread's state.
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

    /// When nobody waits.
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
        let written = self.make_durable(&draft, !answers.is_empty());
        if written.is_ok() {
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

/// Writes one record durably, before there is a thread that writes, and says what the head is now.
pub(super) fn append(
    connection: &mut Connection,
    head: Head,
    record: &Arc<Recorded>,
    mark: &ClockMark,
) -> rusqlite::Result<Head> {
    let (lines, head) = chain(head, std::slice::from_ref(record), mark)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    insert(connection, &RecordRow { lines, head, mark: Some(mark.clone()) })?;
    Ok(head)
}

/// The lines of one commit, chained to `head`, and the new head.
fn chain(
    mut head: Head,
    records: &[Arc<Recorded>],
    mark: &ClockMark,
) -> Result<(Vec<(ChainRow, Hash)>, Head), RecordError> {
    let mut lines = Vec::with_capacity(records.len());
    for recorded in records {
        let expected = head.seq + 1;
        if recorded.seq != expected {
            return Err(RecordError::OutOfOrder { expected, found: recorded.seq });
        }
        let line = ChainRow::of(recorded, mark).map_err(|error| RecordError::Io(error.to_string().into()))?;
        let hash = line.hash(head.hash);
        head = Head { seq: expected, hash };
        lines.push((line, hash));
    }
    Ok((lines, head))
}

fn insert(connection: &mut Connection, draft: &RecordRow) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut record = transaction.prepare_cached(
            "INSERT INTO record (seq, mono, wall, boot_id, boottime, kind, incident, hash, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for (line, hash) in &draft.lines {
            record.execute(params![
                line.seq.cast_signed(),
                line.mono.cast_signed(),
                line.wall,
                line.boot_id,
                line.boottime.cast_signed(),
                line.kind,
                line.incident.map(u64::cast_signed),
                hash.0,
                line.body,
            ])?;
        }
        let mut head = transaction.prepare_cached("UPDATE head SET seq = ?1, hash = ?2")?;
        head.execute(params![draft.head.seq.cast_signed(), draft.head.hash.0])?;
        if let Some(mark) = &draft.mark {
            let mut marks = transaction.prepare_cached(
                "UPDATE head SET boot_id = ?1, boottime = ?2, mono = ?3 WHERE mono IS NULL OR mono <= ?3",
            )?;
            marks.execute(params![&*mark.boot_id, mark.boottime.cast_signed(), mark.mono.0.cast_signed()])?;
        }
    }
    transaction.commit()
}
