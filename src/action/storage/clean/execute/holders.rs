//! Finds which files are open, mapped or locked by any process, as far as this one may see it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, StatxFlags, flock, statx};
use rustix::io::Errno;

use super::eligibility::SkipReason;
use super::roots::OpenRoot;
use super::walk::CleanCandidate;
use crate::foreign::openat2::FileStatus;
use crate::text::clean_line;

/// A deleted file that takes space until its holder closes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedOpen {
    /// Its last name.
    pub path: String,
    /// Bytes that it takes.
    pub takes: u64,
    /// Name and id of a process that holds it.
    pub holder: String,
}

/// The result of one scan over all processes.
#[derive(Debug, Default)]
pub struct Holders {
    pub(super) in_use: HashMap<(u64, u64), String>,
    /// Whether every process could be scanned.
    pub complete: bool,
    /// Deleted files on the root's file system that are still open, largest first.
    pub deleted: Vec<DeletedOpen>,
}

impl Holders {
    /// The process that has this file open or mapped; none if there is none.
    pub fn of(&self, candidate: &CleanCandidate) -> Option<&str> {
        self.in_use.get(&candidate.seen.id()).map(String::as_str)
    }

    /// Scans every process for these files, and for deleted ones on the root's file system.
    pub fn scan(root: &OpenRoot, root_path: &Path, candidates: &[CleanCandidate]) -> Self {
        let mut scan = Scan {
            device: root.seen.device,
            exact: shows_true_devices(root),
            wanted: candidates.iter().map(|candidate| candidate.seen.id()).collect(),
            inodes: by_inode(candidates),
            paths: candidates.iter().map(|found| (root_path.join(&found.path), found.seen.id())).collect(),
            slow: slow_mounts(),
            holders: Self { complete: true, ..Self::default() },
            deleted: HashMap::new(),
        };
        let Ok(processes) = fs::read_dir("/proc") else { return Self::default() };
        for entry in processes.flatten() {
            if entry.file_name().as_bytes().iter().all(u8::is_ascii_digit) && scan.process(&entry.path()).is_err() {
                scan.holders.complete = false;
            }
        }
        scan.kernel();
        scan.holders.deleted = scan.deleted.into_values().collect();
        scan.holders.deleted.sort_by_key(|file| std::cmp::Reverse(file.takes));
        scan.holders
    }
}

fn by_inode(candidates: &[CleanCandidate]) -> HashMap<u64, (u64, u64)> {
    candidates.iter().map(|candidate| (candidate.seen.inode, candidate.seen.id())).collect()
}

struct Scan {
    device: u64,
    /// The file system shows the same device in `maps` as `stat` does.
    exact: bool,
    wanted: HashSet<(u64, u64)>,
    inodes: HashMap<u64, (u64, u64)>,
    paths: HashMap<PathBuf, (u64, u64)>,
    slow: Vec<PathBuf>,
    holders: Holders,
    deleted: HashMap<(u64, u64), DeletedOpen>,
}

impl Scan {
    /// An error says that the process could not be looked at; one that has ended meanwhile holds nothing.
    fn process(&mut self, folder: &Path) -> io::Result<()> {
        let looked = self.descriptors(folder).and_then(|()| self.maps(folder));
        if gone(folder) { Ok(()) } else { looked }
    }

    fn descriptors(&mut self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder.join("fd"))?.flatten() {
            let link = entry.path();
            let Ok(target) = fs::read_link(&link) else { continue };
            // Sockets, pipes and the like have no path. A dead network file system would hang whoever asks it.
            if !target.is_absolute() || self.slow.iter().any(|mount| target.starts_with(mount)) {
                continue;
            }
            let Ok(found) = statx(CWD, &link, AtFlags::STATX_DONT_SYNC, StatxFlags::BASIC_STATS) else { continue };
            let device = u64::from(found.stx_dev_major) << 32 | u64::from(found.stx_dev_minor);
            let id = (device, found.stx_ino);
            if self.wanted.contains(&id) {
                self.holders.in_use.entry(id).or_insert_with(|| holder(folder));
            }
            let file = FileType::from_raw_mode(found.stx_mode.into()) == FileType::RegularFile;
            if found.stx_nlink == 0 && file && device == self.device {
                let path = clean_line(&target.to_string_lossy()).trim_end_matches(" (deleted)").to_owned();
                let takes = found.stx_blocks.saturating_mul(512);
                self.deleted.entry(id).or_insert_with(|| DeletedOpen { path, takes, holder: holder(folder) });
            }
        }
        Ok(())
    }

    /// Mapped files. Where the file system may show another device here than `stat` does, an equal inode or an equal
    /// path is enough: it keeps a file too many rather than one too few.
    fn maps(&mut self, folder: &Path) -> io::Result<()> {
        let maps = fs::read(folder.join("maps"))?;
        for line in String::from_utf8_lossy(&maps).lines() {
            let mut fields = line.splitn(6, ' ').skip(3);
            let (Some(device), Some(inode), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            let (device, inode) = (device_number(device), inode.parse().unwrap_or(0));
            let by_path = || self.paths.get(Path::new(path.trim_start())).copied();
            let here = !self.exact || device == Some(self.device);
            let by_inode = || self.inodes.get(&inode).copied().filter(|_| here && inode != 0);
            if let Some(id) = by_path().or_else(by_inode) {
                self.holders.in_use.entry(id).or_insert_with(|| holder(folder));
            }
        }
        Ok(())
    }

    /// What the kernel itself holds open: swap areas and loop devices.
    fn kernel(&mut self) {
        let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
        let mut held: Vec<(String, &str)> =
            swaps.lines().skip(1).filter_map(|line| Some((line.split(' ').next()?.to_owned(), "swap"))).collect();
        for device in fs::read_dir("/sys/block").into_iter().flatten().flatten() {
            if let Ok(file) = fs::read_to_string(device.path().join("loop/backing_file")) {
                held.push((file.trim_end().to_owned(), "a loop device"));
            }
        }
        for (path, by) in held {
            if let Some(id) = self.paths.get(Path::new(&path)) {
                self.holders.in_use.insert(*id, by.into());
            }
        }
    }
}

/// `fd:0a`, in hexadecimal.
fn device_number(field: &str) -> Option<u64> {
    let (major, minor) = field.split_once(':')?;
    Some(u64::from_str_radix(major, 16).ok()? << 32 | u64::from_str_radix(minor, 16).ok()?)
}

/// ext2 to ext4, XFS, tmpfs and F2FS; overlay and btrfs do not, and of others we do not know.
fn shows_true_devices(root: &OpenRoot) -> bool {
    const TRUE: [i64; 4] = [0xEF53, 0x5846_5342, 0x0102_1994, 0xF2F5_2010];
    rustix::fs::fstatfs(&root.folder).is_ok_and(|found| TRUE.contains(&found.f_type))
}

fn gone(folder: &Path) -> bool {
    // A process that has ended, or is a zombie, has no maps and no descriptors.
    fs::read_to_string(folder.join("stat"))
        .map_or(true, |stat| stat.rfind(')').is_some_and(|end| stat[end..].starts_with(") Z")))
}

fn holder(folder: &Path) -> String {
    let name = fs::read_to_string(folder.join("comm")).unwrap_or_default();
    let pid = folder.file_name().unwrap_or_default().to_string_lossy();
    format!("{} ({pid})", clean_line(name.trim_end()))
}

/// Mounts whose server may not answer.
fn slow_mounts() -> Vec<PathBuf> {
    const SLOW: [&str; 9] = ["nfs", "cifs", "smb", "9p", "ceph", "afs", "fuse", "autofs", "lustre"];
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let (mount, filesystem) = line.split_once(" - ")?;
            let slow = SLOW.iter().any(|kind| filesystem.starts_with(kind));
            slow.then(|| PathBuf::from(mount.split(' ').nth(4).unwrap_or_default().replace("\\040", " ")))
        })
        .filter(|mount| mount != Path::new("/"))
        .collect()
}

/// All file locks that are in force.
#[derive(Debug, Default)]
pub struct Locks {
    inodes: HashSet<u64>,
    known: bool,
}

impl Locks {
    /// As the kernel lists them. The device is left aside, because some file systems show another one here: a file is
    /// kept too often rather than once too seldom.
    pub fn read() -> Self {
        let mut locks = Self { inodes: HashSet::new(), known: true };
        for _ in 0..LOOKS {
            match lock_list() {
                Ok(list) => locks.inodes.extend(list.lines().filter_map(locked_inode)),
                Err(_) => return Self::default(),
            }
        }
        locks
    }

    /// Whether it is locked; true if that is unknown.
    pub fn holds(&self, seen: &FileStatus) -> bool {
        !self.known || self.inodes.contains(&seen.inode)
    }
}

/// The kernel gives its list a page at a time and goes on by position: a lock that is released between two reads makes
/// it pass over another one. So reads are large, the list is read more than once, and the last look claims the folders
/// and leases the file all the same.
const LOOKS: u32 = 3;

fn lock_list() -> io::Result<String> {
    let mut list = Vec::new();
    let mut page = vec![0; 1 << 16];
    let mut file = fs::File::open("/proc/locks")?;
    loop {
        match file.read(&mut page)? {
            0 => return Ok(String::from_utf8_lossy(&list).into_owned()),
            length => list.extend_from_slice(&page[..length]),
        }
    }
}

/// Takes a folder's lock, as systemd-tmpfiles does while it cleans: whoever holds one says that all in it is off
/// limits. It is released when the descriptor is closed.
///
/// # Errors
/// The reason for skipping the folder: another process holds its lock, or it cannot be locked.
pub fn claim(folder: impl AsFd) -> Result<(), SkipReason> {
    match flock(folder, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(SkipReason::Locked),
        // A file system without locks has none to honour.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The inode in `1: POSIX  ADVISORY  WRITE 1234 08:01:131234 0 EOF`; also in lines of waiters (`->`).
fn locked_inode(line: &str) -> Option<u64> {
    let place = line.split_ascii_whitespace().find(|field| field.bytes().filter(|byte| *byte == b':').count() == 2)?;
    place.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_known_by_its_inode() {
        assert_eq!(locked_inode("1: POSIX  ADVISORY  WRITE 1234 08:01:131234 0 EOF"), Some(131_234));
        assert_eq!(locked_inode("2: -> FLOCK  ADVISORY  WRITE 7 fd:00:42 0 EOF"), Some(42));
        assert_eq!(locked_inode("nonsense"), None);
    }
}
