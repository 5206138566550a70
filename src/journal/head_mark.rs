//! The last record's number and hash, kept in a small file beside the database.
//!
//! SQLite opens a database whose log was removed without a word: the latest records are gone, and the chain over the
//! rest still holds. This file remembers how far the journal had come, so that what is missing is called missing.
//!
//! It is overwritten in place after every commit, without an fsync: a process that dies loses nothing that it wrote, and
//! after a power cut the file may only be older than the database, never newer.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::chain::{Hash, Head};
use crate::core::plan::unhex;

/// What the file begins with; the number is the version of its layout.
const MAGIC: &str = "salve-journal-head 1";

/// The file's length in bytes: always the same, so that overwriting it needs no more disk space.
const LENGTH: usize = 112;

/// The open file.
#[derive(Debug)]
pub(super) struct HeadMark {
    path: PathBuf,
    file: File,
    /// A failed write is logged once.
    failing: bool,
}

/// Where the mark of a state folder lies.
pub(super) fn path_in(state: &Path) -> PathBuf {
    state.join("journal.head")
}

/// The head that was marked last in this state folder; none where nothing was ever marked.
///
/// # Errors
/// `InvalidData` where the file does not hold a mark; else what the system says.
pub(super) fn read(state: &Path) -> io::Result<Option<Head>> {
    let mut text = String::new();
    match File::open(path_in(state)) {
        Ok(file) => file.take(4096).read_to_string(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let head = parse(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it holds no mark of a journal"));
    head.map(Some)
}

impl HeadMark {
    /// Opens the mark for writing. A new one is set to this head; one that is there says more until the next commit.
    pub(super) fn open(state: &Path, head: Head) -> io::Result<Self> {
        let path = path_in(state);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default())
            .open(&path)?;
        let mut mark = Self { path, file, failing: false };
        if mark.file.metadata()?.len() == 0 {
            mark.set(head);
            mark.file.sync_all()?;
            File::open(state)?.sync_all()?;
        }
        Ok(mark)
    }

    /// Path of the file that holds the mark.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The journal has come this far, durably.
    pub(super) fn set(&mut self, head: Head) {
        let written = self.file.write_all_at(render(head).as_bytes(), 0);
        if let Err(error) = &written
            && !self.failing
        {
            tracing::warn!(%error, file = %self.path.display(), "the journal's mark could not be written");
        }
        self.failing = written.is_err();
    }

    /// Makes it durable, at a moment when nobody waits.
    pub(super) fn sync(&self) {
        if let Err(error) = self.file.sync_data() {
            tracing::warn!(%error, file = %self.path.display(), "the journal's mark could not be made durable");
        }
    }
}

fn render(head: Head) -> String {
    let text = format!("{MAGIC} {:020} {}", head.seq, head.hash);
    format!("{text:<width$}\n", width = LENGTH - 1)
}

fn parse(text: &str) -> Option<Head> {
    let rest = text.strip_prefix(MAGIC)?.strip_suffix('\n')?;
    let (seq, hash) = rest.trim().split_once(' ')?;
    let hash = unhex(hash)?.try_into().ok()?;
    Some(Head { seq: seq.parse().ok()?, hash: Hash(hash) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_never_changes_its_length() {
        let head = Head { seq: u64::MAX, hash: Hash([0xa5; 32]) };
        for head in [Head::default(), head] {
            assert_eq!(render(head).len(), LENGTH);
            assert_eq!(parse(&render(head)), Some(head));
        }
    }

    #[test]
    fn what_is_no_mark_is_an_error_and_what_is_not_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), None);
        for text in ["", "salve-journal-head 2 1 00", &render(Head::default())[..60], "\u{0}\u{0}"] {
            fs::write(path_in(folder.path()), text).unwrap();
            assert_eq!(read(folder.path()).unwrap_err().kind(), io::ErrorKind::InvalidData, "{text:?}");
        }
    }
}
