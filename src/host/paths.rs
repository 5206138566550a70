//! Where files live: one set for root, one for everybody else.

use std::env;
use std::path::PathBuf;

/// The folders that salve reads and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Journal, tickets, drafts, logs: `/var/lib/salve`, or `$XDG_STATE_HOME/salve`. Mode 0700.
    pub state: PathBuf,
    /// The user's settings, playbooks and themes: `$XDG_CONFIG_HOME/salve`, or `~/.config/salve`.
    pub config: PathBuf,
    /// The host's settings and playbooks: `/etc/salve`.
    pub system: PathBuf,
    /// The control socket: `/run/salve`, or `$XDG_RUNTIME_DIR/salve`.
    pub runtime: PathBuf,
}

impl Paths {
    /// For whoever runs this; `SALVE_STATE_DIR` moves the state folder.
    #[must_use]
    pub fn of_this_user() -> Self {
        let root = rustix::process::geteuid().is_root();
        let home = env::var_os("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let xdg = |name: &str, fallback: PathBuf| {
            env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or(fallback).join("salve")
        };
        let state = if root { "/var/lib/salve".into() } else { xdg("XDG_STATE_HOME", home.join(".local/state")) };
        let runtime = if root { "/run/salve".into() } else { xdg("XDG_RUNTIME_DIR", env::temp_dir()) };
        Self {
            state: env::var_os("SALVE_STATE_DIR").map_or(state, PathBuf::from),
            config: if root { home.join(".config/salve") } else { xdg("XDG_CONFIG_HOME", home.join(".config")) },
            system: "/etc/salve".into(),
            runtime,
        }
    }
}
