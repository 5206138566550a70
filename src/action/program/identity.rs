//! The identity of a program's file: read when planned, and compared right before it is run.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::core::plan::hex;
use crate::foreign::{self, MayHang};
use crate::host::program::{self, ANSWERS_WITHIN, Program, ProgramError};

/// Files up to this size (scripts, mostly) are hashed.
pub const SMALL: u64 = 256 * 1024;

/// The identity of a file. A change of its content changes at least one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// The number of the device that the file is on.
    pub device: u64,
    /// The file's inode number on its device.
    pub inode: u64,
    /// The file's length in bytes.
    pub size: u64,
    /// The owner's user id.
    pub owner: u32,
    /// Type and permissions.
    pub mode: u32,
    /// Last change of content, in nanoseconds of wall time.
    pub modified: i128,
    /// Last change of anything, in nanoseconds of wall time.
    pub changed: i128,
    /// SHA-256 of a small file (scripts), in hexadecimal.
    pub sha256: Option<String>,
}

/// Finds a program, and returns its path and identity.
///
/// # Errors
/// Where there is none that may be run, or its file does not answer.
pub async fn resolve(name: &str) -> Result<(PathBuf, FileIdentity), ProgramError> {
    let wanted = name.to_owned();
    foreign::at(Path::new(name), ANSWERS_WITHIN, move |may_hang| resolve_here(&wanted, may_hang)).await?
}

/// The same in a thread that may hang.
///
/// # Errors
/// Where there is none that may be run.
pub fn resolve_here(name: &str, may_hang: &MayHang) -> Result<(PathBuf, FileIdentity), ProgramError> {
    let program = program::resolve(name, may_hang)?;
    let identity = identity(&program, may_hang);
    Ok((program.path, identity))
}

fn identity(program: &Program, may_hang: &MayHang) -> FileIdentity {
    of(&program.path, &program.metadata, || program.content(SMALL, may_hang))
}

/// The identity of an open file; `content` reads all of a small one.
pub fn of(path: &Path, metadata: &Metadata, content: impl FnOnce() -> Option<Vec<u8>>) -> FileIdentity {
    let nanoseconds = |seconds: i64, part: i64| i128::from(seconds) * 1_000_000_000 + i128::from(part);
    let unhashed = FileIdentity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        owner: metadata.uid(),
        mode: metadata.mode(),
        modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        sha256: None,
    };
    if metadata.size() > SMALL {
        return unhashed;
    }
    known(path, &unhashed).unwrap_or_else(|| {
        // while it is read nothing is locked: it may never come back
        let sha256 = content().map(|content| hex(&Sha256::digest(content)));
        let identity = FileIdentity { sha256, ..unhashed };
        remember(path, &identity);
        identity
    })
}

/// Hashes are remembered for as long as nothing else about the file changes, because a plan must be quick.
static KNOWN: Mutex<BTreeMap<PathBuf, FileIdentity>> = Mutex::new(BTreeMap::new());

fn known(path: &Path, unhashed: &FileIdentity) -> Option<FileIdentity> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(path).filter(|identity| FileIdentity { sha256: None, ..(*identity).clone() } == *unhashed).cloned()
}

fn remember(path: &Path, identity: &FileIdentity) {
    // A change within the clock's grain would not show: what was just changed is hashed anew each time.
    if jiff::Timestamp::now().as_nanosecond() - identity.changed < 2_000_000_000 {
        return;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= 1000 {
        known.clear();
    }
    known.insert(path.into(), identity.clone());
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use rustix::process::geteuid;

    use super::*;

    async fn of(path: &Path) -> FileIdentity {
        resolve(path.to_str().unwrap()).await.unwrap().1
    }

    fn tool(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[tokio::test]
    async fn an_unchanged_file_keeps_its_identity_and_a_changed_one_does_not() {
        // not below /tmp, where root runs nothing
        let folder = tempfile::tempdir_in(if geteuid().is_root() { "/root" } else { "/tmp" }).unwrap();
        let path = folder.path().join("tool");
        tool(&path, "one");
        let first = of(&path).await;
        assert_eq!(of(&path).await, first);
        assert!(first.sha256.is_some());
        tool(&path, "two");
        assert_ne!(of(&path).await, first);
        let other = folder.path().join("other");
        tool(&other, "two");
        fs::rename(&other, &path).unwrap();
        assert_ne!(of(&path).await.inode, first.inode);
    }

    #[tokio::test]
    async fn a_large_file_is_known_by_its_metadata_alone() {
        let folder = tempfile::tempdir_in(if geteuid().is_root() { "/root" } else { "/tmp" }).unwrap();
        let path = folder.path().join("tool");
        tool(&path, "");
        fs::File::options().write(true).open(&path).unwrap().set_len(SMALL + 1).unwrap();
        assert_eq!(of(&path).await.sha256, None);
    }
}
