//! Where files live: one set for root, one for everybody else.

use std::env;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where the host's own engine listens.
const HOST_RUNTIME: &str = "/run/salve";

/// The folders that salve reads and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Journal, tickets, drafts, logs: `/var/lib/salve`, or `$XDG_STATE_HOME/salve`. Mode 0700.
    pub state: PathBuf,
    /// The user's settings, playbooks and themes: `$XDG_CONFIG_HOME/salve`, or `~/.config/salve`.
    pub config: PathBuf,
    /// The host's settings and playbooks: `/etc/salve`.
    pub system: PathBuf,
    /// The control socket: `/run/salve`, or `$XDG_RUNTIME_DIR/salve`; never in a folder that users share.
    pub runtime: PathBuf,
}

/// The home folder; a service has no `$HOME`, so it is the account's.
fn home() -> PathBuf {
    let account = || nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten().map(|user| user.dir);
    env::var_os("HOME").map(PathBuf::from).or_else(account).unwrap_or_else(|| "/".into())
}

/// Where a user's own engine listens: in the folder that their session names, else in the one that the host keeps for
/// them, and where neither is theirs, in their state folder. `su` leaves another user's name in the environment.
fn own_runtime(session: Option<PathBuf>, kept: &Path, uid: u32, state: &Path) -> PathBuf {
    let is_theirs = |folder: &Path| folder.symlink_metadata().is_ok_and(|there| there.is_dir() && there.uid() == uid);
    let session = session.filter(|folder| folder.is_absolute());
    let own = [session, Some(kept.into())].into_iter().flatten().find(|folder| is_theirs(folder));
    own.map_or_else(|| state.join("socket"), |folder| folder.join("salve"))
}

impl Paths {
    /// For whoever runs this; `SALVE_STATE_DIR` moves the state folder.
    #[must_use]
    pub fn of_this_user() -> Self {
        let root = rustix::process::geteuid().is_root();
        let home = home();
        let xdg = |name: &str, fallback: PathBuf| {
            env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or(fallback).join("salve")
        };
        let state = if root { "/var/lib/salve".into() } else { xdg("XDG_STATE_HOME", home.join(".local/state")) };
        let runtime = if root {
            HOST_RUNTIME.into()
        } else {
            let uid = rustix::process::geteuid().as_raw();
            let session = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            own_runtime(session, &Path::new("/run/user").join(uid.to_string()), uid, &state)
        };
        let paths = Self {
            state,
            config: if root { home.join(".config/salve") } else { xdg("XDG_CONFIG_HOME", home.join(".config")) },
            system: "/etc/salve".into(),
            runtime,
        };
        match env::var_os("SALVE_STATE_DIR") {
            Some(state) => paths.with_state(state.into()),
            None => paths,
        }
    }

    /// Another state folder: its engine is another one, so it has a socket of its own in it.
    #[must_use]
    pub fn with_state(self, state: PathBuf) -> Self {
        Self { runtime: state.join("run"), state, ..self }
    }

    /// Folders in which an engine for this host may listen: the user's own before the host's.
    #[must_use]
    pub fn sockets(&self) -> Vec<PathBuf> {
        let host = PathBuf::from(HOST_RUNTIME);
        let own_state = self.runtime == self.state.join("run");
        if own_state || self.runtime == host { vec![self.runtime.clone()] } else { vec![self.runtime.clone(), host] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_never_looked_for_in_a_shared_folder() {
        let (own, state) = (tempfile::tempdir().unwrap(), Path::new("/home/ann/.local/state/salve"));
        let uid = own.path().metadata().unwrap().uid();
        let none = Path::new("/run/user/none");
        assert_eq!(own_runtime(Some(own.path().into()), none, uid, state), own.path().join("salve"));
        assert_eq!(own_runtime(None, own.path(), uid, state), own.path().join("salve"));
        // without a session, and with another user's
        for session in [None, Some(own.path().into()), Some("relative".into())] {
            assert_eq!(own_runtime(session, none, uid + 1, state), state.join("socket"));
        }
    }
}
