//! The files that are open, compared with the paths that they were opened by.
//!
//! A folder that is deleted, replaced, mounted over or restored from a backup leaves the open files behind: they can be
//! written, and nobody will ever find what they hold. Whoever writes asks here first.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// Files and folders by path, each with the inode that it had when it was opened.
#[derive(Debug)]
pub(super) struct OpenFiles {
    files: Vec<(PathBuf, Inode)>,
    /// SQLite's log, which comes into being with the first commit.
    log: (PathBuf, Option<Inode>),
}

/// What a path led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Inode {
    device: u64,
    number: u64,
}

/// A path no longer leads to the file that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Displaced {
    path: PathBuf,
    how: How,
    /// Only SQLite's log: what it holds can still be written back into the database.
    pub(super) only_log: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Gone,
    Replaced,
    Unreachable,
}

impl fmt::Display for Displaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Gone => "was removed",
            How::Replaced => "was replaced",
            How::Unreachable => "cannot be reached",
        };
        write!(f, "{} {how} while salve had it open; restart salve once the folder is in order", self.path.display())
    }
}

impl OpenFiles {
    /// Remembers what these paths lead to now.
    pub(super) fn remember(paths: &[&Path], log: PathBuf) -> io::Result<Self> {
        let files = paths.iter().map(|path| Ok(((*path).to_owned(), inode(path)?))).collect::<io::Result<_>>()?;
        let known = inode(&log).ok();
        Ok(Self { files, log: (log, known) })
    }

    /// Do all paths still lead there?
    pub(super) fn check(&mut self) -> Result<(), Displaced> {
        for (path, known) in &self.files {
            compare(path, *known, false)?;
        }
        let (path, known) = &mut self.log;
        if let Some(known) = known {
            return compare(path, *known, true);
        }
        *known = inode(path).ok();
        Ok(())
    }
}

fn compare(path: &Path, known: Inode, only_log: bool) -> Result<(), Displaced> {
    let how = match inode(path) {
        Ok(now) if now == known => return Ok(()),
        Ok(_) => How::Replaced,
        Err(error) if error.kind() == io::ErrorKind::NotFound => How::Gone,
        Err(_) => How::Unreachable,
    };
    Err(Displaced { path: path.to_owned(), how, only_log })
}

fn inode(path: &Path) -> io::Result<Inode> {
    let found = fs::symlink_metadata(path)?;
    Ok(Inode { device: found.dev(), number: found.ino() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_removed_or_replaced_is_missed_and_one_that_grew_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (file, log) = (folder.path().join("file"), folder.path().join("log"));
        fs::write(&file, "a").unwrap();
        let mut open = OpenFiles::remember(&[folder.path(), &file], log.clone()).unwrap();
        fs::write(&file, "longer").unwrap();
        assert_eq!(open.check(), Ok(()));
        fs::write(&log, "comes later").unwrap();
        assert_eq!(open.check(), Ok(()));
        fs::remove_file(&log).unwrap();
        assert!(open.check().unwrap_err().only_log);
        fs::rename(&file, folder.path().join("aside")).unwrap();
        let displaced = open.check().unwrap_err();
        assert!(displaced.to_string().contains("file was removed") && !displaced.only_log, "{displaced}");
        fs::write(&file, "another").unwrap();
        assert!(open.check().unwrap_err().to_string().contains("file was replaced"));
    }
}
