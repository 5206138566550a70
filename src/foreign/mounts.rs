//! The table of mounts, as the kernel tells it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The kernel's table of this process's mounts. Its descriptor polls with priority when the table changes.
pub const TABLE: &str = "/proc/self/mountinfo";

/// Is something mounted exactly there?
///
/// # Errors
/// Where the table cannot be read.
pub fn is_mount_point(path: &Path) -> io::Result<bool> {
    Ok(points(&fs::read(TABLE)?).any(|point| point == path))
}

/// What is mounted somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// The kernel's number of this very mount: another one where it was mounted anew while the old one is still held.
    pub id: u64,
    /// Absolute path of the mount point, with the table's escapes undone.
    pub point: PathBuf,
    /// The kind of file system: `ext4`, `tmpfs`, `proc`.
    pub kind: String,
    /// The mount's own options, then the file system's.
    pub options: Vec<String>,
}

/// Everything that is mounted, in the table's order: of two at one point the later hides the earlier.
///
/// # Errors
/// Where the table cannot be read.
pub fn mounted() -> io::Result<Vec<Mounted>> {
    Ok(rows(&fs::read(TABLE)?).collect())
}

/// The number of the mount on which a path lies; none where the table cannot be read, or the path is relative.
#[must_use]
pub fn below(path: &Path) -> Option<u64> {
    if path.is_relative() {
        return None;
    }
    let table = mounted().ok()?.into_iter().enumerate().filter(|(_, one)| path.starts_with(&one.point));
    table.max_by_key(|(row, one)| (one.point.as_os_str().len(), *row)).map(|(_, one)| one.id)
}

/// The mount points of a table, in its order.
fn points(table: &[u8]) -> impl Iterator<Item = PathBuf> + '_ {
    rows(table).map(|row| row.point)
}

fn rows(table: &[u8]) -> impl Iterator<Item = Mounted> + '_ {
    table.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b' ');
        let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
        let point = OsString::from_vec(unescaped(fields.nth(3)?)).into();
        let own = fields.next().unwrap_or_default();
        // any number of fields stands before the dash
        let mut behind = fields.skip_while(|field| *field != b"-").skip(1);
        let kind = behind.next().unwrap_or_default();
        let theirs = behind.nth(1).unwrap_or_default();
        let words = |list: &[u8]| String::from_utf8_lossy(list).split(',').map(str::to_owned).collect::<Vec<_>>();
        let options = words(own).into_iter().chain(words(theirs)).filter(|option| !option.is_empty()).collect();
        Some(Mounted { id, point, kind: String::from_utf8_lossy(kind).into_owned(), options })
    })
}

/// Blanks and backslashes stand as a backslash and three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut at = 0;
    while at < field.len() {
        let digits = field.get(at + 1..at + 4).filter(|_| field[at] == b'\\');
        let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        plain.push(code.unwrap_or(field[at]));
        at += if code.is_some() { 4 } else { 1 };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_with_their_blanks() {
        let table = b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n40 22 0:5 / /mnt/a\\040b\\134c rw shared:1 - tmpfs t rw\n";
        let found: Vec<_> = points(table).collect();
        assert_eq!(found, [PathBuf::from("/"), PathBuf::from("/mnt/a b\\c")]);
        let kinds: Vec<_> = rows(table).map(|row| row.kind).collect();
        assert_eq!(kinds, ["ext4", "tmpfs"]);
        assert_eq!(rows(table).map(|row| row.id).collect::<Vec<_>>(), [22, 40]);
    }

    #[test]
    fn the_root_is_mounted_and_its_folders_need_not_be() {
        assert!(is_mount_point(Path::new("/")).unwrap());
        assert!(!is_mount_point(Path::new("/nothing/there")).unwrap());
        let proc = mounted().unwrap().into_iter().rfind(|one| one.point == Path::new("/proc")).unwrap();
        assert_eq!(below(Path::new("/proc/self")), Some(proc.id));
        assert_ne!(below(Path::new("/processes")), Some(proc.id));
    }
}
