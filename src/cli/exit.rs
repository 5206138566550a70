//! How a verb ends: 0 done (or all well), 1 the answer is no (broken, wrong, refused), 2 unknown, 64 wrong usage,
//! 70 salve itself failed, 75 another salve holds the journal.

use std::process::ExitCode;

use crate::engine::StartError;
use crate::engine::offline::OfflineError;
use crate::engine::settings::SettingsError;
use crate::journal::{OpenError, ReadError};

/// Why a verb could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The engine.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A command without an engine.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// The journal, for reading.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file or a terminal.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The screen.
    #[error(transparent)]
    Console(#[from] crate::console::ConsoleError),
    /// In words, with the next step.
    #[error("{0}")]
    Said(String),
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> ExitCode {
        match self {
            Self::Start(StartError::Journal(OpenError::Held { .. }))
            | Self::Offline(OfflineError::Start(StartError::Journal(OpenError::Held { .. }))) => ExitCode::from(75),
            Self::Offline(OfflineError::Refused(_)) | Self::Said(_) => ExitCode::from(1),
            _ => ExitCode::from(70),
        }
    }
}
