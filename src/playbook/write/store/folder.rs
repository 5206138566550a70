//! A folder that is held open: operations apply to this very folder, whatever its path leads to meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::fs::{AtFlags, FlockOperation, Gid, Mode, OFlags, RenameFlags, Uid};
use rustix::io::Errno;

use super::error::SaveError;

/// The largest file that is read, in bytes; a larger one is no playbook.
const MOST: u64 = 1024 * 1024;

/// A folder that is held open.
#[derive(Debug)]
pub struct StoreFolder {
    path: PathBuf,
    descriptor: OwnedFd,
}

/// A file's text with what is worth keeping of it.
#[derive(Debug)]
pub struct Present {
    pub bytes: Vec<u8>,
    pub mode: u32,
    pub owner: (u32, u32),
}

/// A file that stands beside the one that it is to become; taken away again unless it did.
#[derive(Debug)]
pub struct Beside<'f> {
    folder: &'f StoreFolder,
    pub name: OsString,
    pub kept: bool,
}

impl StoreFolder {
    /// Opens a folder; makes it, and those above, where it is not there.
    pub fn open(path: &Path, mode: u32) -> Result<Self, SaveError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = || rustix::fs::open(path, flags, Mode::empty());
        let descriptor = match open() {
            Err(Errno::NOENT) => {
                let done = DirBuilder::new().recursive(true).mode(mode).create(path);
                done.map_err(|error| SaveError::of("make", path, Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
                open()
            }
            opened => opened,
        };
        let descriptor = descriptor.map_err(|why| SaveError::of("open", path, why))?;
        Ok(Self { path: path.to_owned(), descriptor })
    }

    /// The path of a file in it.
    pub fn path_of(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    /// Locks the folder against other consoles that save here at the same time. Anybody who can read the folder could
    /// hold the lock forever, so it is awaited only briefly: a change from outside is noticed without it too.
    pub fn hold(&self) {
        for _ in 0..20 {
            if rustix::fs::flock(&self.descriptor, FlockOperation::NonBlockingLockExclusive).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(25));
        }
    }

    /// The file of this name; none if there is none.
    pub fn read(&self, name: &OsStr) -> Result<Option<Present>, SaveError> {
        let path = self.path_of(name);
        // not to be held up by a pipe that nobody writes into
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.descriptor, name, flags, Mode::empty()) {
            Ok(descriptor) => File::from(descriptor),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NXIO) => return Err(SaveError::NotRegular { path }),
            Err(why) => return Err(SaveError::of("read", &path, why)),
        };
        let failed =
            |error: std::io::Error| SaveError::of("read", &path, Errno::from_io_error(&error).unwrap_or(Errno::IO));
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(SaveError::NotRegular { path });
        }
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(Present { bytes, mode: metadata.mode() & 0o777, owner: (metadata.uid(), metadata.gid()) }))
    }

    /// Writes a new file beside `name`, to the disk, with the mode and the owner of what it will stand for.
    pub fn write_beside(
        &self,
        name: &OsStr,
        text: &[u8],
        mode: u32,
        like: Option<&Present>,
    ) -> Result<Beside<'_>, SaveError> {
        static NTH: AtomicU64 = AtomicU64::new(0);
        let path = self.path_of(name);
        let failed = |why| SaveError::of("write", &path, why);
        // hidden, so that no reader takes it for a playbook
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{nth}", std::process::id()));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.descriptor, &hidden, flags, Mode::from_raw_mode(mode)).map_err(failed)?;
        let beside = Beside { folder: self, name: hidden, kept: false };
        let mut file = File::from(opened);
        if let Some(like) = like {
            keep_owner(&file, like).map_err(failed)?;
            rustix::fs::fchmod(&file, Mode::from_raw_mode(like.mode)).map_err(failed)?;
        }
        let written = file.write_all(text).and_then(|()| file.sync_all());
        written.map_err(|error| failed(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        Ok(beside)
    }

    /// Renames within the folder.
    pub fn rename(&self, from: &OsStr, to: &OsStr, how: RenameFlags) -> Result<(), Errno> {
        if how.is_empty() {
            return rustix::fs::renameat(&self.descriptor, from, &self.descriptor, to);
        }
        rustix::fs::renameat_with(&self.descriptor, from, &self.descriptor, to, how)
    }

    /// Deletes a file in the folder.
    pub fn remove(&self, name: &OsStr) -> Result<(), Errno> {
        rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty())
    }

    /// Flushes the folder, so that renames are on the disk.
    pub fn sync(&self) -> Result<(), SaveError> {
        rustix::fs::fsync(&self.descriptor).map_err(|why| SaveError::of("write", &self.path, why))
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        if !self.kept {
            let _ = self.folder.remove(&self.name);
        }
    }
}

fn keep_owner(file: &File, like: &Present) -> Result<(), Errno> {
    let metadata = file.metadata().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    let (uid, gid) = like.owner;
    if (metadata.uid(), metadata.gid()) == (uid, gid) {
        return Ok(());
    }
    rustix::fs::fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))
}
