//! Saving a playbook, and keeping drafts: each file is whole at every moment, on the disk when it is said to be, and
//! never written over somebody else's change.

mod drafts;
mod error;
mod folder;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use rustix::fs::RenameFlags;
use rustix::io::Errno;

pub use drafts::{Drafts, SavedDraft};
pub use error::SaveError;
use folder::{Present, StoreFolder};

/// Where a text was saved, and where its former version is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveResult {
    /// The path of the saved file.
    pub path: PathBuf,
    /// Where its former version stands now: `NAME.toml~`, which no source of playbooks reads. None for a new file, and
    /// where nothing had changed.
    pub former: Option<PathBuf>,
}

/// Saves a text in place of the one that was opened (none: as a new file). The former version is kept beside it, with
/// mode and owner as they were. It is on the disk when this returns.
///
/// # Errors
/// [`SaveError::Changed`] where the file is not the one that was opened; whatever the system says.
pub fn save(path: &Path, text: &str, opened: Option<&str>) -> Result<SaveResult, SaveError> {
    let no_name = || SaveError::NoName { path: path.to_owned() };
    let name = path.file_name().ok_or_else(no_name)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = StoreFolder::open(parent, 0o755)?;
    folder.hold();
    let present = folder.read(name)?;
    let former = match (present, opened) {
        (Some(present), None) => return Err(changed(&present)),
        (None, Some(_)) => return Err(SaveError::Gone { path: path.to_owned() }),
        (Some(present), Some(opened)) if present.bytes != opened.as_bytes() => return Err(changed(&present)),
        (Some(_), Some(opened)) if opened == text => None,
        (Some(present), Some(_)) => Some(replace(&folder, name, text, &present)?),
        (None, None) => {
            create(&folder, name, text)?;
            None
        }
    };
    folder.sync()?;
    Ok(SaveResult { path: path.to_owned(), former })
}

fn changed(present: &Present) -> SaveError {
    SaveError::Changed { theirs: String::from_utf8_lossy(&present.bytes).into_owned() }
}

fn create(folder: &StoreFolder, name: &OsStr, text: &str) -> Result<(), SaveError> {
    let mut beside = folder.write_beside(name, text.as_bytes(), 0o644, None)?;
    let renamed = match folder.rename(&beside.name, name, RenameFlags::NOREPLACE) {
        // a file system that cannot look and rename in one step
        Err(Errno::INVAL | Errno::NOSYS) => folder.rename(&beside.name, name, RenameFlags::empty()),
        renamed => renamed,
    };
    match renamed {
        Ok(()) => {
            beside.kept = true;
            Ok(())
        }
        Err(Errno::EXIST) => Err(folder
            .read(name)?
            .map_or_else(|| SaveError::Gone { path: folder.path_of(name) }, |theirs| changed(&theirs))),
        Err(why) => Err(SaveError::of("save", &folder.path_of(name), why)),
    }
}

/// Puts the text in the file's place, and then looks at what it has put aside: what came between reading and writing
/// is put back.
fn replace(folder: &StoreFolder, name: &OsStr, text: &str, present: &Present) -> Result<PathBuf, SaveError> {
    let path = folder.path_of(name);
    let mut beside = folder.write_beside(name, text.as_bytes(), 0o600, Some(present))?;
    let aside = beside.name.clone();
    match folder.rename(&aside, name, RenameFlags::EXCHANGE) {
        Ok(()) => {}
        Err(Errno::INVAL | Errno::NOSYS) => return replace_by_copy(folder, name, &aside, present),
        Err(Errno::NOENT) => return Err(SaveError::Gone { path }),
        Err(why) => return Err(SaveError::of("save", &path, why)),
    }
    let theirs = folder.read(&aside);
    if !matches!(&theirs, Ok(Some(theirs)) if theirs.bytes == present.bytes) {
        let back = folder.rename(&aside, name, RenameFlags::EXCHANGE);
        // what could not be put back is not ours to throw away
        beside.kept = back.is_err();
        back.map_err(|why| SaveError::of("put back", &path, why))?;
        return Err(theirs.ok().flatten().map_or(SaveError::NotRegular { path }, |theirs| changed(&theirs)));
    }
    // from here on it is the former version, which is never thrown away
    beside.kept = true;
    let former = former_name(name);
    match folder.rename(&aside, &former, RenameFlags::empty()) {
        Ok(()) => Ok(folder.path_of(&former)),
        Err(_) => Ok(folder.path_of(&aside)),
    }
}

/// The same where files cannot be exchanged: the former version is copied first.
fn replace_by_copy(folder: &StoreFolder, name: &OsStr, new: &OsStr, present: &Present) -> Result<PathBuf, SaveError> {
    let path = folder.path_of(name);
    let failed = |why| SaveError::of("save", &path, why);
    let former = former_name(name);
    let mut copy = folder.write_beside(&former, &present.bytes, 0o600, Some(present))?;
    folder.rename(&copy.name, &former, RenameFlags::empty()).map_err(failed)?;
    copy.kept = true;
    folder.rename(new, name, RenameFlags::empty()).map_err(failed)?;
    Ok(folder.path_of(&former))
}

fn former_name(name: &OsStr) -> OsString {
    let mut former = name.to_owned();
    former.push("~");
    former
}

#[cfg(test)]
mod tests;
