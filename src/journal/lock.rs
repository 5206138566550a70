//! The state folder: it belongs to this user alone, has mode 0700, and is held by one writer, whose name is in the lock
//! file.
//!
//! The lock is the kernel's (`flock`), so it ends with its holder however that ends; the text in the lock file only
//! names the holder.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::error::OpenError;
use crate::text::clean_line;

/// The longest name of a holder that is read.
const LONGEST: u64 = 4096;

/// A state folder that this process holds.
#[derive(Debug)]
pub(super) struct Lock {
    folder: PathBuf,
    /// Held until this is dropped.
    file: File,
}

impl Drop for Lock {
    /// Let go in so many words: a child that is being started has this file open, too, until it becomes its program.
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

/// What a holder says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    since: Timestamp,
    what: Arc<str>,
}

impl Lock {
    /// Path of the state folder that is locked.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Path of the lock file.
    pub(super) fn path(&self) -> PathBuf {
        lock_in(&self.folder)
    }

    /// Path of the database that holds the chain of records.
    pub(super) fn journal(&self) -> PathBuf {
        journal_in(&self.folder)
    }

    /// Path of the database that holds the kept readings.
    pub(super) fn readings(&self) -> PathBuf {
        readings_in(&self.folder)
    }
}

/// Where the lock file lies in a state folder.
fn lock_in(state: &Path) -> PathBuf {
    state.join("lock")
}

/// Where the chain lives in a state folder.
pub(super) fn journal_in(state: &Path) -> PathBuf {
    state.join("journal.db")
}

/// Where readings live in a state folder.
pub(super) fn readings_in(state: &Path) -> PathBuf {
    state.join("readings.db")
}

/// Makes the folder if it is missing, checks that it is ours, and takes its lock.
pub(super) fn take(state: &Path) -> Result<Lock, OpenError> {
    let io = |file: &Path| {
        let file = file.to_owned();
        move |source: io::Error| OpenError::Io { file, source }
    };
    make_folder(state).map_err(io(state))?;
    let folder = fs::canonicalize(state).map_err(io(state))?;
    check_owner(&folder)?;
    let path = lock_in(&folder);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default())
        .open(&path)
        .map_err(io(&path))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Err(held(folder, &mut file)),
        Err(errno) => return Err(io(&path)(errno.into())),
    }
    // only a name: with a full disk the lock holds without it
    if let Err(error) = sign(&mut file) {
        tracing::warn!(%error, file = %path.display(), "the lock is held, but its holder could not be written down");
    }
    Ok(Lock { folder, file })
}

/// The folder with mode 0700; its parents as the umask has it.
fn make_folder(state: &Path) -> io::Result<()> {
    if let Some(parent) = state.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(state) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && state.is_dir() => Ok(()),
        other => other,
    }
}

/// Ours, and closed to everybody else.
fn check_owner(folder: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { file: folder.to_owned(), source };
    let metadata = fs::metadata(folder).map_err(io)?;
    let wanted = rustix::process::geteuid().as_raw();
    if metadata.uid() != wanted {
        return Err(OpenError::NotOurs { folder: folder.to_owned(), owner: metadata.uid(), wanted });
    }
    if metadata.mode() & 0o777 != 0o700 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(io)?;
    }
    Ok(())
}

/// Writes down who holds the lock.
fn sign(file: &mut File) -> io::Result<()> {
    let what = fs::read("/proc/self/cmdline").unwrap_or_default();
    let what = String::from_utf8_lossy(&what).trim_end_matches('\0').replace('\0', " ");
    let what = clean_line(&what).chars().take(200).collect::<String>();
    let holder = Holder { pid: std::process::id(), since: Timestamp::now(), what: what.into() };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&serde_json::to_vec(&holder)?)
}

/// Who holds it, as far as it says so.
fn held(folder: PathBuf, file: &mut File) -> OpenError {
    let mut text = String::new();
    let holder =
        file.take(LONGEST).read_to_string(&mut text).ok().and_then(|_| serde_json::from_str::<Holder>(&text).ok());
    let Holder { pid, since, what } = holder.unwrap_or_else(|| Holder {
        pid: holder_by_kernel(file).unwrap_or_default(),
        since: file
            .metadata()
            .and_then(|data| data.modified())
            .ok()
            .and_then(|at| at.try_into().ok())
            .unwrap_or_default(),
        what: "another salve".into(),
    });
    OpenError::Held { folder, pid, since, what: clean_line(&what).into_owned().into() }
}

/// Who holds it, as the kernel lists it: for a holder that could not write its name.
fn holder_by_kernel(file: &File) -> Option<u32> {
    let inode = file.metadata().ok()?.ino().to_string();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let ours = fields.get(1) == Some(&"FLOCK") && fields.get(5)?.rsplit(':').next() == Some(&inode);
        if ours { fields.get(4)?.parse().ok() } else { None }
    })
}
