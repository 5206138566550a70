//! The file's layout. A file of another layout, or that is no journal at all, is refused by its first bytes, before
//! SQLite may write a single one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{OpenError, SqliteFailure};

/// `SALV`: marks a SQLite file as ours.
const APPLICATION: u32 = u32::from_be_bytes(*b"SALV");
/// The layout that this version reads and writes.
pub(super) const LAYOUT: u32 = 1;

/// `head` repeats the last record's number and hash, so that records cut off the end are missed; and holds the clock's
/// mark on the same page, so that both cost one write.
const TABLES: &str = "
    CREATE TABLE record (
        seq      INTEGER PRIMARY KEY,
        mono     INTEGER NOT NULL,
        wall     TEXT    NOT NULL,
        boot_id  TEXT    NOT NULL,
        boottime INTEGER NOT NULL,
        kind     TEXT    NOT NULL,
        incident INTEGER,
        hash     BLOB    NOT NULL,
        body     TEXT    NOT NULL
    ) STRICT;
    CREATE TABLE head (
        one      INTEGER PRIMARY KEY CHECK (one = 1),
        seq      INTEGER NOT NULL,
        hash     BLOB    NOT NULL,
        boot_id  TEXT,
        boottime INTEGER,
        mono     INTEGER
    ) STRICT;
    INSERT INTO head (one, seq, hash) VALUES (1, 0, zeroblob(32));
";

/// What the first bytes say.
enum FileSignature {
    Nothing,
    Ours,
}

/// Opens the journal for writing; creates it where there is none.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    if matches!(inspect(path)?, FileSignature::Nothing) {
        create(path)?;
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // the writer checkpoints by itself, when nobody waits
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -512;")
        .map_err(|error| explain(path, &error))?;
    Ok(connection)
}

/// Opens the journal for reading only, beside a writer or without one; none where there is no journal.
///
/// The header is asked of SQLite: to open and close the file past it would end the locks that a writer in this same
/// process has on it.
pub(super) fn open_read_only(path: &Path) -> Result<Option<Connection>, OpenError> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let number = |pragma: &str| {
        connection
            .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, u32>(0))
            .map_err(|error| explain(path, &error))
    };
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, LAYOUT) => {}
        (APPLICATION, found) => {
            return Err(OpenError::OtherVersion { file: path.to_owned(), found, known: LAYOUT });
        }
        _ => return Err(OpenError::Foreign { file: path.to_owned() }),
    }
    Ok(Some(connection))
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| explain(path, &error))?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(|error| explain(path, &error))?;
    Ok(connection)
}

/// Under another name first, so that a journal of the right name is always a whole one; in the old journal mode, so
/// that the header with its marks is in the file itself from the first moment on.
fn create(path: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { file: path.to_owned(), source };
    let new = path.with_extension("new");
    for left_over in [new.clone(), path.with_extension("new-journal")] {
        match fs::remove_file(left_over) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(io)?;
    let connection = connect(&new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; BEGIN EXCLUSIVE; {TABLES} \
             PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {LAYOUT}; COMMIT;"
        ))
        .map_err(|error| explain(path, &error))?;
    drop(connection);
    fs::rename(&new, path).map_err(io)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}

/// Looks at the header without SQLite.
fn inspect(path: &Path) -> Result<FileSignature, OpenError> {
    let io = |source| OpenError::Io { file: path.to_owned(), source };
    let damaged = |why: &str| OpenError::Damaged { file: path.to_owned(), why: why.into() };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // a log without its database would be thrown away by SQLite: it may hold the last records
            let log = fs::metadata(path.with_extension("db-wal")).is_ok_and(|log| log.len() > 0);
            return if log {
                Err(damaged("it is missing, and its log journal.db-wal is there"))
            } else {
                Ok(FileSignature::Nothing)
            };
        }
        Err(error) => return Err(io(error)),
    };
    let mut header = Vec::with_capacity(100);
    file.take(100).read_to_end(&mut header).map_err(io)?;
    let number = |at: usize| header.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    match (header.starts_with(b"SQLite format 3\0"), number(68), number(60)) {
        (true, Some(APPLICATION), Some(LAYOUT)) => Ok(FileSignature::Ours),
        (true, Some(APPLICATION), Some(found)) => {
            Err(OpenError::OtherVersion { file: path.to_owned(), found, known: LAYOUT })
        }
        (true, Some(_), Some(_)) => Err(OpenError::Foreign { file: path.to_owned() }),
        _ if header.is_empty() => Err(damaged("it is empty")),
        _ => Err(damaged("its first bytes are not a database's")),
    }
}

/// What a failure of SQLite means to whoever opens the file.
pub(super) fn explain(path: &Path, error: &rusqlite::Error) -> OpenError {
    let file = path.to_owned();
    match SqliteFailure::of(error) {
        SqliteFailure::Full => OpenError::DiskFull { file },
        SqliteFailure::Fatal => OpenError::Damaged { file, why: error.to_string().into() },
        SqliteFailure::Other => OpenError::Io { file, source: io::Error::other(error.to_string()) },
    }
}
