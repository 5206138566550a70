//! How a verb ends: see [`CODES`].

use std::path::PathBuf;
use std::process::ExitCode;

use crate::control::client::ClientError;
use crate::core::Refusal;
use crate::engine::StartError;
use crate::engine::offline::OfflineError;
use crate::engine::settings::SettingsError;
use crate::journal::{OpenError, ReadError};
use crate::text::clean_line;

/// The command line is wrong.
pub const USAGE: u8 = 64;

/// There is no engine, so nobody watches.
pub const NO_ENGINE: u8 = 69;

/// Every exit code and what it says.
pub const CODES: [(u8, &str); 8] = [
    (0, "Done; for status and --once: all is well."),
    (1, "The answer is no: refused, rejected or not there; for status and --once: broken, or in need of you."),
    (2, "Unknown: what is watched cannot be seen."),
    (USAGE, "The command line is wrong."),
    (NO_ENGINE, "No engine can be reached; for verbs that ask how the host stands: nobody watches it."),
    (70, "salve itself failed: a file, the journal, the screen."),
    (75, "Another salve holds the journal."),
    (77, "You may not."),
];

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
    /// The engine said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The engine cannot be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The journal, for reading.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file or a terminal.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// What was said is lost.
    #[error("standard output: {0}")]
    Output(&'static std::io::Error),
    /// The screen.
    #[error(transparent)]
    Console(#[from] crate::console::ConsoleError),
    /// An engine may serve this host, and we may not come near.
    #[error(
        "{}: this host's salve is not yours to reach: let root run `usermod -aG salve $USER` and log in again, or name \
         a state folder of your own with --state",
        .0.display()
    )]
    Forbidden(PathBuf),
    /// Somebody else may.
    #[error("{0}")]
    Forbid(String),
    /// There is no engine to ask.
    #[error("{0}")]
    Nobody(String),
    /// The command line, beyond what its grammar says.
    #[error("{0}")]
    Usage(String),
    /// In words, with the next step.
    #[error("{0}")]
    Said(String),
    /// The demo could not be set up, or did not go as it should.
    #[error("{0}")]
    Demo(String),
}

impl Failure {
    /// Of the demo.
    pub fn demo(error: impl std::fmt::Display) -> Self {
        Self::Demo(error.to_string())
    }

    /// Does another salve hold the journal?
    pub const fn is_held(&self) -> bool {
        matches!(
            self,
            Self::Start(StartError::Journal(OpenError::Held { .. }))
                | Self::Offline(OfflineError::Start(StartError::Journal(OpenError::Held { .. })))
        )
    }

    /// In one line of words; mistakes in the settings with the marked source.
    pub fn draw(&self, colour: bool) -> String {
        match self {
            Self::Settings(SettingsError::Wrong(mistakes)) => mistakes.draw(colour),
            other => clean_line(&other.to_string()).into_owned(),
        }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        match self {
            held if held.is_held() => ExitCode::from(75),
            Self::Forbidden(_)
            | Self::Forbid(_)
            | Self::Client(ClientError::Refused(_) | ClientError::Stranger(_))
            | Self::Refused(Refusal::NotAllowed(_) | Refusal::NeedsRoot(_)) => ExitCode::from(77),
            Self::Usage(_) => ExitCode::from(USAGE),
            Self::Nobody(_) | Self::Client(ClientError::Nobody { .. }) => ExitCode::from(NO_ENGINE),
            Self::Offline(OfflineError::Refused(_)) | Self::Refused(_) | Self::Said(_) => ExitCode::from(1),
            _ => ExitCode::from(70),
        }
    }
}
