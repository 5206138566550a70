//! Which file a program's name stands for, and whether anyone else could have put something else there.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FileType, OFlags};

use crate::foreign::trusted::{self, Sticky};
use crate::foreign::walk::{AnyWay, LastLink, Walked, walk};
use crate::foreign::{self, MayHang, NoAnswer, PathError};

/// Where programs without a folder are looked for, in this order, whatever `PATH` says.
pub const FIXED_PATH: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// How long the file of a program may take to answer where nothing else sets a limit.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A program that may be run.
#[derive(Debug)]
pub struct Program {
    /// The real file: absolute, with no symbolic link in it.
    pub path: PathBuf,
    /// What it was when it was looked at.
    pub metadata: Metadata,
    file: Walked,
}

impl Program {
    /// Its content; none where it cannot be read, or is longer than `most` bytes.
    #[must_use]
    pub fn content(&self, most: u64, _: &MayHang) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        let file = File::from(self.file.open(OFlags::RDONLY).ok()?);
        file.take(most.saturating_add(1)).read_to_end(&mut content).ok()?;
        (content.len() as u64 <= most).then_some(content)
    }
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
        /// The file, or the folder above it, that cannot be looked at.
        path: PathBuf,
        /// What the kernel said.
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
        /// In which way others can change it: `is not owned by root`, `is writable by its group`.
        why: &'static str,
    },
    /// Its file did not answer within its deadline.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

impl From<PathError> for ProgramError {
    fn from(refusal: PathError) -> Self {
        match refusal {
            PathError::Io { path, source } | PathError::NotTheirs { path, source, .. } => {
                Self::Unreadable { path, error: source }
            }
            // only what is read as text is judged by its length, names and letters
            PathError::NotRegular { path }
            | PathError::Linked { path, .. }
            | PathError::TooLarge { path, .. }
            | PathError::NotText { path, .. } => Self::NotExecutable(path),
            PathError::Owner { path, .. } | PathError::TwoUsers { path, .. } => {
                Self::WritableByOthers { path, why: "is not owned by root" }
            }
            PathError::Writable { path, mode } => {
                let why = if mode & 0o002 != 0 { "is writable by everybody" } else { "is writable by its group" };
                Self::WritableByOthers { path, why }
            }
        }
    }
}

/// Finds a program: an absolute path as it stands, a bare name on the fixed path.
///
/// # Errors
/// Where there is none that may be run by this process, or its file does not answer in time; see [`ProgramError`].
pub async fn find(name: &str, limit: Duration) -> Result<Program, ProgramError> {
    let wanted = name.to_owned();
    foreign::at(Path::new(name), limit, move |may_hang| resolve(&wanted, may_hang)).await?
}

/// The same in a thread that may hang.
///
/// # Errors
/// Where there is none that may be run by this process; see [`ProgramError`].
pub fn resolve(name: &str, may_hang: &MayHang) -> Result<Program, ProgramError> {
    let file = if name.contains('/') {
        let path = absolute(name)?;
        walk_to(&path, may_hang)?
    } else {
        on_fixed_path(name, may_hang)?
    };
    let metadata = metadata(&file)?;
    if !is_executable(&file) {
        return Err(ProgramError::NotExecutable(file.path));
    }
    if rustix::process::geteuid().is_root() {
        trusted::only_ours(&file.path, &file.seen)?;
    }
    Ok(Program { path: file.path.clone(), metadata, file })
}

/// The file at the end of a path. As root, nobody else may be able to change any folder or link on the way: they
/// decide as well what is run.
fn walk_to(path: &Path, may_hang: &MayHang) -> Result<Walked, ProgramError> {
    let found = if rustix::process::geteuid().is_root() {
        trusted::walk_to(path, LastLink::Follow, Sticky::Refused, may_hang)
    } else {
        walk(path, LastLink::Follow, &mut AnyWay, may_hang)
    };
    Ok(found?)
}

fn is_executable(file: &Walked) -> bool {
    file.seen.kind() == FileType::RegularFile && file.seen.mode & 0o111 != 0
}

fn metadata(file: &Walked) -> Result<Metadata, ProgramError> {
    let failed = |error| ProgramError::Unreadable { path: file.path.clone(), error };
    let opened = file.place.try_clone().map_err(failed)?;
    File::from(opened).metadata().map_err(failed)
}

fn absolute(name: &str) -> Result<PathBuf, ProgramError> {
    let path = PathBuf::from(name);
    let normal = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let spelled_out = path.is_absolute() && normal && !name.contains("/./") && !name.ends_with("/.");
    if spelled_out { Ok(path) } else { Err(ProgramError::Relative(name.into())) }
}

fn on_fixed_path(name: &str, may_hang: &MayHang) -> Result<Walked, ProgramError> {
    if matches!(name, "" | "." | "..") {
        return Err(ProgramError::NotFound(name.into()));
    }
    for folder in FIXED_PATH {
        match walk_to(&Path::new(folder).join(name), may_hang) {
            Err(ProgramError::Unreadable { .. }) => {}
            Err(refused) => return Err(refused),
            Ok(file) if is_executable(&file) => return Ok(file),
            Ok(_) => {}
        }
    }
    Err(ProgramError::NotFound(name.into()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, lchown, symlink};

    use super::*;

    fn resolve(name: &str) -> Result<Program, ProgramError> {
        super::resolve(name, &MayHang::because("a test"))
    }

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
    #[test]
    fn root_runs_nothing_behind_a_link_of_another_user() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        // not below /tmp, where nothing is run anyway
        let folder = tempfile::tempdir_in("/root").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (tool, first, second) = ("/usr/bin/true", folder.path().join("first"), folder.path().join("second"));
        symlink(tool, &second).unwrap();
        symlink("second", &first).unwrap();
        let resolved = || resolve(first.to_str().unwrap());
        assert_eq!(resolved().unwrap().path, fs::canonicalize(tool).unwrap());
        lchown(&second, Some(4711), Some(4711)).unwrap();
        let refused = resolved().unwrap_err();
        assert!(matches!(&refused, ProgramError::WritableByOthers { path, .. } if *path == second), "{refused}");
    }
}
