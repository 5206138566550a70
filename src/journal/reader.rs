//! Reads a journal, for the commands, while an engine writes it or while none runs. It never writes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Params};

use super::chain::{self, Breakage, Broken, COLUMNS, ChainRow, Head, Stop, Verified};
use super::error::{OpenError, ReadError};
use super::lock::{journal_in, readings_in};
use super::readings::{self, KeptReading};
use super::{loss, schema};
use crate::core::{IncidentId, Mono, Recorded};
use crate::host::clock::ClockMark;

/// A journal that is only looked at. It takes no lock and disturbs no writer.
#[derive(Debug)]
pub struct JournalReader {
    state: PathBuf,
    connection: Connection,
}

impl JournalReader {
    /// Opens the journal in this state folder.
    ///
    /// # Errors
    /// [`ReadError::None`] where nothing has been recorded yet.
    pub fn open(state: &Path) -> Result<Self, ReadError> {
        let connection = schema::open_read_only(&journal_in(state))?;
        let connection = connection.ok_or_else(|| ReadError::None { folder: state.to_owned() })?;
        Ok(Self { state: state.to_owned(), connection })
    }

    /// Everything that a fold needs: every event, oldest first, the chain checked, and where the clock stood last.
    pub fn replay(&self) -> Result<(Vec<Arc<Recorded>>, Option<ClockMark>), ReadError> {
        let chain::Loaded { events, mark, .. } = chain::load(&self.connection, &journal_in(&self.state))?;
        Ok((events, mark))
    }

    /// Every event, oldest first. The chain is not checked.
    pub fn events(&self) -> Result<Vec<Recorded>, ReadError> {
        self.events_after(0)
    }

    /// Every event with a higher number than `seq`, oldest first: what a follower has not seen.
    pub fn events_after(&self, seq: u64) -> Result<Vec<Recorded>, ReadError> {
        self.select("WHERE seq > ?1 ORDER BY seq", [seq.cast_signed()])
    }

    /// Every event of one incident, oldest first, with the deliveries of its pages.
    pub fn events_of(&self, incident: IncidentId) -> Result<Vec<Recorded>, ReadError> {
        let mut events =
            self.select("WHERE incident = ?1 OR kind = 'delivered' ORDER BY seq", [incident.0.cast_signed()])?;
        let pages: HashSet<_> = events.iter().filter_map(|recorded| recorded.event.page()).collect();
        events.retain(|recorded| recorded.event.delivered().is_none_or(|page| pages.contains(&page)));
        Ok(events)
    }

    /// Walks the whole chain.
    ///
    /// # Errors
    /// The first record at which it does not hold, and how it breaks there.
    pub fn verify(&self) -> Result<Verified, Broken> {
        // before the walk begins: an engine that writes meanwhile moves the mark on, and never back
        let marked = loss::marked(&self.state);
        let verified = self.verify_chain()?;
        loss::check(marked, &self.connection, verified)?;
        Ok(Verified { records: verified.seq, head: verified.hash.to_string().into() })
    }

    fn verify_chain(&self) -> Result<Head, Broken> {
        match chain::walk(&self.connection, Head::default(), |_, _| Ok(())) {
            Ok(head) => Ok(head),
            Err(Stop::Broken(broken)) => Err(broken),
            Err(Stop::Sqlite(error)) => {
                Err(Broken { seq: 1, why: Breakage::Unreadable { why: error.to_string().into() } })
            }
            Err(Stop::Write(never)) => {
                Err(Broken { seq: 1, why: Breakage::Unreadable { why: never.to_string().into() } })
            }
        }
    }

    /// What a subject looked like from `since` on, one row per change, oldest first.
    pub fn readings(&self, subject: &str, since: Mono) -> Result<Vec<KeptReading>, ReadError> {
        let file = readings_in(&self.state);
        readings::of_subject(&file, subject, since).map_err(|error| schema::explain(&file, &error).into())
    }

    /// The folder that it looks into.
    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// Runs a query that yields one whole number, such as a count, with these parameters.
    pub(super) fn number(&self, query: &str, with: &[u64]) -> Result<u64, ReadError> {
        let with = rusqlite::params_from_iter(with.iter().map(|number| number.cast_signed()));
        let found = self.connection.query_row(query, with, |row| row.get::<_, i64>(0));
        found.map(i64::cast_unsigned).map_err(|error| self.explain(&error))
    }

    pub(super) fn select(&self, which: &str, with: impl Params) -> Result<Vec<Recorded>, ReadError> {
        let said = |error: rusqlite::Error| self.explain(&error);
        let mut statement = self.connection.prepare(&format!("SELECT {COLUMNS} FROM record {which}")).map_err(said)?;
        let rows = statement.query_map(with, ChainRow::read).map_err(said)?;
        rows.map(|row| {
            let (line, _) = row.map_err(said)?;
            line.recorded().map_err(|why| Broken { seq: line.seq, why }.into())
        })
        .collect()
    }

    /// The connection, for a walk.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn explain(&self, error: &rusqlite::Error) -> ReadError {
        let said: OpenError = schema::explain(&journal_in(&self.state), error);
        said.into()
    }
}
