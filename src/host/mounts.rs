//! What is mounted where.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The kernel's table of this process's mounts. Its descriptor polls with priority when the table changes.
pub const TABLE: &str = "/proc/self/mountinfo";

/// Is something mounted exactly there?
///
/// # Errors
/// Where the table cannot be read.
pub fn is_mount_point(path: &Path) -> io::Result<bool> {
    Ok(points(&fs::read(TABLE)?).any(|point| point == path))
}

/// The mount points of a table, in its order.
fn points(table: &[u8]) -> impl Iterator<Item = PathBuf> + '_ {
    table.split(|byte| *byte == b'\n').filter_map(|line| {
        let field = line.split(|byte| *byte == b' ').nth(4)?;
        Some(OsString::from_vec(unescaped(field)).into())
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
    }

    #[test]
    fn the_root_is_mounted_and_its_folders_need_not_be() {
        assert!(is_mount_point(Path::new("/")).unwrap());
        assert!(!is_mount_point(Path::new("/nothing/there")).unwrap());
    }
}
