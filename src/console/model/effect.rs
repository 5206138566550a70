//! What an update asks of the loop around it: commands, questions to the journal, and what the terminal should do.

use std::sync::Arc;

use crate::console::editor::EditorTask;
use crate::core::{Command, IncidentId, Key};
use crate::engine::history::Seek;

/// What the console should do.
#[derive(Debug, Clone, PartialEq)]
pub enum ConsoleEffect {
    /// Ask the engine.
    Send(Command),
    /// What a page for writing asks.
    Ask(EditorTask),
    /// Ask for a moment of the past.
    Recall(Seek),
    /// Ask for an incident's whole story.
    Tell(IncidentId),
    /// Write this to a new file whose name begins so.
    Export { stem: Arc<str>, text: String },
    /// Have the plan made that a run by hand of this would carry out.
    Plan(Key),
    /// Draw with another theme from now on.
    Theme(String),
    /// Draw with another theme as long as it is looked at; none: with the one that is kept.
    Preview(Option<String>),
    /// Put this on the clipboard.
    Copy(String),
    /// Ring the terminal's bell a single time.
    Bell,
    /// The same in words, for a terminal that shows notifications.
    Notify(String),
    /// Break what stands here among the faults.
    Break(usize),
    /// The mouse is ours, or the terminal's.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Suspend the process, with the terminal given back, until the shell continues it.
    Suspend,
    /// End the console and give the terminal back.
    Quit,
}
