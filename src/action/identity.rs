//! Which file a program is: looked at when planned, and again right before it is run.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::order::Identity;
use crate::core::plan::hex;
use crate::host::program::{self, ProgramError};

/// Files up to this size (scripts, mostly) are hashed.
const SMALL: u64 = 256 * 1024;

/// Finds a program and says which file it is.
///
/// # Errors
/// Where there is none that may be run.
pub fn resolve(name: &str) -> Result<(PathBuf, Identity), ProgramError> {
    let found = program::resolve(name)?;
    let identity = identity(&found.path, &found.metadata);
    Ok((found.path, identity))
}

fn identity(path: &Path, metadata: &Metadata) -> Identity {
    let nanoseconds = |seconds: i64, part: i64| i128::from(seconds) * 1_000_000_000 + i128::from(part);
    let unhashed = Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        owner: metadata.uid(),
        mode: metadata.mode(),
        modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        sha256: None,
    };
    if metadata.size() > SMALL { unhashed } else { hashed(path, &unhashed) }
}

/// With the content's hash; remembered for as long as nothing else about the file changes, because a plan must be quick.
fn hashed(path: &Path, unhashed: &Identity) -> Identity {
    static KNOWN: Mutex<Option<HashMap<PathBuf, Identity>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(identity) = known.get(path)
        && (Identity { sha256: None, ..identity.clone() }) == *unhashed
    {
        return identity.clone();
    }
    let sha256 = fs::read(path).ok().map(|content| hex(&Sha256::digest(content)));
    let identity = Identity { sha256, ..unhashed.clone() };
    // A change within the clock's grain would not show: what was just changed is hashed anew each time.
    let recent = jiff::Timestamp::now().as_nanosecond() - identity.changed < 2_000_000_000;
    if !recent {
        if known.len() >= 1000 {
            known.clear();
        }
        known.insert(path.into(), identity.clone());
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &Path) -> Identity {
        identity(path, &fs::metadata(path).unwrap())
    }

    #[test]
    fn an_unchanged_file_keeps_its_identity_and_a_changed_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tool");
        fs::write(&path, "one").unwrap();
        let first = of(&path);
        assert_eq!(of(&path), first);
        assert!(first.sha256.is_some());
        fs::write(&path, "two").unwrap();
        assert_ne!(of(&path), first);
        let other = folder.path().join("other");
        fs::write(&other, "two").unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(of(&path).inode, first.inode);
    }

    #[test]
    fn a_large_file_is_known_by_its_metadata_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(SMALL + 1).unwrap();
        assert_eq!(of(file.path()).sha256, None);
    }
}
