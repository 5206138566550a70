//! What can be shown over the main screen, and the places where keys are pressed.

use std::sync::Arc;

use super::Cursor;
use crate::console::content::filtered_list::ListKind;
use crate::console::content::find::Find;
use crate::console::content::success::{self, SuccessSpan};
use crate::console::editor::{Author, Begin, Tried};
use crate::console::form::Form;
use crate::console::keys::{InputMode, KeyAction};
use crate::console::model::review::Review;
use crate::core::IncidentId;

/// A page over the main screen.
#[derive(Debug, Clone)]
pub enum OpenPage {
    /// One incident's whole story.
    Incident { id: IncidentId, scroll: usize },
    /// A request for a yes.
    Approval(Box<Review>),
    /// What a single playbook says and how it does, by its name.
    Playbook { name: Arc<str>, scroll: usize },
    /// Choose one of many.
    List { kind: ListKind, cursor: Cursor },
    /// A playbook's text under the operator's hands.
    Author(Box<Author>),
    /// The way to a new playbook.
    Begin(Box<Begin>),
    /// What a playbook would do now.
    Trial { name: Arc<str>, tried: Tried, scroll: usize },
    /// The success rate: windows, playbooks, and what to do about them.
    Success { cursor: Cursor, span: SuccessSpan },
    /// A text to be read and scrolled, such as the journal or the help.
    Text { kind: TextKind, scroll: usize },
}

impl OpenPage {
    /// The success page, on the window of the gauge.
    #[must_use]
    pub fn success() -> Self {
        let span = SuccessSpan::default();
        Self::Success { cursor: Cursor { on: Some(success::window_id(span)), at: 0 }, span }
    }
}

/// What a text page tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// What happened, latest first.
    Journal,
    /// What salve had to say.
    Messages,
    /// What the engine measures of itself.
    Engine,
    /// The keys, those of this place first.
    Help(InputMode),
}

/// What has the keys before the page.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// A question with fields.
    Form(Box<Form>),
    /// The filter is being typed; what it was before.
    Filter { before: String },
    /// Words are looked for in the page.
    Find(Find),
    /// The command palette.
    Palette { typed: String, at: usize },
    /// Which one is meant?
    Pick(Pick),
}

/// A command that needs something to act on, and asks which.
#[derive(Debug, Clone)]
pub struct Pick {
    /// What will be done with it.
    pub verb: KeyAction,
    /// Only what belongs to this playbook.
    pub of: Option<Arc<str>>,
    /// What is looked at, by its row's name or its own.
    pub first: Option<Arc<str>>,
    /// Letters to find it by.
    pub typed: String,
    /// Which of those found.
    pub at: usize,
}
