//! What fills the target's file system: the largest folders and files, and deleted files that are still held open.
//!
//! The walk goes by folder descriptor, never through a symbolic link and never onto another mount, and ends at a cap of
//! entries or at its deadline: what it has seen by then is shown, and said to be a part.

pub(super) mod holders;
pub(super) mod report;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Statx, StatxFlags, openat, statx};

use super::gathered::{Gathered, apart};
use crate::foreign::{self, MayHang};
use crate::playbook::Target;
use crate::playbook::attachment::DiskUsage;

const DEADLINE: Duration = Duration::from_secs(20);
const MOST_ENTRIES: u64 = 3_000_000;
/// Folders deeper than this are left out: each level holds a descriptor.
const DEEPEST: usize = 100;
/// Files of several names that are remembered, so that each counts once.
const MOST_LINKED: usize = 500_000;

pub(super) async fn gather(target: Target, wanted: DiskUsage) -> Gathered {
    let named = match &target {
        Target::Mount(path) | Target::Path(path) => PathBuf::from(&**path),
        _ => PathBuf::from("/"),
    };
    apart("disk usage around", &named.clone(), move |may_hang| report(&named, wanted, may_hang)).await
}

fn report(named: &Path, wanted: DiskUsage, may_hang: &MayHang) -> Gathered {
    let named = foreign::read::look(named, may_hang).map_err(|refusal| refusal.to_string())?.path;
    let root = mount_of(&named).map_err(|error| format!("{}: {error}", named.display()))?;
    let mut walk = UsageWalk::new(wanted, DEADLINE, MOST_ENTRIES);
    walk.from(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let top = usize::try_from(wanted.top).unwrap_or(usize::MAX);
    let mut out = walk.render(&root, top);
    out += &report::render_holders(&root, top);
    Ok(out)
}

/// The mount point that contains a path; the path must be free of links.
fn mount_of(path: &Path) -> rustix::io::Result<PathBuf> {
    let mut at = path.to_owned();
    let mount = place(&look(rustix::fs::CWD, at.as_os_str(), AtFlags::empty())?);
    while let Some(parent) = at.parent() {
        if place(&look(rustix::fs::CWD, parent.as_os_str(), AtFlags::empty())?) != mount {
            break;
        }
        at = parent.to_owned();
    }
    Ok(at)
}

/// The identity of a mount: its number if the kernel gives it (since 5.8), else its device. The number is better: files
/// of one overlay have several devices, and the parts of one btrfs too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MountId {
    Mount(u64),
    Device(u32, u32),
}

pub(super) fn place(about: &Statx) -> MountId {
    if about.stx_mask & StatxFlags::MNT_ID.bits() == 0 {
        MountId::Device(about.stx_dev_major, about.stx_dev_minor)
    } else {
        MountId::Mount(about.stx_mnt_id)
    }
}

pub(super) fn look(folder: BorrowedFd<'_>, name: &OsStr, flags: AtFlags) -> rustix::io::Result<Statx> {
    let flags = flags | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
    statx(folder, name, flags, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)
}

fn open(folder: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    openat(folder, name, flags, Mode::empty())
}

/// The size of files, by length and by space on the disk, both in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Size {
    allocated: u64,
    apparent: u64,
    /// Files and folders.
    entries: u64,
}

impl Size {
    fn of(about: &Statx) -> Self {
        Self { allocated: about.stx_blocks.saturating_mul(512), apparent: about.stx_size, entries: 1 }
    }

    fn add(&mut self, other: Self) {
        self.allocated = self.allocated.saturating_add(other.allocated);
        self.apparent = self.apparent.saturating_add(other.apparent);
        self.entries = self.entries.saturating_add(other.entries);
    }
}

/// A folder that is being read.
struct OpenDirectory {
    path: PathBuf,
    entries: Dir,
    size: Size,
}

struct UsageWalk {
    wanted: DiskUsage,
    ends: Instant,
    entries_left: u64,
    mount: Option<MountId>,
    linked: HashSet<(u32, u32, u64)>,
    folders: Vec<(Size, PathBuf)>,
    files: BinaryHeap<Reverse<(Size, PathBuf)>>,
    total: Size,
    seen: u64,
    unread: u64,
    /// Why the walk was cut short; none if it was not.
    cut: Option<&'static str>,
}

impl UsageWalk {
    fn new(wanted: DiskUsage, deadline: Duration, entries_left: u64) -> Self {
        Self {
            wanted,
            ends: Instant::now() + deadline,
            entries_left,
            mount: None,
            linked: HashSet::new(),
            folders: Vec::new(),
            files: BinaryHeap::new(),
            total: Size::default(),
            seen: 0,
            unread: 0,
            cut: None,
        }
    }

    /// Depth first, over an own stack: the deepest tree costs no stack of the thread.
    fn from(&mut self, root: &Path) -> rustix::io::Result<()> {
        let folder = open(rustix::fs::CWD, root.as_os_str())?;
        let about = look(folder.as_fd(), OsStr::new(""), AtFlags::EMPTY_PATH)?;
        self.mount = Some(place(&about));
        let mut stack =
            vec![OpenDirectory { path: PathBuf::new(), entries: Dir::new(folder)?, size: Size::of(&about) }];
        while let Some(folder) = stack.last_mut() {
            if self.cut.is_none() && self.entries_left == 0 {
                self.cut = Some("the cap of entries was reached");
            } else if self.cut.is_none() && Instant::now() >= self.ends {
                self.cut = Some("the deadline was reached");
            }
            let next = if self.cut.is_some() { None } else { folder.entries.read() };
            match next {
                Some(Ok(entry)) => {
                    let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
                    if name != "." && name != ".." {
                        let deep = stack.len() >= DEEPEST;
                        if let Some(inner) = stack.last_mut().and_then(|folder| self.entry(folder, &name, deep)) {
                            stack.push(inner);
                        }
                    }
                }
                Some(Err(_)) => self.unread += 1,
                None => self.leave(&mut stack),
            }
        }
        Ok(())
    }

    /// Counts one entry; gives back a folder that is to be read.
    fn entry(&mut self, folder: &mut OpenDirectory, name: &OsStr, deep: bool) -> Option<OpenDirectory> {
        self.entries_left = self.entries_left.saturating_sub(1);
        let at = folder.entries.fd().ok()?;
        let Ok(about) = look(at, name, AtFlags::SYMLINK_NOFOLLOW) else {
            self.unread += 1;
            return None;
        };
        if Some(place(&about)) != self.mount {
            return None;
        }
        self.seen += 1;
        let size = Size::of(&about);
        if FileType::from_raw_mode(about.stx_mode.into()) == FileType::Directory {
            return self.enter(at, folder.path.join(name), name, size, deep);
        }
        let identity = (about.stx_dev_major, about.stx_dev_minor, about.stx_ino);
        if about.stx_nlink > 1 && self.linked.len() < MOST_LINKED && !self.linked.insert(identity) {
            return None;
        }
        folder.size.add(size);
        self.remember(size, || folder.path.join(name));
        None
    }

    fn enter(
        &mut self,
        at: BorrowedFd<'_>,
        path: PathBuf,
        name: &OsStr,
        size: Size,
        deep: bool,
    ) -> Option<OpenDirectory> {
        let opened = if deep { None } else { open(at, name).and_then(Dir::new).ok() };
        if opened.is_none() {
            self.unread += 1;
        }
        opened.map(|entries| OpenDirectory { path, entries, size })
    }

    /// Keeps a file if it is among the largest.
    fn remember(&mut self, size: Size, path: impl FnOnce() -> PathBuf) {
        let most = usize::try_from(self.wanted.top).unwrap_or(usize::MAX).min(10);
        if self.files.len() < most || self.files.peek().is_some_and(|Reverse((least, _))| *least < size) {
            self.files.push(Reverse((size, path())));
            if self.files.len() > most {
                self.files.pop();
            }
        }
    }

    /// A folder is done: it counts for itself and for the one around it.
    fn leave(&mut self, stack: &mut Vec<OpenDirectory>) {
        let Some(done) = stack.pop() else { return };
        match stack.last_mut() {
            Some(around) => around.size.add(done.size),
            None => self.total = done.size,
        }
        let level = u32::try_from(done.path.components().count()).unwrap_or(u32::MAX);
        if level > 0 && level <= self.wanted.depth {
            self.folders.push((done.size, done.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::playbook::attachment::UsageBy;

    fn walked(root: &Path, deadline: Duration, most: u64) -> UsageWalk {
        let mut walk = UsageWalk::new(DiskUsage { depth: 2, top: 5, by: UsageBy::Bytes }, deadline, most);
        walk.from(root).unwrap();
        walk
    }

    #[test]
    fn folders_count_all_below_them_and_each_file_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        fs::write(root.join("a/b/c/deep"), vec![1; 100_000]).unwrap();
        fs::write(root.join("a/shallow"), vec![1; 50_000]).unwrap();
        fs::hard_link(root.join("a/shallow"), root.join("a/again")).unwrap();
        symlink("/", root.join("a/outside")).unwrap();
        let walk = walked(root, Duration::from_mins(1), 1000);
        assert!(walk.cut.is_none());
        let of = |path: &str| walk.folders.iter().find(|(_, found)| found == Path::new(path)).map(|(size, _)| *size);
        assert!((150_000..220_000).contains(&of("a").unwrap().apparent), "{:?}", walk.folders);
        assert!((100_000..150_000).contains(&of("a/b").unwrap().apparent));
        assert_eq!(of("a/b/c"), None);
        let rendered = walk.render(root, 5);
        let largest = rendered.split("Largest files").nth(1).unwrap().lines().nth(1).unwrap();
        assert!(largest.ends_with("a/b/c/deep"), "{rendered}");
    }

    #[test]
    fn a_walk_ends_at_its_cap_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..50 {
            fs::write(folder.path().join(number.to_string()), "x").unwrap();
        }
        let walk = walked(folder.path(), Duration::from_mins(1), 10);
        assert!((1..=11).contains(&walk.seen));
        assert!(walk.render(folder.path(), 3).contains("This is a part only: the cap of entries was reached."));
        assert!(walked(folder.path(), Duration::ZERO, 10).cut.is_some());
    }

    #[test]
    fn entries_are_counted_by_folder() {
        let folder = tempfile::tempdir().unwrap();
        for (name, count) in [("few", 2), ("many", 30)] {
            fs::create_dir(folder.path().join(name)).unwrap();
            for number in 0..count {
                fs::write(folder.path().join(name).join(number.to_string()), "").unwrap();
            }
        }
        let wanted = DiskUsage { depth: 1, top: 1, by: UsageBy::Entries };
        let mut walk = UsageWalk::new(wanted, Duration::from_mins(1), 1000);
        walk.from(folder.path()).unwrap();
        let rendered = walk.render(folder.path(), 1);
        let row = rendered.lines().last().unwrap();
        assert!(row.trim_start().starts_with("31 ") && row.ends_with("/many"), "{rendered}");
    }

    #[test]
    fn a_tree_too_deep_to_follow_is_counted_as_unread() {
        let folder = tempfile::tempdir().unwrap();
        let mut path = folder.path().to_owned();
        for _ in 0..DEEPEST + 20 {
            path.push("d");
            fs::create_dir(&path).unwrap();
        }
        assert_eq!(walked(folder.path(), Duration::from_mins(1), 1000).unread, 1);
    }
}
