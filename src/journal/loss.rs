//! Records that were durable once and are not in the database any more: said, recorded, and never passed over.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::chain::{Breakage, Broken, Hash, Head, Loaded};
use super::error::OpenError;
use super::schema::explain;
use super::{head_mark, writer};
use crate::core::{Event, Recorded};
use crate::host::clock::{self, Clock, ClockMark};

/// Compares the database's head with the mark beside it.
///
/// # Errors
/// [`Breakage::Lost`] where records are missing at the end, [`Breakage::Replaced`] where the database is another one.
pub(super) fn check(marked: Option<Head>, connection: &Connection, head: Head) -> Result<(), Broken> {
    let Some(marked) = marked.filter(|marked| marked.seq > 0) else { return Ok(()) };
    if marked.seq > head.seq {
        return Err(Broken { seq: head.seq + 1, why: Breakage::Lost { last: marked.seq } });
    }
    match hash_of(connection, marked.seq) {
        Ok(Some(hash)) if hash == marked.hash => Ok(()),
        Ok(_) => Err(Broken { seq: marked.seq, why: Breakage::Replaced }),
        Err(error) => Err(Broken { seq: marked.seq, why: Breakage::Unreadable { why: error.to_string().into() } }),
    }
}

/// The mark of this state folder, before the database is looked at; one that cannot be read is said and left out.
pub(super) fn marked(state: &Path) -> Option<Head> {
    head_mark::read(state).unwrap_or_else(|error| {
        let file = head_mark::path_in(state);
        tracing::error!(%error, file = %file.display(), "whether records were lost cannot be told");
        None
    })
}

/// Where records are missing at the end, that is recorded before anything else is; any other difference is an error.
pub(super) fn settle(
    loaded: &mut Loaded,
    marked: Option<Head>,
    connection: &mut Connection,
    file: &Path,
) -> Result<(), OpenError> {
    let Err(broken) = check(marked, connection, loaded.head) else { return Ok(()) };
    let Breakage::Lost { last } = broken.why else {
        return Err(OpenError::Broken { file: file.to_owned(), broken });
    };
    tracing::error!(first = broken.seq, last, file = %file.display(), "records of the journal were lost");
    let (clock, boot_id) = clock_after(loaded.mark.as_ref(), file)?;
    let record = Arc::new(Recorded {
        seq: loaded.head.seq + 1,
        mono: clock.mono(),
        wall: Timestamp::now(),
        event: Event::RecordsLost { first: broken.seq, last },
    });
    let mark = ClockMark { boot_id, boottime: clock::boottime_ms(), mono: record.mono };
    loaded.head = writer::append(connection, loaded.head, &record, &mark).map_err(|error| explain(file, &error))?;
    loaded.events.push(record);
    loaded.mark = Some(mark);
    Ok(())
}

fn clock_after(mark: Option<&ClockMark>, file: &Path) -> Result<(Clock, Arc<str>), OpenError> {
    let boot_id = clock::boot_id().map_err(|source| OpenError::Io { file: file.to_owned(), source })?;
    let clock = mark.map_or_else(Clock::starting, |mark| Clock::continuing(mark, &boot_id));
    Ok((clock, boot_id))
}

fn hash_of(connection: &Connection, seq: u64) -> rusqlite::Result<Option<Hash>> {
    connection
        .query_row("SELECT hash FROM record WHERE seq = ?1", [seq.cast_signed()], |row| row.get(0).map(Hash))
        .optional()
}
