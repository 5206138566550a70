//! A folder that somebody names, held open: what is done in it is done in this very folder, whatever its path leads to
//! meanwhile. No link of somebody else leads to it, and none in it is followed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fsync, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::openat2::{FileStatus, look, look_at};
use super::walk::{Judge, LastLink, Walked, walk};
use super::{MayHang, PathError};

/// Others may read what is in a file.
pub const FOR_EVERYBODY: u32 = 0o644;
/// Only this user may read it.
pub const PRIVATE: u32 = 0o600;

/// A folder that is held open.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
}

impl Folder {
    /// Opens a folder that is there.
    ///
    /// # Errors
    /// The system's, or where somebody else's link is on the way.
    pub fn open(path: &Path, may_hang: &MayHang) -> Result<Self, PathError> {
        let walked = walk(path, LastLink::Follow, &mut NoLinksOfOthers, may_hang)?;
        let descriptor = enter(&walked).map_err(|error| PathError::io(path, error))?;
        Ok(Self { descriptor })
    }

    /// The same, and makes it, and those above it, where it is not there; only this user can enter what is made.
    ///
    /// # Errors
    /// The system's, or where somebody else's link is on the way.
    pub fn make(path: &Path, may_hang: &MayHang) -> Result<Self, PathError> {
        let mut missing: Vec<&OsStr> = Vec::new();
        let (mut at, mut there) = (path, Self::open(path, may_hang));
        while there.as_ref().is_err_and(PathError::is_not_found)
            && let (Some(above), Some(name)) = (at.parent(), at.file_name())
        {
            missing.push(name);
            at = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            there = Self::open(at, may_hang);
        }
        let mut folder = there?;
        for name in missing.into_iter().rev() {
            folder = folder.make_inner(name).map_err(|error| PathError::io(path, error))?;
        }
        Ok(folder)
    }

    fn make_inner(&self, name: &OsStr) -> io::Result<Self> {
        match mkdirat(&self.descriptor, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self { descriptor: openat(&self.descriptor, name, flags, Mode::empty())? })
    }

    /// The names in it.
    ///
    /// # Errors
    /// What the kernel answers to the listing of the folder.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.descriptor)? {
            let entry = entry?;
            names.push(OsStr::from_bytes(entry.file_name().to_bytes()).to_owned());
        }
        Ok(names)
    }

    /// Does anything stand under this name?
    #[must_use]
    pub fn has(&self, name: &OsStr) -> bool {
        look(&self.descriptor, name).is_ok()
    }

    /// A regular file of one name, up to `most` bytes; none where something else stands there.
    ///
    /// # Errors
    /// The system's, while it is read.
    pub fn read(&self, name: &OsStr, most: u64) -> io::Result<Option<Vec<u8>>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let regular = |seen: &FileStatus| seen.kind() == FileType::RegularFile && seen.links == 1 && seen.size <= most;
        if !look(&self.descriptor, name).is_ok_and(|seen| regular(&seen)) {
            return Ok(None);
        }
        // a link that came meanwhile, or a file that is not ours to read
        let Ok(file) = openat(&self.descriptor, name, flags, Mode::empty()) else { return Ok(None) };
        if !regular(&look_at(&file)?) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        File::from(file).take(most).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Writes a file that is not there yet.
    ///
    /// # Errors
    /// The system's; `AlreadyExists` where anything stands under this name.
    pub fn create(&self, name: &OsStr, bytes: &[u8], mode: u32) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.descriptor, name, flags, Mode::from_raw_mode(mode))?);
        // the mask that this process was started with does not decide who may read it
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if written.is_err() {
            // on a full disk half a file would stay in the way
            let _ = unlinkat(&self.descriptor, name, AtFlags::empty());
        }
        written
    }

    /// Puts a file in the place of another one. Whoever looks sees the old bytes or the new ones, also after a power
    /// cut.
    ///
    /// # Errors
    /// The system's; the former file is then as it was.
    pub fn replace(&self, name: &OsStr, bytes: &[u8], mode: u32) -> io::Result<()> {
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(".tmp");
        match unlinkat(&self.descriptor, &beside, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        self.create(&beside, bytes, mode)?;
        let replaced =
            renameat(&self.descriptor, &beside, &self.descriptor, name).and_then(|()| fsync(&self.descriptor));
        if replaced.is_err() {
            let _ = unlinkat(&self.descriptor, &beside, AtFlags::empty());
        }
        Ok(replaced?)
    }
}

/// Open for use, and the very folder that the walk came to.
fn enter(walked: &Walked) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(&walked.place, ".", flags, Mode::empty())?)
}

/// A link leads on only where nobody but root, or this user, could have put it there. Who is not root goes where the
/// kernel lets them.
struct NoLinksOfOthers;

impl Judge for NoLinksOfOthers {
    fn folder(&mut self, _: &Path, _: &FileStatus) -> Result<(), PathError> {
        Ok(())
    }

    fn link(&mut self, path: &Path, link: &FileStatus, folder: &FileStatus) -> Result<(), PathError> {
        match [link.owner, folder.owner].into_iter().find(|owner| *owner != 0) {
            Some(owner) if geteuid().is_root() => Err(PathError::Owner { path: PathBuf::from(path), owner }),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};

    use super::*;

    const TEST: MayHang = MayHang::because("a test");

    #[test]
    fn what_is_written_lands_in_the_folder_that_was_opened() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b");
        let folder = Folder::make(&path, &TEST).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let moved = place.path().join("moved");
        fs::rename(&path, &moved).unwrap();
        symlink(place.path(), &path).unwrap();
        folder.create("new".as_ref(), b"one", PRIVATE).unwrap();
        assert_eq!(folder.create("new".as_ref(), b"two", PRIVATE).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        folder.replace("new".as_ref(), b"three", PRIVATE).unwrap();
        assert_eq!(fs::read(moved.join("new")).unwrap(), b"three");
        assert_eq!(folder.read("new".as_ref(), 5).unwrap().as_deref(), Some(&b"three"[..]));
        assert_eq!(folder.read("new".as_ref(), 4).unwrap(), None, "too large");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "nothing was written through the link");
    }

    #[test]
    fn nothing_is_reached_through_a_link_of_another_user() {
        let place = tempfile::tempdir().unwrap();
        let (theirs, elsewhere) = (place.path().join("theirs"), place.path().join("elsewhere"));
        fs::create_dir(&elsewhere).unwrap();
        symlink(&elsewhere, &theirs).unwrap();
        assert!(Folder::open(&theirs, &TEST).is_ok());
        if geteuid().is_root() {
            lchown(&theirs, Some(4711), Some(4711)).unwrap();
            for path in [theirs.clone(), theirs.join("below")] {
                assert!(matches!(Folder::make(&path, &TEST), Err(PathError::Owner { owner: 4711, .. })));
            }
            assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        }
        fs::write(place.path().join("victim"), "x").unwrap();
        let folder = Folder::open(place.path(), &TEST).unwrap();
        fs::hard_link(place.path().join("victim"), place.path().join("twin")).unwrap();
        symlink("victim", place.path().join("link")).unwrap();
        for name in ["twin", "link", "elsewhere", "none"] {
            assert_eq!(folder.read(name.as_ref(), 100).unwrap(), None, "{name}");
        }
    }
}
