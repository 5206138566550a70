//! A path followed step by step, as the kernel would follow it, with a verdict on every folder and every link on the
//! way. Each step is held open, so what was judged is what is walked through, whatever happens to the names meanwhile.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;

use super::openat2::{FileStatus, look_at};
use super::{MayHang, PathError};

/// As many links as the kernel follows.
const MOST_LINKS: u32 = 40;

/// Decides whether a path may lead this way.
pub trait Judge {
    /// A name is about to be looked up in this folder.
    ///
    /// # Errors
    /// Why the path must not lead through it.
    fn folder(&mut self, path: &Path, folder: &FileStatus) -> Result<(), PathError>;

    /// A link in a folder is about to be followed.
    ///
    /// # Errors
    /// Why it must not be.
    fn link(&mut self, path: &Path, link: &FileStatus, folder: &FileStatus) -> Result<(), PathError>;
}

/// Every way is right: for what the kernel alone may judge.
#[derive(Debug, Clone, Copy)]
pub struct AnyWay;

impl Judge for AnyWay {
    fn folder(&mut self, _: &Path, _: &FileStatus) -> Result<(), PathError> {
        Ok(())
    }

    fn link(&mut self, _: &Path, _: &FileStatus, _: &FileStatus) -> Result<(), PathError> {
        Ok(())
    }
}

/// What to do where the path itself is a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastLink {
    /// Judge and follow it like those on the way.
    Follow,
    /// Give back the link itself.
    Keep,
}

/// What a path leads to.
#[derive(Debug)]
pub struct Walked {
    /// Absolute, without links.
    pub path: PathBuf,
    /// What stands there.
    pub seen: FileStatus,
    /// The folder that it is in.
    pub folder_seen: FileStatus,
    /// Open as a place only (`O_PATH`): neither read nor written.
    pub place: OwnedFd,
    folder: OwnedFd,
    name: OsString,
}

impl Walked {
    /// Opens it, without waiting for anybody and without following anything.
    ///
    /// # Errors
    /// The system's, and where another file has come into its place meanwhile.
    pub fn open(&self, flags: OFlags) -> std::io::Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = openat(&self.folder, &self.name, flags, Mode::empty())?;
        if look_at(&opened)?.id() == self.seen.id() {
            Ok(opened)
        } else {
            Err(std::io::Error::other("another file has come into its place"))
        }
    }
}

/// Follows a path to its end; a relative one begins in the working folder.
///
/// # Errors
/// The system's, or the judge's.
pub fn walk(path: &Path, last: LastLink, judge: &mut impl Judge, _: &MayHang) -> Result<Walked, PathError> {
    let absolute = std::path::absolute(path).map_err(|error| PathError::io(path, error))?;
    let mut way = PathWalk::new()?;
    judge.folder(Path::new("/"), &way.top().seen)?;
    way.put(&absolute);
    while let Some(part) = way.parts.pop() {
        match part {
            PathPart::Up if way.folders.len() > 1 => drop(way.folders.pop()),
            PathPart::Up => {}
            PathPart::Down(name) => {
                if let Some(end) = way.down(name, last, judge)? {
                    return Ok(end);
                }
            }
        }
    }
    way.end_in_folder()
}

/// One part of a path that is still before us.
enum PathPart {
    Up,
    Down(OsString),
}

/// A folder on the way, held open.
struct HeldFolder {
    place: OwnedFd,
    seen: FileStatus,
    path: PathBuf,
}

struct PathWalk {
    /// Never empty: the first is the root.
    folders: Vec<HeldFolder>,
    /// The last is the next.
    parts: Vec<PathPart>,
    links: u32,
}

impl PathWalk {
    fn new() -> Result<Self, PathError> {
        let path = PathBuf::from("/");
        let place = place(CWD, path.as_os_str()).map_err(|error| PathError::io(&path, error))?;
        let seen = look_at(&place).map_err(|error| PathError::io(&path, error))?;
        Ok(Self { folders: vec![HeldFolder { place, seen, path }], parts: Vec::new(), links: 0 })
    }

    fn top(&self) -> &HeldFolder {
        self.folders.last().expect("the root is never left")
    }

    /// Puts a path before what is still to be walked.
    fn put(&mut self, path: &Path) {
        if path.is_absolute() {
            self.folders.truncate(1);
        }
        let parts = path.components().rev().filter_map(|part| match part {
            Component::Normal(name) => Some(PathPart::Down(name.to_owned())),
            Component::ParentDir => Some(PathPart::Up),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        });
        self.parts.extend(parts);
    }

    /// One name further; gives back the end of the way.
    fn down(&mut self, name: OsString, last: LastLink, judge: &mut impl Judge) -> Result<Option<Walked>, PathError> {
        let at = self.top();
        let path = at.path.join(&name);
        let failed = |error: std::io::Error| PathError::Io { path: path.clone(), source: error };
        let place = place(&at.place, &name).map_err(|error| failed(error.into()))?;
        let seen = look_at(&place).map_err(failed)?;
        let ends = self.parts.is_empty();
        match seen.kind() {
            FileType::Symlink if !ends || last == LastLink::Follow => {
                judge.link(&path, &seen, &at.seen)?;
                self.links += 1;
                if self.links > MOST_LINKS {
                    return Err(failed(Errno::LOOP.into()));
                }
                let target = readlinkat(&place, "", Vec::new()).map_err(|error| failed(error.into()))?;
                self.put(Path::new(&OsString::from_vec(target.into_bytes())));
                Ok(None)
            }
            _ if ends => {
                let folder = self.folders.pop().expect("the root is never left");
                Ok(Some(Walked { path, seen, place, folder_seen: folder.seen, folder: folder.place, name }))
            }
            FileType::Directory => {
                judge.folder(&path, &seen)?;
                self.folders.push(HeldFolder { place, seen, path });
                Ok(None)
            }
            _ => Err(failed(Errno::NOTDIR.into())),
        }
    }

    /// The path ended in a folder by its `..` or its root.
    fn end_in_folder(mut self) -> Result<Walked, PathError> {
        let HeldFolder { place, seen, path } = self.folders.pop().expect("the root is never left");
        let folder = self::place(&place, OsStr::new(".")).map_err(|error| PathError::io(&path, error))?;
        Ok(Walked { path, seen, folder_seen: seen, place, folder, name: ".".into() })
    }
}

fn place(folder: impl std::os::fd::AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const TEST: MayHang = MayHang::because("a test");

    #[test]
    fn a_path_leads_where_the_kernel_would_lead() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "x").unwrap();
        symlink("b/../b/file", root.join("a/relative")).unwrap();
        symlink(root.join("a/relative"), root.join("absolute")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let walked = |name: &str| walk(&root.join(name), LastLink::Follow, &mut AnyWay, &TEST);
        for name in ["a/b/file", "absolute", "a/../a/./relative", "a/b/../../absolute"] {
            assert_eq!(walked(name).unwrap().path, root.join("a/b/file"), "{name}");
        }
        assert_eq!(walked("a/b/..").unwrap().path, root.join("a"));
        assert_eq!(walk(Path::new("/.."), LastLink::Follow, &mut AnyWay, &TEST).unwrap().path, Path::new("/"));
        assert!(matches!(walked("loop"), Err(PathError::Io { source, .. }) if source.raw_os_error() == Some(40)));
        assert!(walked("none").unwrap_err().is_not_found() && walked("a/b/file/x").unwrap_err().is_not_found());
        let kept = walk(&root.join("absolute"), LastLink::Keep, &mut AnyWay, &TEST).unwrap();
        assert_eq!(kept.seen.kind(), FileType::Symlink);
    }

    #[test]
    fn what_comes_into_its_place_meanwhile_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one").unwrap();
        let walked = walk(&path, LastLink::Follow, &mut AnyWay, &TEST).unwrap();
        assert!(walked.open(OFlags::RDONLY).is_ok());
        fs::write(folder.path().join("other"), "two").unwrap();
        fs::rename(folder.path().join("other"), &path).unwrap();
        assert!(walked.open(OFlags::RDONLY).unwrap_err().to_string().contains("another file"));
    }
}
