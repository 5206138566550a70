//! Readings over time, kept for people: one row per change of a subject's observation, pruned by age and number.
//!
//! Nothing is decided by them, so nothing waits for them and a full or damaged disk costs no more than the rows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use crate::core::Mono;
use crate::playbook::value::Period;

/// `SALR`: marks a SQLite file as ours.
const APPLICATION: u32 = u32::from_be_bytes(*b"SALR");
const LAYOUT: u32 = 1;
/// How long readings may wait for company.
const BATCH: Duration = Duration::from_secs(2);
/// How many may wait.
const BATCH_ROWS: usize = 1000;
/// How many may queue before the next are dropped: whoever keeps one never waits.
const QUEUE: usize = 4096;
/// Least time between two prunings.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

const TABLES: &str = "
    CREATE TABLE subject (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE reading (
        id          INTEGER PRIMARY KEY,
        subject     INTEGER NOT NULL REFERENCES subject (id),
        mono        INTEGER NOT NULL,
        wall        INTEGER NOT NULL,
        observation TEXT    NOT NULL
    ) STRICT;
    CREATE INDEX reading_of ON reading (subject, mono);
";

/// What a subject looked like from this moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReading {
    /// What was looked at, as text that stays the same: a check on a target.
    pub subject: Arc<str>,
    /// When, for durations.
    pub mono: Mono,
    /// When, for people; kept to the millisecond.
    pub wall: Timestamp,
    /// What was seen, short and clean.
    pub observation: Arc<str>,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Observed running time after which a reading goes.
    pub age: Period,
    /// Most rows; the oldest go first.
    pub rows: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { age: Period::from_secs(30 * 24 * 3600), rows: 1_000_000 }
    }
}

enum ReadingsCommand {
    Keep(KeptReading),
    Retain(Retention),
}

/// The way to the thread that keeps readings.
#[derive(Debug)]
pub(super) struct Readings {
    orders: Option<SyncSender<ReadingsCommand>>,
    thread: Option<JoinHandle<()>>,
}

impl Readings {
    pub(super) fn start(file: PathBuf) -> Self {
        let (orders, inbox) = mpsc::sync_channel(QUEUE);
        let thread = thread::Builder::new().name("salve-readings".into()).spawn(move || run(&file, &inbox));
        if let Err(error) = &thread {
            tracing::warn!(%error, "readings are not kept");
        }
        Self { orders: Some(orders), thread: thread.ok() }
    }

    pub(super) fn keep(&self, reading: KeptReading) {
        self.order(ReadingsCommand::Keep(reading));
    }

    pub(super) fn retain(&self, retention: Retention) {
        self.order(ReadingsCommand::Retain(retention));
    }

    fn order(&self, order: ReadingsCommand) {
        if let Some(orders) = &self.orders {
            // dropped where the queue is full: nobody waits for a reading to be kept
            let _ = orders.try_send(order);
        }
    }
}

impl Drop for Readings {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(file: &Path, inbox: &Receiver<ReadingsCommand>) {
    let mut keeper = match open(file) {
        Ok(connection) => Keeper::new(connection),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "readings are not kept");
            return;
        }
    };
    loop {
        let order = if keeper.waiting.is_empty() {
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            inbox.recv_timeout(keeper.due.saturating_duration_since(Instant::now()))
        };
        match order {
            Ok(ReadingsCommand::Keep(reading)) => keeper.take(reading),
            Ok(ReadingsCommand::Retain(retention)) => (keeper.retention, keeper.pruned) = (retention, None),
            Err(RecvTimeoutError::Timeout) => keeper.flush(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if keeper.waiting.len() >= BATCH_ROWS {
            keeper.flush();
        }
    }
    keeper.flush();
}

fn open(file: &Path) -> Result<Connection, String> {
    let connection = Connection::open(file).map_err(|error| error.to_string())?;
    prepare(&connection)
        .map_err(|error| error.to_string())?
        .then_some(connection)
        .ok_or_else(|| "another layout".into())
}

/// False where the file is not of this layout; it is left as it is.
fn prepare(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(Duration::from_secs(5))?;
    let number = |pragma: &str| connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, u32>(0));
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (number("application_id")?, number("user_version")?, tables) {
        (APPLICATION, LAYOUT, _) => {}
        (0, 0, 0) => connection.execute_batch(&format!(
            "BEGIN EXCLUSIVE; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {LAYOUT}; COMMIT;"
        ))?,
        _ => return Ok(false),
    }
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256;")?;
    Ok(true)
}

struct Keeper {
    connection: Connection,
    /// Each subject's number and last observation.
    subjects: HashMap<Arc<str>, (i64, Arc<str>)>,
    waiting: Vec<KeptReading>,
    /// When what waits is written.
    due: Instant,
    retention: Retention,
    pruned: Option<Instant>,
    /// The last write failed; said once.
    failing: bool,
}

impl Keeper {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            subjects: HashMap::new(),
            waiting: Vec::new(),
            due: Instant::now(),
            retention: Retention::default(),
            pruned: None,
            failing: false,
        }
    }

    fn take(&mut self, reading: KeptReading) {
        if self.waiting.is_empty() {
            self.due = Instant::now() + BATCH;
        }
        self.waiting.push(reading);
    }

    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(last) = waiting.last().map(|reading| reading.mono) else { return };
        let written = self.write(&waiting).and_then(|()| self.prune(last));
        match written {
            Ok(()) => self.failing = false,
            Err(error) => {
                // what is known of the subjects may not be what is in the file
                self.subjects.clear();
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(%error, "readings could not be kept");
                }
            }
        }
    }

    fn write(&mut self, waiting: &[KeptReading]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for reading in waiting {
            let known = match self.subjects.get(&reading.subject) {
                Some(known) => known.clone(),
                None => subject(&transaction, &reading.subject)?,
            };
            if known.1 != reading.observation {
                transaction
                    .prepare_cached("INSERT INTO reading (subject, mono, wall, observation) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![
                        known.0,
                        reading.mono.0.cast_signed(),
                        reading.wall.as_millisecond(),
                        &*reading.observation
                    ])?;
            }
            self.subjects.insert(Arc::clone(&reading.subject), (known.0, Arc::clone(&reading.observation)));
        }
        transaction.commit()
    }

    /// A little at a time: whoever has kept too much is not kept waiting for it to go.
    fn prune(&mut self, now: Mono) -> rusqlite::Result<()> {
        if self.pruned.is_some_and(|pruned| pruned.elapsed() < PRUNE_EVERY) {
            return Ok(());
        }
        self.pruned = Some(Instant::now());
        let oldest = (now - self.retention.age.0).0.cast_signed();
        let rows = i64::try_from(self.retention.rows).unwrap_or(i64::MAX);
        loop {
            let gone = self.connection.execute(
                "DELETE FROM reading WHERE id IN (SELECT id FROM reading ORDER BY id LIMIT 1000)
                 AND (mono < ?1 OR id <= (SELECT max(id) FROM reading) - ?2)",
                params![oldest, rows],
            )?;
            if gone < 1000 {
                return Ok(());
            }
        }
    }
}

/// A subject's number and its last observation (empty before the first).
fn subject(connection: &Connection, name: &str) -> rusqlite::Result<(i64, Arc<str>)> {
    connection.prepare_cached("INSERT OR IGNORE INTO subject (name) VALUES (?1)")?.execute([name])?;
    let id =
        connection.prepare_cached("SELECT id FROM subject WHERE name = ?1")?.query_row([name], |row| row.get(0))?;
    let last: Option<String> = connection
        .prepare_cached("SELECT observation FROM reading WHERE subject = ?1 ORDER BY mono DESC, id DESC LIMIT 1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok((id, last.unwrap_or_default().into()))
}

/// A subject's readings from `since` on, oldest first; none where nothing was ever kept.
pub(super) fn of_subject(file: &Path, subject: &str, since: Mono) -> rusqlite::Result<Vec<KeptReading>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let name: Arc<str> = subject.into();
    let mut statement = connection.prepare(
        "SELECT mono, wall, observation FROM reading
         WHERE subject = (SELECT id FROM subject WHERE name = ?1) AND mono >= ?2 ORDER BY mono, id",
    )?;
    let rows = statement.query_map(params![subject, since.0.cast_signed()], |row| kept(&name, row))?;
    rows.collect()
}

/// From a row of mono, wall, observation.
pub(super) fn kept(subject: &Arc<str>, row: &Row<'_>) -> rusqlite::Result<KeptReading> {
    Ok(KeptReading {
        subject: Arc::clone(subject),
        mono: Mono(row.get::<_, i64>(0)?.cast_unsigned()),
        wall: Timestamp::from_millisecond(row.get(1)?).unwrap_or_default(),
        observation: row.get::<_, String>(2)?.into(),
    })
}
