//! The one settings file: channels, extra folders that may be cleaned, the host's budget.
//!
//! `/etc/salve/salve.toml` for root, `salve.toml` in the user's configuration folder for everybody else; where it is
//! missing, everything has its default and pages become tickets.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::channel::ChannelSettings;
use crate::playbook::trust::{self, Distrust};
use crate::playbook::value::Period;

/// A settings file may not be larger, in bytes.
const LARGEST: usize = 256 * 1024;

/// What can be set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where pages go, by name: `[channels.oncall] webhook = { url = "…" }`.
    pub channels: BTreeMap<String, ChannelSettings>,
    /// Folders that `clean` may touch besides the compiled-in ones; only a root-owned file may extend them.
    pub clean_roots: Vec<PathBuf>,
    /// Automatic attempts over all playbooks; past it everything asks.
    pub host_budget: Option<HostBudget>,
    /// After a boot, no automatic attempt for so long.
    pub boot_grace: Option<Period>,
}

/// `host_budget = { attempts = 5, window = "5m" }`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostBudget {
    /// So many.
    pub attempts: usize,
    /// In any stretch of this length.
    pub window: Period,
}

/// The settings cannot be used; nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is there, and cannot be read or is not trusted.
    #[error("{0}; {mend}", mend = .0.mend())]
    Unusable(Distrust),
    /// The file says something that is not understood.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

impl Settings {
    /// Reads the file; the defaults where there is none.
    ///
    /// # Errors
    /// See [`SettingsError`]; each names the file.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = match trust::read(path, LARGEST) {
            Ok(text) => text,
            Err(Distrust::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(distrust) => return Err(SettingsError::Unusable(distrust)),
        };
        toml::from_str(&text).map_err(|error| {
            let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            SettingsError::Wrong {
                path: path.into(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                message: error.message().to_owned(),
            }
        })
    }
}
