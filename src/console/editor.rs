//! A playbook handed to the operator's own editor and back. A shipped one is never changed: the operator gets a copy
//! in the folder of their own playbooks, which wins over it by its name.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::snapshot::PlaybookView;
use crate::playbook::{self, Origin};

/// What the operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// Nothing.
    Unchanged(PathBuf),
    /// The file is well-formed now.
    Good(PathBuf),
    /// It is not, and why: all of it.
    Bad(PathBuf, String),
}

/// Why nothing was edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The copy cannot be made, or the file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No editor.
    #[error("no editor could be started ({tried}); set EDITOR")]
    NoEditor {
        /// Which were tried.
        tried: String,
    },
}

/// Where a playbook can be edited: its own file, or a copy in the operator's folder.
///
/// # Errors
/// Where the copy cannot be made.
pub fn file(playbook: &PlaybookView, config: &Path) -> Result<PathBuf, EditError> {
    let own = match &playbook.origin {
        Origin::Shipped => None,
        Origin::System(path) | Origin::User(path) | Origin::Folder(path) => Some(located(path, &playbook.name)),
    };
    if let Some(path) = own.filter(|path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()) {
        return Ok(path);
    }
    let folder = config.join("playbooks");
    let path = folder.join(format!("{}.toml", playbook.name));
    let failed = |source| EditError::File { path: path.clone(), source };
    fs::create_dir_all(&folder).map_err(failed)?;
    let created = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path);
    match created {
        Ok(mut file) => file.write_all(playbook.source.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?,
        // a former copy: it is what the operator means
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    Ok(path)
}

fn located(path: &Path, name: &str) -> PathBuf {
    if path.extension().is_some_and(|extension| extension == "toml") {
        path.to_owned()
    } else {
        path.join(format!("{name}.toml"))
    }
}

/// Runs the editor and waits for it; the terminal must have been given back before.
///
/// # Errors
/// See [`EditError`].
pub fn edit(path: &Path) -> Result<Edited, EditError> {
    let failed = |source| EditError::File { path: path.to_owned(), source };
    let before = fs::read(path).map_err(failed)?;
    start(path)?;
    let after = fs::read(path).map_err(failed)?;
    if before == after {
        return Ok(Edited::Unchanged(path.to_owned()));
    }
    let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(match check(&name, path, &String::from_utf8_lossy(&after)) {
        Ok(()) => Edited::Good(path.to_owned()),
        Err(why) => Edited::Bad(path.to_owned(), why),
    })
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

/// What is wrong with a playbook's text, all of it, drawn with the marked source.
fn check(name: &str, path: &Path, text: &str) -> Result<(), String> {
    let file = path.file_name().map_or_else(String::new, |file| file.to_string_lossy().into_owned());
    let read = playbook::read::read(&file, name, Origin::User(path.to_owned()), text);
    if read.playbook.is_some() {
        return Ok(());
    }
    Err(read.diagnostics.iter().map(|diagnostic| diagnostic.render(text, false)).collect::<Vec<_>>().join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::snapshot::PlaybookState;

    fn playbook(origin: Origin) -> PlaybookView {
        let state = PlaybookState::Rejected { diagnostics: "".into(), former_in_force: false };
        PlaybookView { name: "disk-full".into(), origin, state, source: "title = \"as shipped\"\n".into() }
    }

    #[test]
    fn a_shipped_playbook_is_copied_once() {
        let config = tempfile::tempdir().unwrap();
        let path = file(&playbook(Origin::Shipped), config.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "title = \"as shipped\"\n");
        fs::write(&path, "title = \"mine\"\n").unwrap();
        assert_eq!(file(&playbook(Origin::Shipped), config.path()).unwrap(), path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "title = \"mine\"\n", "a former copy is kept");
    }

    #[test]
    fn a_file_that_may_be_written_is_edited_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("disk-full.toml");
        fs::write(&own, "x = 1").unwrap();
        for origin in [Origin::User(folder.path().into()), Origin::Folder(own.clone())] {
            assert_eq!(file(&playbook(origin), Path::new("/nonexistent")).unwrap(), own);
        }
    }
}
