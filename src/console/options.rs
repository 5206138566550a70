//! What a console is started with, and how it ends.

use std::path::PathBuf;

use super::demo_hooks::DemoHooks;
use super::theme::ThemeError;

/// How a console is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only looking: there are no acting keys.
    pub read_only: bool,
    /// ASCII or not; by the locale where left open.
    pub ascii: Option<bool>,
    /// A theme by name.
    pub theme: Option<String>,
    /// The user's configuration folder: themes, and copies of shipped playbooks.
    pub config: PathBuf,
    /// Where drafts of playbooks are kept.
    pub drafts: PathBuf,
    /// Whose state is shown.
    pub engine: EngineAt,
    /// May playbooks be written from here?
    pub writing: Writing,
    /// Ring once when something new waits for a yes.
    pub bell: bool,
    /// What plays around it, where it is a show.
    pub stage: Option<DemoHooks>,
}

/// Where the engine is whose state a console shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineAt {
    /// In this process: it ends with the console.
    Embedded,
    /// On this host, in a daemon or another console.
    Daemon,
    /// On another host, as `ssh://web-03`.
    Far(std::sync::Arc<str>),
}

impl EngineAt {
    /// Does healing end with the console?
    #[must_use]
    pub const fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded)
    }
}

/// Whether playbooks may be written from a console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Into the folders that the engine reads.
    Here,
    /// Not from here, and where instead.
    Elsewhere(&'static str),
}

/// How a console ended. Whoever embeds an engine winds it down in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The operator quit.
    Quit,
    /// The terminal went away.
    TerminalLost,
    /// By TERM, HUP or INT.
    Signalled,
}

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Standard input or output is something else.
    #[error("the console needs a terminal; `salve --once` and `salve status` work without one")]
    NoTerminal,
    /// The terminal cannot be taken over.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] std::io::Error),
    /// The theme that was asked for.
    #[error(transparent)]
    Theme(#[from] ThemeError),
    /// The screen's thread panicked; the terminal was given back before.
    #[error("the console failed; the terminal was restored")]
    Broke,
}
