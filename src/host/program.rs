//! Which file a program's name stands for, and whether anyone else could have put something else there.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Where programs without a folder are looked for, in this order, whatever `PATH` says.
pub const FIXED_PATH: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// A program that may be run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The real file: absolute, with no symbolic link in it.
    pub path: PathBuf,
    /// What it was when it was looked at.
    pub metadata: Metadata,
}

/// Why a program may not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Nothing of that name on the fixed path.
    #[error("there is no program `{0}` in {path}", path = FIXED_PATH.join(", "))]
    NotFound(String),
    /// Neither a bare name nor an absolute path.
    #[error("`{0}` is neither a bare name nor an absolute path without `.` and `..`")]
    Relative(String),
    /// It cannot be looked at.
    #[error("`{path}` cannot be looked at: {error}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// No regular file, or nobody may execute it.
    #[error("`{0}` is not an executable file")]
    NotExecutable(PathBuf),
    /// As root: somebody else could change what is run.
    #[error("`{path}` {why}, so someone other than root could change what is run as root")]
    WritableByOthers {
        /// The file, or a folder above it.
        path: PathBuf,
        /// How.
        why: &'static str,
    },
}

/// Finds a program: an absolute path as it stands, a bare name on the fixed path.
///
/// # Errors
/// Where there is none that may be run by this process; see [`ProgramError`].
pub fn resolve(name: &str) -> Result<Program, ProgramError> {
    let written = if name.contains('/') { absolute(name)? } else { on_fixed_path(name)? };
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error| ProgramError::Unreadable { path, error }
    };
    let path = fs::canonicalize(&written).map_err(unreadable(&written))?;
    let metadata = fs::metadata(&path).map_err(unreadable(&path))?;
    if !metadata.is_file() || metadata.mode() & 0o111 == 0 {
        return Err(ProgramError::NotExecutable(path));
    }
    if rustix::process::geteuid().is_root() {
        only_root_can_change(&path)?;
        // The links on the way decide as well what is run.
        if written != path {
            only_root_can_change(written.parent().unwrap_or(Path::new("/")))?;
        }
    }
    Ok(Program { path, metadata })
}

fn absolute(name: &str) -> Result<PathBuf, ProgramError> {
    let path = PathBuf::from(name);
    let normal = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let spelled_out = path.is_absolute() && normal && !name.contains("/./") && !name.ends_with("/.");
    if spelled_out { Ok(path) } else { Err(ProgramError::Relative(name.into())) }
}

fn on_fixed_path(name: &str) -> Result<PathBuf, ProgramError> {
    let usable = |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0);
    FIXED_PATH
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| !matches!(name, "" | "." | "..") && usable(path))
        .ok_or_else(|| ProgramError::NotFound(name.into()))
}

/// Root owns it and every folder above it, and nobody else may write there.
fn only_root_can_change(path: &Path) -> Result<(), ProgramError> {
    for place in path.ancestors() {
        let found = fs::metadata(place).map_err(|error| ProgramError::Unreadable { path: place.into(), error })?;
        let why = match (found.uid(), found.mode()) {
            (1.., _) => "is not owned by root",
            (0, mode) if mode & 0o002 != 0 => "is writable by everybody",
            (0, mode) if mode & 0o020 != 0 => "is writable by its group",
            _ => continue,
        };
        return Err(ProgramError::WritableByOthers { path: place.into(), why });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_bare_name_is_found_on_the_fixed_path_and_shown_as_the_real_file() {
        let program = resolve("sh").unwrap();
        assert!(program.path.is_absolute());
        assert_eq!(program.path, fs::canonicalize(&program.path).unwrap());
    }

    #[test]
    fn what_is_neither_bare_nor_absolute_is_refused() {
        for name in ["./sh", "bin/sh", "/bin/../bin/sh", "/bin/./sh"] {
            assert!(matches!(resolve(name), Err(ProgramError::Relative(_))), "{name}");
        }
        for name in ["", ".", "..", "no-such-program-anywhere"] {
            assert!(matches!(resolve(name), Err(ProgramError::NotFound(_))), "{name}");
        }
        assert!(matches!(resolve("/etc/passwd"), Err(ProgramError::NotExecutable(_))));
        assert!(matches!(resolve("/no/such"), Err(ProgramError::Unreadable { .. })));
    }

    #[test]
    fn root_runs_nothing_below_a_folder_that_others_may_write() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let path = folder.path().join("tool");
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let resolved = resolve(path.to_str().unwrap());
        if rustix::process::geteuid().is_root() {
            assert!(matches!(resolved, Err(ProgramError::WritableByOthers { .. })));
        } else {
            assert_eq!(resolved.unwrap().path, path);
        }
    }
}
