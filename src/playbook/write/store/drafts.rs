//! Keeps drafts: text that is being typed is written to the disk, so that a lost connection or a `kill -9` does not
//! lose it.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::RenameFlags;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::error::SaveError;
use super::folder::StoreFolder;
use crate::foreign::read;

/// The largest size of a draft's file, in bytes.
const LARGEST: u64 = 8 << 20;

/// The folder of drafts, one file each. Only their owner can read them.
#[derive(Debug, Clone)]
pub struct Drafts {
    folder: PathBuf,
}

/// A text that was never saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedDraft {
    /// The playbook's name.
    pub name: String,
    /// Where it is to be saved.
    pub path: PathBuf,
    /// The unsaved text, complete.
    pub text: String,
    /// When it was last kept.
    pub kept: SystemTime,
}

/// A draft as it is stored in its file.
#[derive(Serialize, Deserialize)]
struct FileVersion {
    name: String,
    path: PathBuf,
    text: String,
}

impl Drafts {
    /// Opens the store; nothing is created until a draft is kept.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Keeps a draft in place of the former one of this name. It is on the disk when this returns, which may take as
    /// long as the disk takes.
    ///
    /// # Errors
    /// Whatever the system says; the former draft is then still there.
    pub fn keep(&self, name: &str, path: &Path, text: &str) -> Result<(), SaveError> {
        let written = FileVersion { name: name.into(), path: path.into(), text: text.into() };
        let bytes = serde_json::to_vec(&written).map_err(|_| SaveError::NoName { path: path.into() })?;
        let folder = StoreFolder::open(&self.folder, 0o700)?;
        let file = file_name(name);
        let mut beside = folder.write_beside(file.as_ref(), &bytes, 0o600, None)?;
        let failed = |why| SaveError::of("keep", &self.folder.join(&file), why);
        folder.rename(&beside.name, file.as_ref(), RenameFlags::empty()).map_err(failed)?;
        beside.kept = true;
        folder.sync()
    }

    /// All of them, the latest first. What cannot be read is no draft.
    #[must_use]
    pub fn all(&self) -> Vec<SavedDraft> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut found: Vec<SavedDraft> = entries
            .filter(|entry| !entry.file_name().as_bytes().starts_with(b"."))
            .filter_map(|entry| {
                let kept = entry.metadata().ok().filter(fs::Metadata::is_file)?.modified().ok()?;
                let FileVersion { name, path, text } =
                    serde_json::from_str(&read::small(&entry.path(), LARGEST).ok()?).ok()?;
                Some(SavedDraft { name, path, text, kept })
            })
            .collect();
        found.sort_by(|a, b| b.kept.cmp(&a.kept).then_with(|| a.name.cmp(&b.name)));
        found
    }

    /// Deletes a draft; it is no error if there is none.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn drop(&self, name: &str) -> Result<(), SaveError> {
        if !self.folder.is_dir() {
            return Ok(());
        }
        let folder = StoreFolder::open(&self.folder, 0o700)?;
        let file = file_name(name);
        match folder.remove(file.as_ref()) {
            Ok(()) => folder.sync(),
            Err(Errno::NOENT) => Ok(()),
            Err(why) => Err(SaveError::of("drop", &self.folder.join(&file), why)),
        }
    }
}

/// A file name of its own for each name, whatever it holds.
fn file_name(name: &str) -> String {
    use std::fmt::Write;

    let mut file = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_@".contains(&byte) {
            file.push(char::from(byte));
        } else {
            let _ = write!(file, "%{byte:02x}");
        }
    }
    // a file's name has at most 255 bytes; a name that long is nobody's, but must not be lost either
    if file.len() > 150 {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(name.as_bytes());
        file.truncate(100);
        file.push('%');
        file.extend(digest.iter().take(16).map(|byte| format!("{byte:02x}")));
    }
    file + ".draft"
}
