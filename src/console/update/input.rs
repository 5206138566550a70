//! What the console is told: keys, the mouse, snapshots, answers and the passing of time.

use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::console::editor::EditorTaskResult;
use crate::console::form::DryRunResult;
use crate::console::terminal::decode::Mouse;
use crate::core::{IncidentId, Key};
use crate::engine::history::{FoldProgress, PastError, Replayed};
use crate::engine::snapshot::IncidentView;

/// What comes in.
#[derive(Debug, Clone)]
pub enum ConsoleInput {
    /// A key was pressed, held down or released.
    Key(KeyEvent),
    /// Pasted text: only ever text for a field that is being typed.
    Paste(String),
    /// The mouse: it looks, and never decides.
    Mouse(Mouse),
    /// The terminal has another size.
    Resize(u16, u16),
    /// The world holds a new snapshot.
    Snapshot,
    /// What the journal tells of an incident.
    Told(IncidentId, Result<Arc<IncidentView>, PastError>),
    /// A moment of the past, or why there is none.
    Replayed(Result<Box<Replayed>, PastError>),
    /// How far the fold of the journal has come.
    Recalling(Option<FoldProgress>),
    /// What a command came to.
    Answer(Result<Arc<str>, String>),
    /// What became of what a page for writing asked.
    Author(EditorTaskResult),
    /// A look at the host for a run by hand is over.
    Looked { key: Key, looked: DryRunResult },
    /// The screen was drawn.
    Drawn,
    /// What is said about what is seen.
    Caption(Option<Arc<str>>),
    /// Somebody else wants the console to sleep.
    Stop,
    /// Time has passed.
    Tick,
}
