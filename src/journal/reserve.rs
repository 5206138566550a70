//! Disk space held back for a full disk: a preallocated file that is given up when a commit finds no space, so that intents,
//! outcomes, pauses and pages can still be written; and taken back when there is space again.
//!
//! Whatever filled the disk would take the freed space at once. So most of it is claimed for the journal's log in the
//! same breath; the rest is left for the journal's own growth and for tickets.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

/// Size of the reserve, in bytes.
const SIZE: u64 = 4 << 20;
/// What of it goes to the journal's log when it is given up.
const FOR_THE_LOG: u64 = 3 << 20;
/// So much must be free before it is taken back, so that this does not fill the disk again.
const ROOM: u64 = 4 * SIZE;
/// Least time between two checks of the free space.
const PATIENCE: Duration = Duration::from_secs(10);

/// The reserve of one state folder.
#[derive(Debug)]
pub(super) struct Reserve {
    folder: PathBuf,
    held: bool,
    looked: Option<Instant>,
}

impl Reserve {
    /// Takes the reserve, if the disk has space for it.
    pub(super) fn take(folder: &Path) -> Self {
        let mut reserve = Self { folder: folder.to_owned(), held: false, looked: None };
        reserve.restore();
        reserve
    }

    /// Whether the reserve is held back now.
    pub(super) fn held(&self) -> bool {
        self.held
    }

    /// Gives it up. False where there was nothing to give.
    pub(super) fn release(&mut self) -> bool {
        if !std::mem::take(&mut self.held) {
            return false;
        }
        self.looked = Some(Instant::now());
        let released = release_in(&self.folder);
        if released {
            tracing::warn!(folder = %self.folder.display(), "the disk is full: the journal's reserve is given up");
            claim_for_log(&self.folder);
        }
        released
    }

    /// Takes it back once the disk has space again; checks that only now and then.
    pub(super) fn restore(&mut self) {
        if self.held || self.looked.is_some_and(|looked| looked.elapsed() < PATIENCE) {
            return;
        }
        self.looked = Some(Instant::now());
        let path = path_in(&self.folder);
        if fs::metadata(&path).is_ok_and(|data| data.len() >= SIZE) {
            self.held = true;
        } else if has_room(&self.folder) {
            match allocate(&path) {
                Ok(()) => self.held = true,
                Err(error) => {
                    tracing::warn!(%error, file = %path.display(), "no reserve against a full disk");
                    // half a reserve would be taken for a whole one
                    let _ = fs::remove_file(&path);
                }
            }
        }
    }
}

/// Gives up a reserve that another run left. False where there was none.
pub(super) fn release_in(folder: &Path) -> bool {
    fs::remove_file(path_in(folder)).is_ok()
}

/// Is one held back in this state folder?
#[must_use]
pub fn is_held(folder: &Path) -> bool {
    fs::metadata(path_in(folder)).is_ok_and(|there| there.len() == SIZE)
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join("reserve")
}

fn has_room(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) >= ROOM)
}

/// Real blocks, not a hole.
fn allocate(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, SIZE) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let block = vec![0_u8; 64 << 10];
            for _ in 0..SIZE / (64 << 10) {
                file.write_all(&block)?;
            }
            file.sync_all()
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Blocks behind the log's end, without changing its length. (SQLite takes no lock on the log itself, so opening and
/// closing it here loses none.)
fn claim_for_log(folder: &Path) {
    let claimed = OpenOptions::new().write(true).open(folder.join("journal.db-wal")).and_then(|log: File| {
        let from = log.metadata()?.len();
        Ok(rustix::fs::fallocate(&log, FallocateFlags::KEEP_SIZE, from, FOR_THE_LOG)?)
    });
    if let Err(error) = claimed {
        tracing::warn!(%error, "the reserve's room could not be claimed for the journal's log");
    }
}
