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
//! | [`terminal::decode`] | from a terminal's bytes to keys |
//! | [`keys`] | the one table of keys: dispatch, footer, help, palette |
//! | [`model`] | what the operator is looking at: state belongs to the page that needs it |
//! | [`update`] | from an input to a changed model and a few requests; pure |
//! | [`model::review`] | a request under review, and what keeps a yes from being given by accident |
//! | [`recall`] | incidents as the journal tells them, however long ago |
//! | [`content::find`] | words in a page that is read |
//! | [`clipboard`], [`export`] | a page's text to the terminal's clipboard, an incident to a file |
//! | [`rewind`] | which moment of the past is looked at |
//! | [`form`] | questions with fields |
//! | [`held`] | what is held back on purpose: pauses, maintenance windows, snoozes |
//! | [`content::fuzzy`] | finding by a few letters, and showing which they were |
//! | [`listed`] | which rows of a list page the filter admits |
//! | [`content::rows`] | what the panes list, worked out from a snapshot |
//! | [`content::success`] | what the success page lists, worked out from a snapshot |
//! | [`view`] | one file per region of the screen; drawing changes nothing |
//! | [`canvas`], [`canvas::line`] | the only way onto the screen: clipped, cleaned, in the terminal's character set |
//! | [`ink`] | from one screen to the bytes that turn it into the next |
//! | [`theme`], [`canvas::glyphs`] | colours by meaning, signs in Unicode and ASCII |
//! | [`author`] | playbooks written by hand: the editor page, pure |
//! | [`clerk`] | files, for the pages where playbooks are written |
//! | [`editor`] | a text handed to `$EDITOR` and back |
//! | [`looks`], [`config::preferences`] | the theme that is shown, tried or kept; what one operator wants |
//! | [`terminal::osc`] | what a terminal is asked for besides drawing |
//! | [`misread`] | what is wrong with a file, and where |
//! | [`stage`] | faults to choose from and captions, where a console shows what salve does |
//! | [`plain`] | sentences and numbered prompts, without a screen |

mod app;
mod canvas;
mod config;
pub mod content;
mod demo_hooks;
mod editor;
mod form;
pub mod keys;
mod model;
pub mod options;
pub mod plain;
mod terminal;
pub mod theme;
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

use crate::engine::Handle;

pub use app::export;
pub use app::once::draw_once;
pub use app::svg::{film, still, to_svg};
pub use demo_hooks::{Caption, DemoHooks};
pub use options::{ConsoleError, Ended, EngineAt, Options, Writing};

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
