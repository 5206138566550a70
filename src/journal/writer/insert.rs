//! Chains records to the head and inserts them, in one transaction.

use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior, params};

use crate::core::Recorded;
use crate::host::clock::ClockMark;
use crate::journal::chain::{ChainRow, Hash, Head};
use crate::journal::error::RecordError;

/// What is about to be written.
pub(super) struct RecordRow {
    pub(super) lines: Vec<(ChainRow, Hash)>,
    pub(super) head: Head,
    pub(super) mark: Option<ClockMark>,
}

/// Writes one record durably, before there is a thread that writes, and says what the head is now.
pub(in crate::journal) fn append(
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
pub(super) fn chain(
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

pub(super) fn insert(connection: &mut Connection, draft: &RecordRow) -> rusqlite::Result<()> {
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
