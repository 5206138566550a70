//! How a chain breaks, and at which record.

use std::fmt;
use std::sync::Arc;

/// The first record at which the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} {why}")]
pub struct Broken {
    /// Which record, or its place.
    pub seq: u64,
    /// In which way the record does not fit the one before it, or its own hash.
    pub why: Breakage,
}

/// The way in which a record breaks the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breakage {
    /// Its place is empty; the next one that is there.
    Gap { next: u64 },
    /// Its bytes are not those that were recorded.
    Altered,
    /// It was recorded in another place.
    Reordered { recorded_as: u64 },
    /// It and the records up to the stored end are gone.
    Truncated { last: u64 },
    /// It and the records up to this one were durable once, and the database does not know of them.
    Lost { last: u64 },
    /// It is not the record that was written here last: the database is another one.
    Replaced,
    /// Records stand behind the stored end, or the stored end is missing or another one.
    Head,
    /// It can be read no more, or is no record of this version.
    Unreadable { why: Arc<str> },
}

impl fmt::Display for Breakage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { next } => write!(f, "is missing: the next one is record {next}"),
            Self::Altered => f.write_str("was altered after it was recorded"),
            Self::Reordered { recorded_as } => write!(f, "was moved: it was recorded as record {recorded_as}"),
            Self::Truncated { last } => write!(f, "is missing, with all up to record {last}: the end was cut off"),
            Self::Lost { last } => write!(
                f,
                "is missing, with all up to record {last}: they were recorded once, and journal.db does not hold them \
                 (its log journal.db-wal was removed, or an older copy was put back)"
            ),
            Self::Replaced => {
                f.write_str("is not the one that was recorded here last: journal.db is another one than before")
            }
            Self::Head => f.write_str("is not where the journal's stored end says"),
            Self::Unreadable { why } => write!(f, "cannot be read: {why}"),
        }
    }
}
