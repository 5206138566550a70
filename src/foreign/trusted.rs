//! Files that decide what is done: nobody but root, or this user, can change any step of the way to them.

use std::path::Path;

use rustix::process::{getegid, geteuid};

use super::openat2::FileStatus;
use super::walk::{Judge, LastLink, Walked, walk};
use super::{MayHang, PathError};

/// Whether others may have names of their own in a folder on the way, as in `/tmp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sticky {
    /// They may: nobody can replace what is not theirs.
    Allowed,
    /// They may not: what is run as root lies where only root writes.
    Refused,
}

/// Follows a path of which every folder and every link on the way must be trusted. What stands at its end is for
/// [`only_ours`] to judge.
///
/// # Errors
/// The first step that is not trusted, or the system's error.
pub fn walk_to(path: &Path, last: LastLink, sticky: Sticky, may_hang: &MayHang) -> Result<Walked, PathError> {
    walk(path, last, &mut OnlyOurs { sticky }, may_hang)
}

/// Lets a path lead only through what belongs to root or to this user.
struct OnlyOurs {
    sticky: Sticky,
}

impl Judge for OnlyOurs {
    fn folder(&mut self, path: &Path, folder: &FileStatus) -> Result<(), PathError> {
        only_owned(path, folder)?;
        if self.sticky == Sticky::Allowed && folder.mode & 0o1000 != 0 { Ok(()) } else { not_writable(path, folder) }
    }

    fn link(&mut self, path: &Path, link: &FileStatus, _: &FileStatus) -> Result<(), PathError> {
        only_owned(path, link)
    }
}

fn only_owned(path: &Path, seen: &FileStatus) -> Result<(), PathError> {
    if seen.owner == 0 || seen.owner == geteuid().as_raw() {
        Ok(())
    } else {
        Err(PathError::Owner { path: path.into(), owner: seen.owner })
    }
}

/// Is it owned by root or by this user, and writable by nobody else?
///
/// # Errors
/// Why it is not trusted.
pub fn only_ours(path: &Path, seen: &FileStatus) -> Result<(), PathError> {
    only_owned(path, seen)?;
    not_writable(path, seen)
}

fn not_writable(path: &Path, seen: &FileStatus) -> Result<(), PathError> {
    let me = geteuid().as_raw();
    let mode = seen.mode & 0o7777;
    let private_group = me != 0 && seen.group == getegid().as_raw() && seen.group == me;
    let by_group = mode & 0o020 != 0 && !private_group;
    if by_group || mode & 0o002 != 0 { Err(PathError::Writable { path: path.into(), mode }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, lchown, symlink};

    use super::*;

    #[test]
    fn a_link_of_another_user_on_the_way_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "x").unwrap();
        symlink(folder.path(), &link).unwrap();
        let through = link.join("file");
        let find = |sticky| walk_to(&through, LastLink::Keep, sticky, &MayHang::because("a test"));
        assert!(find(Sticky::Allowed).is_ok());
        // the folder lies in /tmp, where others have names too
        assert!(matches!(find(Sticky::Refused), Err(PathError::Writable { .. })));
        if geteuid().is_root() {
            lchown(&link, Some(4711), Some(4711)).unwrap();
            assert!(
                matches!(find(Sticky::Allowed), Err(PathError::Owner { owner: 4711, path }) if path.ends_with("link"))
            );
            fs::remove_file(&link).unwrap();
            symlink(folder.path(), &link).unwrap();
            lchown(folder.path(), Some(4711), Some(4711)).unwrap();
            assert!(matches!(find(Sticky::Allowed), Err(PathError::Owner { owner: 4711, .. })));
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(find(Sticky::Allowed).is_err());
    }
}
