//! The scribe's small file system: a tmpfs in a mount namespace of its own, so that nobody else sees it and it goes with
//! the process. Where the kernel lends none, a folder with a quota that the scribe keeps itself.

use std::path::{Path, PathBuf};
use std::{fs, io};

use nix::sched::{CloneFlags, unshare};
use rustix::fs::statvfs;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};

/// How large it is, in bytes.
pub const SIZE: u64 = 8 << 20;
/// Tells who looks from outside that the scribe keeps a quota.
const QUOTA: &str = "quota";

/// What the scribe writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scratch {
    /// A file system that is full when the kernel says so.
    Mounted,
    /// A folder that is full when its files say so.
    Quota,
}

impl Scratch {
    /// Makes it in a demo's folder; this process has only one thread yet.
    pub fn make(folder: &Path) -> Self {
        if mounted(&folder.join("scratch")).is_ok() {
            return Self::Mounted;
        }
        // without the mark a full quota would look like an empty disk
        let _ = fs::write(folder.join(QUOTA), "");
        Self::Quota
    }

    /// Appends to a file in it.
    ///
    /// # Errors
    /// Where it is full.
    pub fn append(self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        use io::Write as _;
        let folder = file.parent().unwrap_or(file);
        if self == Self::Quota && used(folder) + bytes.len() as u64 > SIZE {
            return Err(io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error()));
        }
        fs::File::options().create(true).append(true).open(file)?.write_all(bytes)
    }
}

fn mounted(place: &Path) -> io::Result<()> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    if uid.is_root() {
        unshare(CloneFlags::CLONE_NEWNS)?;
    } else {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{0} {0} 1", uid.as_raw()))?;
        fs::write("/proc/self/gid_map", format!("{0} {0} 1", gid.as_raw()))?;
    }
    // nothing of this reaches the host
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let options = std::ffi::CString::new(format!("size={SIZE},mode=700")).unwrap_or_default();
    mount("tmpfs", place, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, &*options)?;
    Ok(())
}

/// The same as it is seen from outside: below the scribe's own root, where it has one.
#[must_use]
pub fn seen_from_outside(folder: &Path, scribe: u32) -> PathBuf {
    let inside = folder.join("scratch");
    if folder.join(QUOTA).exists() {
        return inside;
    }
    let below = inside.strip_prefix("/").unwrap_or(&inside);
    Path::new("/proc").join(scribe.to_string()).join("root").join(below)
}

/// How full it is, in percent.
///
/// # Errors
/// Where it cannot be looked at.
pub fn percent(folder: &Path, scribe: u32) -> io::Result<u64> {
    let place = seen_from_outside(folder, scribe);
    if folder.join(QUOTA).exists() {
        return Ok(used(&place) * 100 / SIZE);
    }
    let seen = statvfs(&place)?;
    Ok((seen.f_blocks - seen.f_bfree) * 100 / seen.f_blocks.max(1))
}

fn used(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_full_when_its_files_say_so() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("scratch")).unwrap();
        fs::write(folder.path().join(QUOTA), "").unwrap();
        let file = folder.path().join("scratch/a");
        let half = vec![0; usize::try_from(SIZE / 2).unwrap()];
        Scratch::Quota.append(&file, &half).unwrap();
        assert_eq!(percent(folder.path(), 1).unwrap(), 50);
        Scratch::Quota.append(&file, &half).unwrap();
        let full = Scratch::Quota.append(&file, b"x").unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert_eq!(percent(folder.path(), 1).unwrap(), 100);
    }
}
