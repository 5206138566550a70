//! The exit codes, and the failures that lead to them: see [`CODES`].

use std::path::PathBuf;
use std::process::ExitCode;

use crate::control::client::ClientError;
use crate::core::Refusal;
use crate::engine::StartError;
use crate::engine::settings::SettingsError;
use crate::engine::standalone::offline::OfflineError;
use crate::journal::{OpenError, ReadError};
use crate::text::clean_line;

/// The exit code of a command line that is not valid.
pub const USAGE: u8 = 64;

/// The exit code when no engine is running.
pub const NO_ENGINE: u8 = 69;

/// Every exit code and what it means.
pub const CODES: [(u8, &str); 8] = [
    (0, "Success; for status and --once: everything is healthy."),
    (1, "Refused, rejected or not found; for status and --once: something is failing or needs action."),
    (2, "Unknown: the state of a target cannot be read."),
    (USAGE, "The command line is not valid."),
    (NO_ENGINE, "No engine can be reached; for status and --once: nothing watches the host."),
    (70, "salve itself failed: a file, the journal or the screen."),
    (75, "Another salve holds the journal."),
    (77, "Permission denied."),
];

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings file cannot be read or is not valid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The engine could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A command that runs without an engine failed.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// The engine refused the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The engine cannot be reached over its socket.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The journal cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file or a terminal failed; the first part names it.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// Standard output failed, so the answer is lost.
    #[error("standard output: {0}")]
    Output(&'static std::io::Error),
    /// The console could not open or draw the screen.
    #[error(transparent)]
    Console(#[from] crate::console::options::ConsoleError),
    /// An engine may serve this host, but the caller lacks permission to reach it.
    #[error(
        "{}: permission denied; ask root to run `usermod -aG salve $USER` and log in again, or use a state folder of \
         your own with --state",
        .0.display()
    )]
    Forbidden(PathBuf),
    /// The caller lacks permission; the text says who has it.
    #[error("{0}")]
    Forbid(String),
    /// No engine is running, and the verb needs one.
    #[error("{0}")]
    Nobody(String),
    /// The command line is wrong in a way that its grammar does not catch.
    #[error("{0}")]
    Usage(String),
    /// Any other failure: a sentence that names the next step.
    #[error("{0}")]
    Said(String),
    /// The demo could not be set up, or failed.
    #[error("{0}")]
    Demo(String),
}

impl Failure {
    /// Makes a failure of the demo from any error.
    pub fn demo(error: impl std::fmt::Display) -> Self {
        Self::Demo(error.to_string())
    }

    /// Whether another salve holds the journal.
    pub const fn is_held(&self) -> bool {
        matches!(
            self,
            Self::Start(StartError::Journal(OpenError::Held { .. }))
                | Self::Offline(OfflineError::Start(StartError::Journal(OpenError::Held { .. })))
        )
    }

    /// The failure as one line of text; errors in the settings come with the marked source.
    pub fn draw(&self, colour: bool) -> String {
        match self {
            Self::Settings(SettingsError::Wrong(mistakes)) => mistakes.draw(colour),
            other => clean_line(&other.to_string()).into_owned(),
        }
    }

    /// The exit code of this failure, one of [`CODES`].
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
