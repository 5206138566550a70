//! The screen. It knows only snapshots and commands, so it cannot tell an embedded engine from a remote one.
//!
//! ```text
//!  keys, snapshots, answers, time --> update --> model --> view --> terminal
//!                                        |
//!                                        +--> requests: commands, editor, clipboard, quit
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`app`] | the loop: takes inputs in, carries requests out, draws when something changed |
//! | [`ends`] | the thread that a console runs on, and the signals that end it |
//! | [`terminal`] | the terminal taken over and given back; keys read on a thread of their own |
//! | [`ink`] | from changed cells to bytes |
//! | [`decode`] | from a terminal's bytes to keys |
//! | [`keys`] | the one table of keys: dispatch, footer, help, palette |
//! | [`model`] | what the operator is looking at: state belongs to the page that needs it |
//! | [`update`] | from an input to a changed model and a few requests; pure |
//! | [`review`] | a request under review, and what keeps a yes from being given by accident |
//! | [`recall`] | incidents as the journal tells them, however long ago |
//! | [`find`] | words in a page that is read |
//! | [`clipboard`], [`export`] | a page's text to the terminal's clipboard, an incident to a file |
//! | [`rewind`] | which moment of the past is looked at |
//! | [`form`] | questions with fields |
//! | [`held`] | what is held back on purpose: pauses, maintenance windows, snoozes |
//! | [`fuzzy`] | finding by a few letters, and showing which they were |
//! | [`listed`] | which rows of a list page the filter admits |
//! | [`rows`] | what the panes list, worked out from a snapshot |
//! | [`success`] | what the success page lists, worked out from a snapshot |
//! | [`view`] | one file per region of the screen; drawing changes nothing |
//! | [`canvas`], [`line`] | the only way onto the screen: clipped, cleaned, in the terminal's character set |
//! | [`ink`] | from one screen to the bytes that turn it into the next |
//! | [`theme`], [`glyphs`] | colours by meaning, signs in Unicode and ASCII |
//! | [`author`] | playbooks written by hand: the editor page, pure |
//! | [`clerk`] | files, for the pages where playbooks are written |
//! | [`editor`] | a text handed to `$EDITOR` and back |
//! | [`looks`], [`preferences`] | the theme that is shown, tried or kept; what one operator wants |
//! | [`osc`] | what a terminal is asked for besides drawing |
//! | [`misread`] | what is wrong with a file, and where |
//! | [`stage`] | faults to choose from and captions, where a console shows what salve does |
//! | [`plain`] | sentences and numbered prompts, without a screen |

mod app;
mod appearance;
mod canvas;
mod config_error;
mod decision;
mod decode;
mod demo_hooks;
mod diff_writer;
mod editor;
pub mod export;
mod external_editor;
mod file_worker;
mod filtered_list;
mod find;
mod form;
pub mod format;
mod fuzzy;
mod glyphs;
mod incident_history;
pub mod keys;
mod line;
mod model;
mod osc;
pub mod plain;
mod preferences;
mod review;
mod rows;
mod shutdown;
mod success;
mod suppressions;
mod svg;
mod terminal;
pub mod theme;
mod time_travel;
mod update;
mod view;

/// The fixture is shared with the tests of whole programs, where these rooms belong to a crate of this name.
#[cfg(test)]
mod salve {
    pub use crate::{core, engine, playbook};
}
#[cfg(test)]
#[path = "../../tests/support/fixture.rs"]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod fixture;
#[cfg(test)]
#[path = "../../tests/support/pty.rs"]
#[allow(dead_code, reason = "shared with the tests of whole programs")]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod pty;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use termprofile::TermProfile;

use crate::engine::{Handle, Snapshot};
use canvas::RenderOptions;
use glyphs::Glyphs;
use model::{ConsoleTime, Model};
use theme::{Shelf, Theme, ThemeError};
use view::ViewContext;

pub use demo_hooks::{Caption, DemoHooks};
pub use svg::{film, still, to_svg};

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

/// Runs the console until it ends; the screen has a thread of its own, the engine is never waited for. A terminal that
/// calls itself dumb gets [`plain`] sentences.
///
/// # Errors
/// See [`ConsoleError`].
pub fn run(handle: Handle, options: Options, runtime: &tokio::runtime::Handle) -> Result<Ended, ConsoleError> {
    if !terminal::is_there() {
        return Err(ConsoleError::NoTerminal);
    }
    if is_dumb() {
        return plain::run(handle, &options, runtime);
    }
    app::run(handle, options, runtime)
}

/// A terminal on which nothing can be placed, as an editor's shell window gives it: it gets sentences.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// One screen as plain text: for `--once`, the README and tests.
///
/// # Errors
/// Where the theme that was asked for cannot be had.
pub fn draw_once(snapshot: &Snapshot, width: u16, height: u16, options: &Options) -> Result<String, ConsoleError> {
    Ok(view::text(&drawn(snapshot, width, height, options, TermProfile::NoColor)?))
}

/// The same with colours.
fn drawn(
    snapshot: &Snapshot,
    width: u16,
    height: u16,
    options: &Options,
    profile: TermProfile,
) -> Result<Buffer, ConsoleError> {
    let theme = match &options.theme {
        Some(name) => Shelf::new(&options.config).find(name)?,
        None => Theme::standard(),
    };
    let look = RenderOptions { glyphs: Glyphs::choose(options.ascii), styles: theme.on(profile) };
    let world = ViewContext {
        snapshot,
        mono: snapshot.now.mono,
        wall: snapshot.now.wall,
        zone: &TimeZone::system(),
        age: Duration::ZERO,
        at: ConsoleTime(0),
        look: &look,
        themes: &[],
    };
    let mut model = Model::new((width, height), options.read_only, options.engine.clone(), options.writing);
    if let Some(stage) = &options.stage {
        model.faults = std::sync::Arc::clone(&stage.faults);
        if let Caption::Says(text) = &*stage.caption.borrow() {
            model.caption = Some(std::sync::Arc::clone(text));
        }
    }
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view::draw(&model, &world, &mut buffer);
    Ok(buffer)
}
