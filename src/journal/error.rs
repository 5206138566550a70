//! How opening, recording and reading can fail, and what an operator can do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::chain::Broken;

/// Why a journal was not opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// One writer per state folder.
    #[error("process {pid} ({what}) has held {folder} since {since}")]
    Held { folder: PathBuf, pid: u32, since: Timestamp, what: Arc<str> },
    /// The folder belongs to somebody else.
    #[error(
        "{folder} belongs to uid {owner}, not to uid {wanted}: run salve as its owner, or name another folder in \
         SALVE_STATE_DIR"
    )]
    NotOurs { folder: PathBuf, owner: u32, wanted: u32 },
    /// A file of that name, which salve did not write.
    #[error("{file} is not a salve journal: move it aside, or name another folder in SALVE_STATE_DIR")]
    Foreign { file: PathBuf },
    /// A layout that this version does not know.
    #[error(
        "{file} has layout {found}, and this salve knows layout {known}: run the version that wrote it, or move the \
         file aside to begin anew; nothing was changed"
    )]
    OtherVersion { file: PathBuf, found: u32, known: u32 },
    /// The bytes cannot be read as a database.
    #[error(
        "{file} is damaged ({why}): nothing was changed; keep a copy of the folder, then move the file aside to begin \
         anew"
    )]
    Damaged { file: PathBuf, why: Arc<str> },
    /// The bytes can be read, and the records do not add up.
    #[error(
        "{file} does not add up: {broken}; nothing was changed; keep a copy of the folder, then move the file aside to \
         begin anew"
    )]
    Broken { file: PathBuf, broken: Broken },
    /// The disk has no space even to open the journal.
    #[error("{file}: no room left on the disk")]
    DiskFull { file: PathBuf },
    /// The system said no.
    #[error("{file}: {source}")]
    Io { file: PathBuf, source: std::io::Error },
}

impl OpenError {
    /// May it pass by itself, as a full disk or one that is read-only for now does?
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::DiskFull { .. } => true,
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem
            ),
            Self::Held { .. }
            | Self::NotOurs { .. }
            | Self::Foreign { .. }
            | Self::OtherVersion { .. }
            | Self::Damaged { .. }
            | Self::Broken { .. } => false,
        }
    }
}

/// Why a commit was not made durable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The disk is full and the reserve is used up; the same commit may succeed later.
    #[error("no room left on the disk")]
    DiskFull,
    /// Writing failed before anything was made durable; the same commit may succeed later.
    #[error("the journal could not be written: {0}")]
    Io(Arc<str>),
    /// The disk failed where nothing can be known afterwards (an fsync), or the file is damaged: this process never
    /// writes to it again. Whether this commit's records reached the disk shows when the journal is opened again.
    #[error("the journal is closed for good: {0}")]
    Poisoned(Arc<str>),
    /// The records do not follow the last one.
    #[error("record {found} was offered where record {expected} is due")]
    OutOfOrder { expected: u64, found: u64 },
    /// The journal was closed before the commit was written.
    #[error("the journal has been closed")]
    Closed,
}

/// Why a look into the journal failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing has been recorded in this folder yet.
    #[error("there is no journal in {folder}")]
    None { folder: PathBuf },
    /// It is there, and cannot be opened or read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The chain is broken.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Where it was to be written to failed.
    #[error("the export could not be written: {0}")]
    Write(#[source] std::io::Error),
}

/// What a failure of SQLite means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SqliteFailure {
    /// The disk, the quota or the file's own limit leaves no space for more.
    Full,
    /// Whether the bytes reached the disk cannot be known any more, or the file is damaged.
    Fatal,
    /// Any other failure, after which a later try may succeed.
    Other,
}

impl SqliteFailure {
    /// By SQLite's extended code.
    pub(super) fn of(error: &rusqlite::Error) -> Self {
        use rusqlite::ffi;
        match error.sqlite_extended_error_code() {
            Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_SHMSIZE) => Self::Full,
            Some(
                ffi::SQLITE_IOERR_FSYNC
                | ffi::SQLITE_IOERR_DIR_FSYNC
                | ffi::SQLITE_IOERR_READ
                | ffi::SQLITE_IOERR_SHORT_READ
                | ffi::SQLITE_IOERR_CORRUPTFS
                | ffi::SQLITE_READONLY_DBMOVED
                | ffi::SQLITE_NOTADB,
            ) => Self::Fatal,
            Some(code) if code & 0xff == ffi::SQLITE_CORRUPT => Self::Fatal,
            _ => Self::Other,
        }
    }
}
