//! A text handed to the operator's own editor and back, and where a playbook's text belongs.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::snapshot::PlaybookView;
use crate::foreign::read;
use crate::playbook::Origin;

/// No text that comes back is larger, in bytes.
const LARGEST: u64 = 1 << 20;

/// Why nothing was edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The text cannot be put down for the editor, or taken back.
    #[error("{}: {source}", path.display())]
    File {
        /// Path of the file that holds the text for the editor.
        path: PathBuf,
        /// What the system said when the file was written or read.
        source: io::Error,
    },
    /// None of the editors that were tried could be started.
    #[error("no editor could be started ({tried}); set EDITOR")]
    NoEditor {
        /// Which were tried.
        tried: String,
    },
}

/// Where a playbook can be written: its own file, or a copy in the operator's folder, which wins over it by its name.
/// True for a copy.
#[must_use]
pub fn place(playbook: &PlaybookView, config: &Path) -> (PathBuf, bool) {
    let own = match &playbook.origin {
        Origin::Shipped => None,
        Origin::System(path) | Origin::User(path) | Origin::Folder(path) => Some(located(path, &playbook.name)),
    };
    match own.filter(|path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()) {
        Some(path) => (path, false),
        None => (config.join("playbooks").join(format!("{}.toml", playbook.name)), true),
    }
}

fn located(path: &Path, name: &str) -> PathBuf {
    if path.extension().is_some_and(|extension| extension == "toml") {
        path.to_owned()
    } else {
        path.join(format!("{name}.toml"))
    }
}

/// Puts a text down in `folder`, runs the editor on it and takes it back; the terminal must have been given back
/// before.
///
/// # Errors
/// See [`EditError`].
pub fn edit(folder: &Path, name: &str, text: &str) -> Result<String, EditError> {
    let path = folder.join(format!("{name}.{}.toml", std::process::id()));
    let failed = |source| EditError::File { path: path.clone(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    drop(file);
    start(&path)?;
    let edited = read::small(&path, LARGEST).map_err(failed)?;
    let _ = fs::remove_file(&path);
    Ok(edited)
}

fn start(path: &Path) -> Result<(), EditError> {
    let asked = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let usual = ["editor", "nano", "vi"].map(String::from);
    let mut tried = Vec::new();
    for editor in asked.chain(usual) {
        let mut words = editor.split_whitespace();
        let Some(program) = words.next() else { continue };
        match Command::new(program).args(words).arg(path).status() {
            Ok(_) => return Ok(()),
            Err(_) => tried.push(program.to_owned()),
        }
    }
    Err(EditError::NoEditor { tried: tried.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::snapshot::PlaybookState;

    fn playbook(origin: Origin) -> PlaybookView {
        let state = PlaybookState::Rejected { diagnostics: "".into(), former_in_force: false };
        PlaybookView { name: "disk-full".into(), origin, state, source: "".into() }
    }

    #[test]
    fn a_file_that_may_be_written_is_written_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("disk-full.toml");
        fs::write(&own, "x = 1").unwrap();
        for origin in [Origin::User(folder.path().into()), Origin::Folder(own.clone())] {
            assert_eq!(place(&playbook(origin), Path::new("/config")), (own.clone(), false));
        }
        let copy = PathBuf::from("/config/playbooks/disk-full.toml");
        for origin in [Origin::Shipped, Origin::System("/nonexistent".into())] {
            assert_eq!(place(&playbook(origin), Path::new("/config")), (copy.clone(), true));
        }
    }
}
