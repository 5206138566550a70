//! The final check and the deletion. Exactly the checked file is deleted; anything else is put back untouched.
//!
//! In a folder that others may write, a name can come to stand for another file between the final check and the
//! deletion. There the file is first renamed into a quarantine that only salve can enter, checked again where nobody
//! can swap it, and only then deleted; on a mismatch it is put back under its name.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, mkdirat, open, renameat_with, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::eligibility::{SkipReason, is_database};
use super::holders::{Holders, claim};
use super::roots::OpenRoot;
use super::walk::CleanCandidate;
use crate::foreign::openat2::{FileStatus, look, look_at, open_beneath};
use crate::host::sys::{Openers, sole_opener};

/// A file that passed the final check. While this lives, the kernel delays processes that open it (where it can), and
/// salve holds the locks of its folders.
#[derive(Debug)]
pub struct Ready {
    folder: OwnedFd,
    folder_seen: FileStatus,
    name: OsString,
    seen: FileStatus,
    _leased: Option<OwnedFd>,
    _claimed: Vec<OwnedFd>,
}

/// Re-checks a candidate: the same folder, the same file, unchanged, and in nobody's use. Changes nothing.
///
/// # Errors
/// The reason why the file is kept.
pub fn ready(root: &OpenRoot, candidate: &CleanCandidate, holders: &Holders) -> Result<Ready, SkipReason> {
    let parent = candidate.path.parent().unwrap_or(Path::new(""));
    let name = candidate.path.file_name().ok_or(SkipReason::Changed)?.to_owned();
    let folder =
        open_beneath(&root.folder, parent, OFlags::RDONLY | OFlags::DIRECTORY).map_err(|_| SkipReason::Changed)?;
    let folder_seen = look_at(&folder).map_err(|_| SkipReason::Changed)?;
    let claimed = claim_down_to(root, parent)?;
    let file =
        open_beneath(&folder, Path::new(&name), OFlags::PATH | OFlags::NOFOLLOW).map_err(|_| SkipReason::Changed)?;
    let seen = look_at(&file).map_err(|_| SkipReason::Changed)?;
    if folder_seen.id() != candidate.folder || seen != candidate.seen {
        return Err(SkipReason::Changed);
    }
    if holders.of(candidate).is_some() {
        return Err(SkipReason::InUse);
    }
    let leased = unused(&file, holders)?;
    // Whoever would lock it must open it first, so the lease answers for locks taken since the walk as well.
    if let Some(opened) = &leased
        && is_database(&first_bytes(opened))
    {
        return Err(SkipReason::Precious);
    }
    Ok(Ready { folder, folder_seen, name, seen, _leased: leased, _claimed: claimed })
}

/// The locks of the root and of every folder from it down to the file's own.
fn claim_down_to(root: &OpenRoot, parent: &Path) -> Result<Vec<OwnedFd>, SkipReason> {
    let claim_one = |path: &Path| {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let folder = open_beneath(&root.folder, path, flags).map_err(|_| SkipReason::Changed)?;
        claim(&folder)?;
        Ok(folder)
    };
    parent.ancestors().map(claim_one).collect()
}

/// Asks the kernel whether anyone has it open. Where it cannot say, the look at all processes must have been complete.
fn unused(file: &OwnedFd, holders: &Holders) -> Result<Option<OwnedFd>, SkipReason> {
    use std::os::fd::AsRawFd as _;
    // By descriptor, so that what is opened is what was looked at: never a FIFO or a device.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = open(path.as_str(), flags | OFlags::NOATIME, Mode::empty()).or_else(|error| match error {
        Errno::PERM => open(path.as_str(), flags, Mode::empty()),
        error => Err(error),
    });
    match opened.as_ref().map_or(Openers::Unknown, |file| sole_opener(file.as_fd())) {
        Openers::None => Ok(opened.ok()),
        Openers::Some => Err(SkipReason::InUse),
        Openers::Unknown if holders.complete => Ok(opened.ok()),
        Openers::Unknown => Err(SkipReason::CannotTell),
    }
}

fn first_bytes(file: &OwnedFd) -> Vec<u8> {
    let mut bytes = vec![0; 16];
    let length = rustix::io::pread(file, &mut bytes, 0).unwrap_or(0);
    bytes.truncate(length);
    bytes
}

/// How a deletion failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRemoved {
    /// The file is where it was.
    Kept(SkipReason),
    /// Something else stood under its name and cannot go back there; it is in the quarantine, under this name.
    Stranded(OsString),
}

impl From<SkipReason> for NotRemoved {
    fn from(kept: SkipReason) -> Self {
        Self::Kept(kept)
    }
}

/// The quarantine of one pass; made when first needed, removed at the end unless something is stranded in it.
#[derive(Debug)]
pub struct Remover<'a> {
    root: &'a OpenRoot,
    quarantine: Option<(OsString, OwnedFd)>,
    count: u64,
}

impl<'a> Remover<'a> {
    /// For one pass below this root.
    pub fn new(root: &'a OpenRoot) -> Self {
        Self { root, quarantine: None, count: 0 }
    }

    /// Deletes a file that passed the final check.
    ///
    /// # Errors
    /// Why it was not deleted, and where it is now.
    pub fn remove(&mut self, ready: &Ready) -> Result<(), NotRemoved> {
        if only_ours(&ready.folder_seen) {
            return Ok(unlinkat(&ready.folder, &ready.name, AtFlags::empty()).map_err(why)?);
        }
        let name = OsString::from(format!("{}", self.count));
        self.count += 1;
        let quarantine = self.quarantine()?.as_fd();
        renameat_with(&ready.folder, &ready.name, quarantine, &name, RenameFlags::NOREPLACE).map_err(why)?;
        match look(quarantine, &name) {
            Ok(seen) if ready.seen.same_but_renamed(&seen) => {
                unlinkat(quarantine, &name, AtFlags::empty()).map_err(why)?;
                Ok(())
            }
            _ => Err(put_back(quarantine, &name, ready)),
        }
    }

    fn quarantine(&mut self) -> Result<&OwnedFd, SkipReason> {
        if self.quarantine.is_none() {
            self.quarantine = Some(make_quarantine(self.root).map_err(|_| SkipReason::NoPermission)?);
        }
        self.quarantine.as_ref().map(|(_, folder)| folder).ok_or(SkipReason::NoPermission)
    }

    /// The quarantine's name below the root, where something is stranded in it. Else it is removed.
    pub fn finish(self) -> Option<OsString> {
        let (name, _) = self.quarantine?;
        unlinkat(&self.root.folder, &name, AtFlags::REMOVEDIR).is_err().then_some(name)
    }
}

/// Puts a file that is not the checked one back under its name, if that is still free.
fn put_back(quarantine: impl AsFd, name: &OsStr, ready: &Ready) -> NotRemoved {
    match renameat_with(quarantine, name, &ready.folder, &ready.name, RenameFlags::NOREPLACE) {
        Ok(()) => NotRemoved::Kept(SkipReason::Changed),
        Err(_) => NotRemoved::Stranded(name.to_owned()),
    }
}

/// Whether nobody else may create names in this folder. (A list of further rights shows in the group's bits.)
fn only_ours(folder: &FileStatus) -> bool {
    let owned = folder.owner == geteuid().as_raw() || folder.owner == 0;
    owned && folder.mode & 0o022 == 0
}

/// A folder below the root that only we can enter, proved to be the one that was made.
fn make_quarantine(root: &OpenRoot) -> io::Result<(OsString, OwnedFd)> {
    for attempt in 0..16 {
        let moment = jiff::Timestamp::now().as_nanosecond();
        let name = OsString::from(format!("{QUARANTINE}{}-{moment:x}-{attempt}", std::process::id()));
        match mkdirat(&root.folder, &name, Mode::RWXU) {
            Err(Errno::EXIST) => continue,
            made => made?,
        }
        let folder = open_beneath(&root.folder, Path::new(&name), OFlags::RDONLY | OFlags::DIRECTORY)?;
        let seen = look_at(&folder)?;
        let ours = seen.owner == geteuid().as_raw() && seen.mode & 0o7777 & !0o2000 == 0o700;
        if ours && seen.kind() == FileType::Directory && seen.device == root.seen.device {
            return Ok((name, folder));
        }
    }
    Err(io::Error::other("no quarantine can be made"))
}

/// How a quarantine's name begins.
pub const QUARANTINE: &str = ".salve-quarantine-";

fn why(error: Errno) -> SkipReason {
    match error {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => SkipReason::NoPermission,
        Errno::XDEV => SkipReason::OtherMount,
        _ => SkipReason::Changed,
    }
}
