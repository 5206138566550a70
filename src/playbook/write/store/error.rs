//! Why a text was not saved, and what an operator does about it.

use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// Why a text was not saved. The file is unchanged, unless stated otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// Somebody else has written it since it was opened.
    #[error("the file has changed since it was opened; nothing was saved")]
    Changed {
        /// The text that is in the file now.
        theirs: String,
    },
    /// Somebody else has removed it since it was opened.
    #[error("{} is gone since it was opened; save it as a new file", .path.display())]
    Gone {
        /// The path of the file that no longer exists.
        path: PathBuf,
    },
    /// A link, a folder, a device: what is saved would end up somewhere else.
    #[error("{} is no regular file, and is not written through; take it away, or save under another name", .path.display())]
    NotRegular {
        /// The path of what is no regular file.
        path: PathBuf,
    },
    /// No file can have this name.
    #[error("`{}` is no file's name", .path.display())]
    NoName {
        /// The path that cannot name a file.
        path: PathBuf,
    },
    /// The disk is full, or the quota is used up.
    #[error("no room left in {} ({why}); nothing was saved: make room, then save again", .folder.display())]
    NoRoom {
        /// The folder on the full disk.
        folder: PathBuf,
        /// The error of the system call.
        why: Errno,
    },
    /// The disk is mounted read-only.
    #[error("{} is on a disk that is mounted read-only; nothing was saved", .folder.display())]
    ReadOnly {
        /// The folder on the read-only disk.
        folder: PathBuf,
    },
    /// This user may not write there.
    #[error("you may not write in {} ({why}); nothing was saved: run salve as its owner, or save elsewhere", .folder.display())]
    Denied {
        /// The folder that may not be written to.
        folder: PathBuf,
        /// The error of the system call.
        why: Errno,
    },
    /// Whatever else went wrong.
    #[error("cannot {doing} {}: {why}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The path of the file or folder that it was done to.
        path: PathBuf,
        /// The error of the system call.
        why: Errno,
    },
}

impl SaveError {
    /// What the system said about doing something to a file.
    pub(super) fn of(doing: &'static str, path: &Path, why: Errno) -> Self {
        let folder = || path.parent().unwrap_or(path).to_owned();
        match why {
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Self::NoRoom { folder: folder(), why },
            Errno::ROFS => Self::ReadOnly { folder: folder() },
            Errno::ACCESS | Errno::PERM => Self::Denied { folder: folder(), why },
            Errno::LOOP => Self::NotRegular { path: path.to_owned() },
            _ => Self::Io { doing, path: path.to_owned(), why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_with_what_to_do() {
        let told = |why| SaveError::of("write", Path::new("/etc/salve/playbooks/a.toml"), why).to_string();
        assert!(
            told(Errno::NOSPC).starts_with("no room left in /etc/salve/playbooks (No space left"),
            "{}",
            told(Errno::NOSPC)
        );
        assert!(told(Errno::DQUOT).contains("make room"));
        assert!(told(Errno::ROFS).contains("mounted read-only"));
        assert!(told(Errno::ACCESS).contains("you may not write in /etc/salve/playbooks"));
        assert!(told(Errno::IO).starts_with("cannot write /etc/salve/playbooks/a.toml: Input/output error"));
    }
}
