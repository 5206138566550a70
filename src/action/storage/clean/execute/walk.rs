//! Walks the tree by folder descriptors and collects the oldest files that may be deleted: the manifest.

use std::collections::{BTreeMap, BinaryHeap};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType, OFlags};

use super::eligibility::{self, SkipReason};
use super::holders::Locks;
use super::roots::OpenRoot;
use super::{ResolvedClean, Stop};
use crate::foreign::openat2::{FileStatus, look, look_at, open_beneath};

/// How many entries one pass visits at most.
const MOST_ENTRIES: u64 = 5_000_000;

/// A file that may be deleted, judging by its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanCandidate {
    /// Its path below the root.
    pub path: PathBuf,
    /// Its metadata when it was found eligible.
    pub seen: FileStatus,
    /// Device and inode of its folder.
    pub folder: (u64, u64),
}

/// By age: the heap's greatest is the youngest, which is the first to give way. Equal ages go by path, so that two
/// passes over one tree make one manifest.
impl Ord for CleanCandidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.seen.newest(), &self.path).cmp(&(other.seen.newest(), &other.path))
    }
}

impl PartialOrd for CleanCandidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The files that are kept, counted by reason, each with one example.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptCounts(pub BTreeMap<SkipReason, (u64, PathBuf)>);

impl KeptCounts {
    /// Counts one more file that stays for this reason; the first path of each reason is its example.
    pub fn add(&mut self, kept: SkipReason, path: &Path) {
        self.0.entry(kept).or_insert_with(|| (0, path.into())).0 += 1;
    }
}

/// The files that a walk found, to delete and to keep.
#[derive(Debug, Default)]
pub struct WalkResult {
    /// The files that may be deleted, oldest first.
    pub candidates: Vec<CleanCandidate>,
    /// The files that may not be deleted, counted by reason.
    pub kept: KeptCounts,
    /// Whether the walk ended before the whole tree was visited.
    pub cut_short: bool,
}

/// The state of a walk in progress: what is allowed, when to stop, and what was found so far.
struct CleanWalk<'a> {
    resolved: &'a ResolvedClean,
    root: &'a OpenRoot,
    /// Nanoseconds of wall time.
    now: i128,
    locks: &'a Locks,
    own_state: Option<(u64, u64)>,
    stop: &'a Stop,
    entries: u64,
    heap: BinaryHeap<CleanCandidate>,
    found: WalkResult,
}

/// Visits everything below the root. An error below it is a reason to keep a file, never to give up.
pub fn walk(
    resolved: &ResolvedClean,
    root: &OpenRoot,
    locks: &Locks,
    own_state: Option<(u64, u64)>,
    now: i128,
    stop: &Stop,
) -> WalkResult {
    let heap = BinaryHeap::new();
    let mut walk =
        CleanWalk { resolved, root, now, locks, own_state, stop, entries: 0, heap, found: WalkResult::default() };
    walk.folder(&root.folder, &root.seen, Path::new(""), 0);
    let mut found = walk.found;
    found.candidates = walk.heap.into_sorted_vec();
    found
}

impl CleanWalk<'_> {
    fn folder(&mut self, folder: impl AsFd, seen: &FileStatus, path: &Path, depth: u32) {
        let Ok(names) = names(&folder) else { return self.found.kept.add(SkipReason::NoPermission, path) };
        for name in names {
            if self.is_over() {
                return;
            }
            let below = path.join(&name);
            match look(&folder, &name) {
                Ok(found) if found.kind() == FileType::Directory => self.enter(&folder, &name, &found, &below, depth),
                Ok(found) => self.file(&name, found, seen, below),
                Err(_) => self.found.kept.add(SkipReason::Changed, &below),
            }
        }
    }

    fn is_over(&mut self) -> bool {
        self.entries += 1;
        let over = self.entries > MOST_ENTRIES || (self.entries.is_multiple_of(64) && self.stop.is_due());
        self.found.cut_short |= over;
        over || self.found.cut_short
    }

    fn enter(&mut self, folder: impl AsFd, name: &OsStr, seen: &FileStatus, path: &Path, depth: u32) {
        if let Some(kept) = self.keeps_folder(name, seen, depth) {
            return self.found.kept.add(kept, path);
        }
        match open_beneath(folder, Path::new(name), OFlags::RDONLY | OFlags::DIRECTORY) {
            // Swapped between the look and the opening: not what was judged.
            Ok(opened) if look_at(&opened).is_ok_and(|now| now.id() == seen.id() && now.mount == seen.mount) => {
                self.folder(&opened, seen, path, depth + 1);
            }
            Ok(_) => self.found.kept.add(SkipReason::Changed, path),
            Err(error) => self.found.kept.add(why_not_opened(&error), path),
        }
    }

    fn keeps_folder(&self, name: &OsStr, seen: &FileStatus, depth: u32) -> Option<SkipReason> {
        if seen.mount != self.root.seen.mount || seen.device != self.root.seen.device || seen.mount_root {
            Some(SkipReason::OtherMount)
        } else if depth >= self.resolved.max_depth {
            Some(SkipReason::TooDeep)
        } else if Some(seen.id()) == self.own_state {
            Some(SkipReason::OwnState)
        } else if eligibility::is_closed_folder(name.as_bytes()) {
            Some(SkipReason::Precious)
        } else if self.locks.holds(seen) {
            // As systemd-tmpfiles has it: a locked folder is off limits with all that is in it.
            Some(SkipReason::Locked)
        } else {
            None
        }
    }

    fn file(&mut self, name: &OsStr, found: FileStatus, folder: &FileStatus, path: PathBuf) {
        let verdict = if found.mount == self.root.seen.mount && !found.mount_root {
            let verdict = eligibility::judge(name, &found, self.resolved, self.now);
            verdict.and_then(|()| if self.locks.holds(&found) { Err(SkipReason::Locked) } else { Ok(()) })
        } else {
            Err(SkipReason::OtherMount)
        };
        if let Err(kept) = verdict {
            return self.found.kept.add(kept, &path);
        }
        self.heap.push(CleanCandidate { path, seen: found, folder: folder.id() });
        if u64::try_from(self.heap.len()).unwrap_or(u64::MAX) > self.resolved.max_files
            && let Some(youngest) = self.heap.pop()
        {
            self.found.kept.add(SkipReason::Cap, &youngest.path);
        }
    }
}

fn names(folder: impl AsFd) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name));
        }
    }
    Ok(names)
}

fn why_not_opened(error: &io::Error) -> SkipReason {
    match error.kind() {
        io::ErrorKind::PermissionDenied => SkipReason::NoPermission,
        io::ErrorKind::CrossesDevices => SkipReason::OtherMount,
        _ => SkipReason::Changed,
    }
}
