//! The folders below which files may be deleted: on the compiled-in list or in a root-owned setting, given by a plain
//! absolute path without links, and on the mount where they were allowed.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, OFlags};

use super::ResolvedClean;
use crate::action::plan::error::PlanError;
use crate::foreign::MayHang;
use crate::foreign::openat2::{FileStatus, look_at, open_plainly};
use crate::playbook::library::allow_list::{ALLOWED_ROOTS, is_never_cleaned};

/// A folder that may be cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The folder's absolute path in its simplest spelling.
    pub path: PathBuf,
    /// The entry of the list that allows it.
    pub base: PathBuf,
    /// Whether only rotated log files may be deleted.
    pub rotated_only: bool,
}

/// Why a folder may not be cleaned.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// Not absolute, or not in its simplest spelling.
    #[error("`{0}` is not an absolute path in its simplest spelling (no `.`, no `..`, no doubled or closing `/`)")]
    Spelling(String),
    /// The path contains glob characters; only a single folder can be cleaned.
    #[error("`{0}` holds a glob; name one folder")]
    Glob(String),
    /// A system folder, or a home.
    #[error("`{0}` is a system folder or a home, and is never cleaned")]
    System(String),
    /// Not on the list.
    #[error("`{0}` is on neither the list of folders that may be cleaned nor the host's own addition to it")]
    NotAllowed(String),
    /// It cannot be opened; a symbolic link on the way is one reason.
    #[error("`{path}` cannot be opened without following a link: {error}")]
    Open {
        /// The folder's path, made safe to print.
        path: String,
        /// What the system call reported.
        error: io::Error,
    },
    /// Not a folder.
    #[error("`{0}` is not a folder")]
    NotAFolder(String),
    /// Another mount than its entry on the list.
    #[error("`{path}` lies on another mount than `{base}`")]
    OtherMount {
        /// The folder's path, made safe to print.
        path: String,
        /// The entry of the allow list that covers the folder.
        base: String,
    },
    /// Another folder than when it was planned.
    #[error("`{0}` is another folder than when the plan was made")]
    Changed(String),
}

impl From<RootError> for PlanError {
    fn from(error: RootError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Checks that a folder may be cleaned. `extra` comes from a root-owned setting.
///
/// # Errors
/// The reason why it may not be cleaned.
pub fn admit(path: &str, extra: &[PathBuf]) -> Result<Root, RootError> {
    let shown = || crate::text::clean_line(path).into_owned();
    if path.contains(['*', '?', '[', ']', '{', '}']) {
        return Err(RootError::Glob(shown()));
    }
    let parts: PathBuf = Path::new(path).components().collect();
    let plain = Path::new(path).components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !path.starts_with('/') || !plain || parts.as_os_str() != path || path.contains('\0') {
        return Err(RootError::Spelling(shown()));
    }
    if is_never_cleaned(&parts) {
        return Err(RootError::System(shown()));
    }
    let listed = ALLOWED_ROOTS.iter().map(|root| (PathBuf::from(root.path), root.rotated_only));
    let added = extra.iter().filter(|path| !is_never_cleaned(path)).map(|path| (path.clone(), false));
    // The closest entry counts: a setting that names a folder below `/var/log` means all files in it.
    let (base, rotated_only) = listed
        .chain(added)
        .filter(|(base, _)| parts.starts_with(base))
        .max_by_key(|(base, rotated_only)| (base.components().count(), !rotated_only))
        .ok_or_else(|| RootError::NotAllowed(shown()))?;
    Ok(Root { path: parts, base, rotated_only })
}

/// An open root folder; all further access goes through its descriptor.
#[derive(Debug)]
pub struct OpenRoot {
    /// An open descriptor of the folder, which stays valid when the path is renamed.
    pub folder: OwnedFd,
    /// What it was when it was opened.
    pub seen: FileStatus,
}

/// Opens the folder of a resolved `clean`; none if it does not exist.
///
/// # Errors
/// If it is not the folder that was planned.
pub fn open(resolved: &ResolvedClean, may_hang: &MayHang) -> Result<Option<OpenRoot>, RootError> {
    let shown = || resolved.root.display().to_string();
    if is_never_cleaned(&resolved.root) {
        return Err(RootError::System(shown()));
    }
    let Some(root) = open_folder(&resolved.root, may_hang)? else { return Ok(None) };
    if resolved.identity != Some(root.seen.id()) {
        return Err(RootError::Changed(shown()));
    }
    match open_folder(&resolved.base, may_hang)? {
        Some(base) if base.seen.mount == root.seen.mount && base.seen.device == root.seen.device => Ok(Some(root)),
        _ => Err(RootError::OtherMount { path: shown(), base: resolved.base.display().to_string() }),
    }
}

fn open_folder(path: &Path, may_hang: &MayHang) -> Result<Option<OpenRoot>, RootError> {
    let failed = |error| RootError::Open { path: path.display().to_string(), error };
    let folder = match open_plainly(path, OFlags::RDONLY | OFlags::DIRECTORY, may_hang) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(RootError::NotAFolder(path.display().to_string()));
        }
        Err(error) => return Err(failed(error)),
    };
    let seen = look_at(&folder).map_err(failed)?;
    if seen.kind() != FileType::Directory {
        return Err(RootError::NotAFolder(path.display().to_string()));
    }
    Ok(Some(OpenRoot { folder, seen }))
}

/// Device and inode of a folder; none where it is not there.
///
/// # Errors
/// Where it cannot be opened plainly.
pub fn identity(path: &Path, may_hang: &MayHang) -> Result<Option<(u64, u64)>, RootError> {
    Ok(open_folder(path, may_hang)?.map(|root| root.seen.id()))
}

/// Whether space that is freed below `root` shows in the figures of `mount`.
pub fn same_file_system(mount: &Path, root: &Path, may_hang: &MayHang) -> bool {
    let device = |path: &Path| Some(look_at(open_plainly(path, OFlags::PATH, may_hang).ok()?).ok()?.device);
    device(mount).is_some_and(|found| Some(found) == device(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &str) -> RootError {
        admit(path, &["/srv/scratch".into(), "/etc/x".into(), "/".into()]).unwrap_err()
    }

    #[test]
    fn the_list_and_what_lies_below_it_is_admitted() {
        for (path, rotated_only) in [
            ("/tmp", false),
            ("/tmp/a/b", false),
            ("/var/log", true),
            ("/var/log/nginx", true),
            ("/srv/scratch", false),
        ] {
            assert_eq!(admit(path, &["/srv/scratch".into()]).unwrap().rotated_only, rotated_only, "{path}");
        }
        assert!(!admit("/var/log/app", &["/var/log/app".into()]).unwrap().rotated_only);
    }

    #[test]
    fn every_other_root_is_refused_with_its_reason() {
        for path in ["tmp", "/tmp/", "//tmp", "/tmp/../etc", "/tmp/./a", "/tmp//a", "", "/tmp/."] {
            assert!(matches!(refused(path), RootError::Spelling(_)), "{path}");
        }
        for path in ["/tmp/*", "/tmp/a?", "/tmp/[ab]", "/tmp/{a,b}"] {
            assert!(matches!(refused(path), RootError::Glob(_)), "{path}");
        }
        for path in [
            "/",
            "/etc",
            "/etc/x/y",
            "/usr/share",
            "/home/anna/x",
            "/root/.ssh",
            "/var",
            "/var/lib/mysql",
            "/var/spool/cron",
        ] {
            assert!(matches!(refused(path), RootError::System(_)), "{path}");
        }
        for path in ["/var/lib/app", "/srv/other", "/tmpfoo", "/opt/x", "/var/lo"] {
            assert!(matches!(refused(path), RootError::NotAllowed(_)), "{path}");
        }
    }
}
