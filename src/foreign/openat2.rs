//! Opening and looking, never through a symbolic link, never on another mount: `openat2` where the kernel has it,
//! else one folder at a time with `O_NOFOLLOW` and the mount's id compared.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, StatxAttributes, StatxFlags, StatxTimestamp, openat, openat2,
    statx,
};
use rustix::io::Errno;

use super::MayHang;

/// What is known of one file, and what makes it this one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStatus {
    /// Device, major in the upper half.
    pub device: u64,
    /// Number of the inode, unique on its device.
    pub inode: u64,
    /// The mount through which it was seen.
    pub mount: u64,
    /// Type and permission bits, as `stat` gives them.
    pub mode: u32,
    /// How many names (hard links) it has.
    pub links: u32,
    /// The uid that owns it.
    pub owner: u32,
    /// The gid of its group.
    pub group: u32,
    /// Its length, in bytes.
    pub size: u64,
    /// Bytes that it takes on the disk.
    pub takes: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub modified: i128,
    /// When its content or status last changed, in nanoseconds since 1970.
    pub changed: i128,
    /// Nanoseconds of wall time; none where the file system does not keep it.
    pub born: Option<i128>,
    /// `immutable` or `append only`.
    pub held_fast: bool,
    /// It is the root of a mount, so what it hides belongs to another file system.
    pub mount_root: bool,
}

impl FileStatus {
    /// The type that is encoded in `mode`: regular file, folder, symbolic link, socket, …
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }

    /// The latest of its three times: nothing was done to it since.
    pub fn newest(&self) -> i128 {
        // Where no birth is kept, the change time is not before it: a birth sets it.
        self.modified.max(self.changed).max(self.born.unwrap_or(i128::MIN))
    }

    /// What names the file as long as it exists.
    pub fn id(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// The same file, untouched but for what a rename does to it (its change time).
    pub fn same_but_renamed(&self, later: &Self) -> bool {
        Self { changed: later.changed, ..*self } == *later
    }
}

/// Looks at a name in a folder, not through it: a link is seen as a link.
pub fn look(folder: impl AsFd, name: &OsStr) -> io::Result<FileStatus> {
    seen(folder, Path::new(name), AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT)
}

/// Looks at what is open.
pub fn look_at(file: impl AsFd) -> io::Result<FileStatus> {
    seen(file, Path::new(""), AtFlags::EMPTY_PATH)
}

fn seen(at: impl AsFd, path: &Path, flags: AtFlags) -> io::Result<FileStatus> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME | StatxFlags::MNT_ID;
    let found = statx(&at, path, flags, wanted)?;
    let has = |flag: StatxFlags| found.stx_mask & flag.bits() != 0;
    let time = |at: StatxTimestamp| i128::from(at.tv_sec) * 1_000_000_000 + i128::from(at.tv_nsec);
    let mount = if has(StatxFlags::MNT_ID) { found.stx_mnt_id } else { mount_by_fdinfo(&at, path)? };
    let attribute = |flag| found.stx_attributes.intersects(flag);
    Ok(FileStatus {
        device: u64::from(found.stx_dev_major) << 32 | u64::from(found.stx_dev_minor),
        inode: found.stx_ino,
        mount,
        mode: found.stx_mode.into(),
        links: found.stx_nlink,
        owner: found.stx_uid,
        group: found.stx_gid,
        size: found.stx_size,
        takes: found.stx_blocks.saturating_mul(512),
        modified: time(found.stx_mtime),
        changed: time(found.stx_ctime),
        born: has(StatxFlags::BTIME).then(|| time(found.stx_btime)),
        held_fast: attribute(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND),
        mount_root: attribute(StatxAttributes::MOUNT_ROOT),
    })
}

/// Before Linux 5.8 `statx` does not tell the mount; `fdinfo` does.
fn mount_by_fdinfo(at: impl AsFd, path: &Path) -> io::Result<u64> {
    let opened;
    let descriptor = if path.as_os_str().is_empty() {
        at.as_fd().as_raw_fd()
    } else {
        opened = openat(&at, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        opened.as_raw_fd()
    };
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}"))?;
    info.lines()
        .find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok())
        .ok_or_else(|| io::Error::other("the kernel does not tell mounts apart"))
}

/// Opens an absolute path in which no part is a link.
///
/// # Errors
/// The system's; a link on the way is one.
pub fn open_plainly(path: &Path, flags: OFlags, _: &MayHang) -> io::Result<OwnedFd> {
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(CWD, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => {
            let top = openat(CWD, "/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            part_by_part(&top, path.strip_prefix("/").unwrap_or(path), flags, None)
        }
        opened => Ok(opened?),
    }
}

/// Opens what is below a folder, on its mount, through no link. An empty path is the folder itself.
pub fn open_beneath(folder: impl AsFd, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let resolve =
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    match openat2(&folder, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => {
            let mount = look_at(&folder)?.mount;
            part_by_part(folder, path, flags, Some(mount))
        }
        opened => Ok(opened?),
    }
}

/// The way without `openat2`.
fn part_by_part(from: impl AsFd, path: &Path, flags: OFlags, mount: Option<u64>) -> io::Result<OwnedFd> {
    let walk = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::DIRECTORY;
    let mut at = openat(&from, ".", walk, Mode::empty())?;
    let parts: Vec<Component<'_>> = path.components().filter(|part| *part != Component::CurDir).collect();
    let last = parts.len().saturating_sub(1);
    if parts.is_empty() {
        return Ok(openat(&at, ".", flags | OFlags::CLOEXEC, Mode::empty())?);
    }
    for (index, part) in parts.into_iter().enumerate() {
        let Component::Normal(name) = part else { return Err(Errno::XDEV.into()) };
        let how = if index == last { flags | OFlags::NOFOLLOW | OFlags::CLOEXEC } else { walk };
        // `O_PATH | O_NOFOLLOW` opens a link itself instead of failing: look at what was opened.
        at = openat(&at, name, how, Mode::empty())?;
        let found = look_at(&at)?;
        if found.kind() == FileType::Symlink {
            return Err(Errno::LOOP.into());
        }
        if mount.is_some_and(|mount| mount != found.mount) {
            return Err(Errno::XDEV.into());
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const TEST: MayHang = MayHang::because("a test");

    #[test]
    fn nothing_is_opened_through_a_link_in_either_way() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "x").unwrap();
        symlink(root.join("a"), root.join("link")).unwrap();
        let fd = open_plainly(&root, OFlags::RDONLY | OFlags::DIRECTORY, &TEST).unwrap();
        let mount = Some(look_at(&fd).unwrap().mount);
        for flags in [OFlags::RDONLY, OFlags::PATH] {
            let inode = look(&fd, "a/b/file".as_ref()).unwrap().inode;
            let kernel = open_beneath(&fd, Path::new("a/b/file"), flags).unwrap();
            let own = part_by_part(&fd, Path::new("a/b/file"), flags, mount).unwrap();
            assert_eq!(look_at(kernel).unwrap().inode, inode);
            assert_eq!(look_at(own).unwrap().inode, inode);
            for path in ["link/b/file", "link", "../x"] {
                assert!(open_beneath(&fd, Path::new(path), flags).is_err(), "{path}");
                assert!(part_by_part(&fd, Path::new(path), flags, mount).is_err(), "{path}");
            }
        }
        assert!(open_plainly(&root.join("link/b"), OFlags::RDONLY, &TEST).is_err());
    }

    #[test]
    fn another_mount_is_not_entered_in_either_way() {
        let root = open_plainly(Path::new("/"), OFlags::RDONLY | OFlags::DIRECTORY, &TEST).unwrap();
        let mount = Some(look_at(&root).unwrap().mount);
        assert!(open_beneath(&root, Path::new("proc"), OFlags::RDONLY).is_err());
        assert!(part_by_part(&root, Path::new("proc"), OFlags::RDONLY, mount).is_err());
    }

    #[test]
    fn a_rename_changes_nothing_that_matters() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "x").unwrap();
        let fd = open_plainly(&fs::canonicalize(folder.path()).unwrap(), OFlags::RDONLY, &TEST).unwrap();
        let before = look(&fd, "a".as_ref()).unwrap();
        fs::rename(folder.path().join("a"), folder.path().join("b")).unwrap();
        let after = look(&fd, "b".as_ref()).unwrap();
        assert!(before.same_but_renamed(&after));
        fs::write(folder.path().join("b"), "xy").unwrap();
        assert!(!before.same_but_renamed(&look(&fd, "b".as_ref()).unwrap()));
    }
}
