//! The chain: each record's hash covers the hash before it and the record's own bytes, so a record that was changed,
//! moved, taken out or cut off the end is missed, and the walk says which one and how.
//!
//! It shows what was altered by mistake or by a program that knows nothing of it. Somebody who may write the folder
//! can compute a new chain: whoever needs more keeps the head hash elsewhere.

mod breakage;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use sha2::{Digest as _, Sha256};

use super::error::OpenError;
use super::schema::explain;
use crate::core::plan::hex;
use crate::core::{Event, Mono, Recorded};
use crate::host::clock::ClockMark;

pub use breakage::{Breakage, Broken};

/// SHA-256 of a record, over the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Hash(pub(super) [u8; 32]);

/// The end of the chain: what the next record follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Head {
    /// The last record's number; 0 before the first.
    pub(super) seq: u64,
    /// The last record's hash; zeros before the first.
    pub(super) hash: Hash,
}

/// A record as it stands in the file.
#[derive(Debug, Clone)]
pub(super) struct ChainRow {
    pub(super) seq: u64,
    pub(super) mono: u64,
    pub(super) wall: String,
    pub(super) boot_id: String,
    pub(super) boottime: u64,
    pub(super) kind: String,
    pub(super) incident: Option<u64>,
    pub(super) body: String,
}

/// What a whole chain comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many records the journal holds, all of which were checked.
    pub records: u64,
    /// The last record's hash, in lower-case hexadecimal: kept elsewhere, it proves the past unaltered.
    pub head: Arc<str>,
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl ChainRow {
    /// A recorded event as it is written, on the clock that `mark` stands on.
    pub(super) fn of(recorded: &Recorded, mark: &ClockMark) -> serde_json::Result<Self> {
        let body = serde_json::to_string(&recorded.event)?;
        // the record's own moment on the boot's clock, so that (boot, boottime, mono) is a mark of its own
        let boottime = (mark.boottime + recorded.mono.0).saturating_sub(mark.mono.0);
        Ok(Self {
            seq: recorded.seq,
            mono: recorded.mono.0,
            wall: recorded.wall.to_string(),
            boot_id: mark.boot_id.to_string(),
            boottime,
            // every event is written as {"kind":{…}}
            kind: body.split('"').nth(1).unwrap_or_default().to_owned(),
            incident: recorded.event.incident().map(|incident| incident.0),
            body,
        })
    }

    /// From a row of [`COLUMNS`], with the stored hash.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<(Self, Hash)> {
        let line = Self {
            seq: row.get::<_, i64>(0)?.cast_unsigned(),
            mono: row.get::<_, i64>(1)?.cast_unsigned(),
            wall: row.get(2)?,
            boot_id: row.get(3)?,
            boottime: row.get::<_, i64>(4)?.cast_unsigned(),
            kind: row.get(5)?,
            incident: row.get::<_, Option<i64>>(6)?.map(i64::cast_unsigned),
            body: row.get(7)?,
        };
        Ok((line, Hash(row.get(8)?)))
    }

    /// Parses the row back into the recorded event. Fails where this version cannot read it.
    pub(super) fn recorded(&self) -> Result<Recorded, Breakage> {
        let unreadable = |why: String| Breakage::Unreadable { why: why.into() };
        let wall: Timestamp = self.wall.parse().map_err(|error: jiff::Error| unreadable(error.to_string()))?;
        let event: Event = serde_json::from_str(&self.body).map_err(|error| unreadable(error.to_string()))?;
        Ok(Recorded { seq: self.seq, mono: Mono(self.mono), wall, event })
    }

    /// Over the hash before it and every column, each preceded by its length.
    pub(super) fn hash(&self, before: Hash) -> Hash {
        self.hash_as(self.seq, before)
    }

    fn hash_as(&self, seq: u64, before: Hash) -> Hash {
        let incident = self.incident.map(u64::to_le_bytes);
        let mut hash = Sha256::new_with_prefix(before.0);
        let columns: [&[u8]; 8] = [
            &seq.to_le_bytes(),
            &self.mono.to_le_bytes(),
            self.wall.as_bytes(),
            self.boot_id.as_bytes(),
            &self.boottime.to_le_bytes(),
            self.kind.as_bytes(),
            incident.as_ref().map_or(&[], |bytes| bytes.as_slice()),
            self.body.as_bytes(),
        ];
        for column in columns {
            hash.update(u64::try_from(column.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(column);
        }
        Hash(hash.finalize().into())
    }
}

/// The columns that [`ChainRow::read`] expects, in its order.
pub(super) const COLUMNS: &str = "seq, mono, wall, boot_id, boottime, kind, incident, body, hash";

/// Why a walk ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The chain does not hold.
    Broken(Broken),
    /// SQLite could not read the file.
    Sqlite(rusqlite::Error),
    /// Where a record was to be shown said no.
    Write(std::io::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Stop {
    /// What it means to whoever opens the file.
    pub(super) fn explain(self, file: &Path) -> OpenError {
        match self {
            Self::Broken(broken) => OpenError::Broken { file: file.to_owned(), broken },
            Self::Sqlite(error) => explain(file, &error),
            Self::Write(source) => OpenError::Io { file: file.to_owned(), source },
        }
    }
}

fn broken(seq: u64, why: Breakage) -> Stop {
    Stop::Broken(Broken { seq, why })
}

/// Walks the chain after `from` (all of it after the default) in one view of the file, and shows every record that
/// holds.
pub(super) fn walk(
    connection: &Connection,
    from: Head,
    mut each: impl FnMut(&ChainRow, Hash) -> Result<(), Stop>,
) -> Result<Head, Stop> {
    let view = connection.unchecked_transaction()?;
    let stored = stored_head(&view)?;
    let mut at = from;
    let mut statement = view.prepare(&format!("SELECT {COLUMNS} FROM record WHERE seq > ?1 ORDER BY seq"))?;
    let mut rows = statement.query([from.seq.cast_signed()])?;
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => return Err(unreadable(at.seq + 1, &error)),
        };
        let (line, hash) = ChainRow::read(row).map_err(|error| unreadable(at.seq + 1, &error))?;
        if line.seq != at.seq + 1 {
            return Err(broken(at.seq + 1, Breakage::Gap { next: line.seq }));
        }
        if line.hash(at.hash) != hash {
            return Err(broken(line.seq, altered_or_moved(&view, &line, hash)?));
        }
        at = Head { seq: line.seq, hash };
        each(&line, hash)?;
    }
    match stored {
        Some(stored) if stored == at => Ok(at),
        Some(stored) if stored.seq > at.seq => Err(broken(at.seq + 1, Breakage::Truncated { last: stored.seq })),
        _ => Err(broken(at.seq, Breakage::Head)),
    }
}

/// A value that is not of its column's kind breaks the chain; a disk that cannot be read says nothing of it.
fn unreadable(seq: u64, error: &rusqlite::Error) -> Stop {
    broken(seq, Breakage::Unreadable { why: error.to_string().into() })
}

fn stored_head(connection: &Connection) -> rusqlite::Result<Option<Head>> {
    let mut statement = connection.prepare("SELECT seq, hash FROM head")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Head { seq: row.get::<_, i64>(0)?.cast_unsigned(), hash: Hash(row.get(1)?) }))
}

/// A record that carries its hash along and verifies in another place was moved; else it was altered.
fn altered_or_moved(connection: &Connection, line: &ChainRow, hash: Hash) -> rusqlite::Result<Breakage> {
    let mut statement = connection.prepare("SELECT seq, hash FROM record")?;
    let stored: HashMap<u64, Hash> = statement
        .query_map([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), Hash(row.get(1)?))))?
        .collect::<rusqlite::Result<_>>()?;
    let place = stored.keys().copied().filter(|place| *place != line.seq).find(|place| {
        // its true predecessor stands where it belongs, or (two neighbours swapped) in the place itself
        let before =
            [place - 1, *place].map(|at| if at == 0 { Some(Hash::default()) } else { stored.get(&at).copied() });
        before.into_iter().flatten().any(|before| line.hash_as(*place, before) == hash)
    });
    Ok(place.map_or(Breakage::Altered, |recorded_as| Breakage::Reordered { recorded_as }))
}

/// What opening a journal reads from it.
pub(super) struct Loaded {
    pub(super) events: Vec<Arc<Recorded>>,
    pub(super) mark: Option<ClockMark>,
    pub(super) head: Head,
}

/// Every event, once the whole chain has held.
pub(super) fn load(connection: &Connection, file: &Path) -> Result<Loaded, OpenError> {
    let mut events = Vec::new();
    let mut last: Option<ClockMark> = None;
    let head = walk(connection, Head::default(), |line, _| {
        let recorded = line.recorded().map_err(|why| broken(line.seq, why))?;
        last = Some(ClockMark { boot_id: line.boot_id.as_str().into(), boottime: line.boottime, mono: recorded.mono });
        events.push(Arc::new(recorded));
        Ok(())
    })
    .map_err(|stop| stop.explain(file))?;
    let noted = noted_mark(connection).map_err(|error| explain(file, &error))?;
    // time that was observed is never given back: the later of the two
    let mark = last.into_iter().chain(noted).max_by_key(|mark| mark.mono);
    Ok(Loaded { events, mark, head })
}

fn noted_mark(connection: &Connection) -> rusqlite::Result<Option<ClockMark>> {
    let mut statement = connection
        .prepare("SELECT boot_id, boottime, mono FROM head WHERE boot_id IS NOT NULL AND mono IS NOT NULL")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(ClockMark {
        boot_id: row.get::<_, String>(0)?.into(),
        boottime: row.get::<_, i64>(1)?.cast_unsigned(),
        mono: Mono(row.get::<_, i64>(2)?.cast_unsigned()),
    }))
}
