//! The screen. It knows only snapshots and commands, so it cannot tell an embedded engine from a remote one.
//!
//! ```text
//!  keys, snapshots, answers, time --> update --> model --> view --> terminal
//!                                        |
//!                                        +--> effects: commands, editor, clipboard, quit
//! ```
//!
//! Each module uses only those below it:
//!
//! | module | what it does |
//! |---|---|
//! | [`app`] | the loop: takes inputs in, carries effects out, draws when something changed; one screen without a terminal |
//! | [`plain`] | sentences and numbered prompts, without a screen |
//! | [`update`] | from an input to a changed model and a few effects; pure |
//! | [`view`] | from model and snapshot to cells: panes, pages, overlays; drawing changes nothing |
//! | [`model`] | what the operator is looking at: pages, the pending decision, a moment of the past |
//! | [`editor`] | the state of the page on which playbooks are written; pure |
//! | [`form`] | questions with fields |
//! | [`content`] | what pages list and say, worked out from a snapshot |
//! | [`keys`] | the one table of keys: dispatch, footer, help, palette; what keeps a key from deciding by accident |
//! | [`terminal`] | the terminal taken over and given back; keys read on a thread of their own |
//! | [`canvas`] | the only way onto the screen: clipped, cleaned, in the terminal's character set |
//! | [`theme`], [`config`] | colours by meaning; the files of one operator |
//! | [`options`], [`demo_hooks`] | what a console is started with, and how it ends |

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

/// The fixture is shared with the tests of whole programs, where these modules belong to a crate of this name.
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
    if terminal::is_dumb() {
        return plain::run(handle, &options, runtime);
    }
    app::run(handle, options, runtime)
}
