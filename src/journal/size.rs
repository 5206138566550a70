//! How much disk space the journal takes.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::lock::{journal_in, readings_in};

/// Bytes of the journal and its readings in this state folder, with what `SQLite` has not folded in yet; none where
/// there is no journal, or it may not be seen.
#[must_use]
pub fn size(state: &Path) -> Option<u64> {
    let journal = fs::metadata(journal_in(state)).ok()?.len();
    let beside = [(journal_in(state), "-wal"), (readings_in(state), ""), (readings_in(state), "-wal")];
    let beside = beside.map(|(file, ending)| {
        let mut name = OsString::from(file);
        name.push(ending);
        fs::metadata(name).map_or(0, |found| found.len())
    });
    Some(journal + beside.iter().sum::<u64>())
}
