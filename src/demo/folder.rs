//! The private folder that everything of a demo is in. It goes with the demo; what one that was killed left behind is
//! swept by the next.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::program;
use crate::host::paths::Paths;

/// What the folders of demos are called.
const NAME: &str = "salve-demo-";

/// The demo's folder could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}; set XDG_RUNTIME_DIR or XDG_STATE_HOME to a folder that you own", path.display())]
pub struct FolderError {
    /// The file or folder that could not be made.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// A demo's folder, mode 0700; dropping it removes it.
#[derive(Debug)]
pub struct DemoFolder {
    path: PathBuf,
    /// Held as long as the demo lives: it tells the living from the dead.
    _lock: File,
}

impl DemoFolder {
    /// A fresh one, in the user's runtime folder, else beside the user's state; of root's, where only root can write.
    /// Not in `/tmp`: playbooks are read only where nobody else can write.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn make() -> Result<Self, FolderError> {
        let base = base();
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError { path, source }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&base).map_err(at(&base))?;
        sweep(&base);
        let path = base.join(format!("{NAME}{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(at(&path))?;
        let lock = File::create(path.join("lock")).map_err(at(&path))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| at(&path)(error.into()))?;
        for below in ["playbooks", "state", "config", "scratch"] {
            fs::DirBuilder::new().mode(0o700).create(path.join(below)).map_err(at(&path))?;
        }
        Ok(Self { path, _lock: lock })
    }

    /// The path of the folder, as long as the demo lives.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DemoFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn base() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return of_root(program::runs_in_place());
    }
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute() && path.is_dir());
    own.unwrap_or_else(|| Paths::of_this_user().state)
}

/// Where only root can write. Not `XDG_RUNTIME_DIR`: under `sudo` that may be the user's own. Where the program has to be
/// copied along, programs must be allowed to run there.
fn of_root(runs_in_place: bool) -> PathBuf {
    let fits = |folder: &&str| runs_in_place || program::may_hold_programs(Path::new(folder));
    ["/run", "/var/lib", "/root"].into_iter().find(fits).unwrap_or("/run").into()
}

/// Removes what demos left that are not there any more.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(NAME));
        let Some(lock) = ours.then(|| File::open(entry.path().join("lock")).ok()).flatten() else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_demo_left_is_swept_and_a_living_one_is_not() {
        let base = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let path = base.path().join(name);
            fs::create_dir_all(&path).unwrap();
            File::create(path.join("lock")).unwrap()
        };
        drop(made("salve-demo-1"));
        let living = made("salve-demo-2");
        flock(&living, FlockOperation::NonBlockingLockExclusive).unwrap();
        drop(made("somebody-elses"));
        sweep(base.path());
        let mut left: Vec<_> = fs::read_dir(base.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["salve-demo-2", "somebody-elses"]);
    }
}
