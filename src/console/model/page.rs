//! What can be shown over the main screen, and the places where keys are pressed.

use std::sync::Arc;

use super::Cursor;
use crate::console::editor::{Author, Begin, Tried};
use crate::console::find::Find;
use crate::console::form::Form;
use crate::console::keys::KeyAction;
use crate::console::review::Review;
use crate::console::success::{self, SuccessSpan};
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

/// What a list page lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// What waits for a yes.
    Approvals,
    /// Every playbook file.
    Playbooks,
    /// Open and closed incidents.
    Incidents,
    /// Pauses, maintenance windows and snoozes.
    Held,
}

/// What a text page tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// What happened, latest first.
    Journal,
    /// What salve had to say.
    Messages,
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

/// Where keys are pressed: each place has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputMode {
    /// The main screen.
    Main,
    /// An incident's page.
    Incident,
    /// A request's page.
    Approval,
    /// A playbook's page.
    Playbook,
    /// A list page.
    List,
    /// A page to read.
    Text,
    /// The target's name is being typed on a request's page.
    Naming,
    /// A form with fields.
    Form,
    /// A form that wants a yes.
    Question,
    /// The filter or the palette.
    Typing,
    /// Words to be found in a page.
    Finding,
    /// A playbook is being written.
    Editor,
    /// Words to look for are typed in the editor.
    Searching,
    /// A new playbook: what can fail, of what, its name.
    Begin,
    /// One of the words that may stand here is chosen in the editor.
    Completing,
    /// A changed text is left: save it, keep it, or not?
    Leaving,
    /// A one-off is left: keep it, or throw it away?
    Keeping,
    /// The file was changed by somebody else: whose text?
    Conflict,
    /// There is a draft: go on with it?
    Offered,
}
