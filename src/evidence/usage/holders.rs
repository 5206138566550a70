//! Deleted files that a process still holds open: space that no walk finds, and that is freed only when the process
//! closes them.

use std::collections::HashMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Statx};

use super::{look, place};
use crate::text::clean_line;

/// Device and inode.
type DeviceInode = (u32, u32, u64);

/// One deleted file and one process that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::evidence) struct HeldFile {
    /// Bytes that it takes on the disk.
    pub(in crate::evidence) allocated: u64,
    /// The name that it had; clean.
    pub(in crate::evidence) path: String,
    pub(in crate::evidence) pid: u32,
    /// The holder's name; clean.
    pub(in crate::evidence) command: String,
}

/// What was found, largest first.
#[derive(Debug, Default)]
pub(in crate::evidence) struct HeldFiles {
    pub(in crate::evidence) held: Vec<HeldFile>,
    /// Processes that may not be looked at.
    pub(in crate::evidence) unread: u64,
}

/// On the mount of `root`, over all processes that may be looked at.
pub(in crate::evidence) fn on(root: &Statx) -> HeldFiles {
    let mut found = HeldFiles::default();
    let mut files: HashMap<DeviceInode, HeldFile> = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        match fs::read_dir(format!("/proc/{pid}/fd")) {
            Ok(open) => open.flatten().for_each(|entry| add(&mut files, &entry.path(), pid, root)),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => found.unread += 1,
            // it has gone meanwhile
            Err(_) => {}
        }
    }
    found.held = files.into_values().collect();
    found.held.sort_by_key(|held| std::cmp::Reverse(held.allocated));
    found
}

/// Looks at one descriptor. Only one whose name says "deleted" is asked for more: a look at a file on a dead network
/// mount may never return.
fn add(files: &mut HashMap<DeviceInode, HeldFile>, descriptor: &Path, pid: u32, root: &Statx) {
    let Ok(name) = fs::read_link(descriptor) else { return };
    let Some(path) = name.as_os_str().as_bytes().strip_suffix(b" (deleted)") else { return };
    let Ok(about) = look(rustix::fs::CWD, descriptor.as_os_str(), AtFlags::empty()) else { return };
    let device = |about: &Statx| (about.stx_dev_major, about.stx_dev_minor);
    // a service with a mount namespace of its own knows the same device as another mount
    let here = place(&about) == place(root) || device(&about) == device(root);
    let is_file = FileType::from_raw_mode(about.stx_mode.into()) == FileType::RegularFile;
    if about.stx_nlink != 0 || !here || !is_file {
        return;
    }
    let (major, minor) = device(&about);
    files.entry((major, minor, about.stx_ino)).or_insert_with(|| HeldFile {
        allocated: about.stx_blocks.saturating_mul(512),
        path: clean_line(&String::from_utf8_lossy(path)).into_owned(),
        pid,
        command: fs::read_to_string(format!("/proc/{pid}/comm"))
            .map_or_else(|_| "a process that has gone".to_owned(), |name| clean_line(name.trim_end()).into_owned()),
    });
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_deleted_file_is_found_with_its_holder() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![1; 200_000]).unwrap();
        let (file, path) = file.into_parts();
        let name = path.to_path_buf().display().to_string();
        path.close().unwrap();
        let root = look(rustix::fs::CWD, std::env::temp_dir().as_os_str(), AtFlags::empty()).unwrap();
        let found = on(&root);
        drop(file);
        let held = found.held.iter().find(|held| held.path == name).unwrap();
        assert_eq!(held.pid, std::process::id());
        assert!(held.allocated >= 200_000 && !held.command.is_empty());
    }
}
