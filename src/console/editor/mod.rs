//! Playbooks written by hand: the editor page and the way to a new one. Pure: keys, times and answers come in, what is
//! to be done outside goes out as [`Ask`]s.
//!
//! ```text
//!  key --> act --> Author (text, stage, findings, dry run) --> view::author
//!                     |                  ^
//!                     +-- Ask --> clerk -+ Told      files, drafts, $EDITOR, the engine's looks
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`begin`] | the way to a new playbook |
//! | [`text`] | lines, cursor, undo, search |
//! | [`act`], [`typing`] | what each key does at each stage; letters and pastes |
//! | [`completing`] | what may stand here, chosen and taken |
//! | [`finding`] | what the reader says about the text, and the way from mistake to mistake |
//! | [`saving`] | saving, and what may follow: leaving, running it |
//! | [`standing`] | what the engine makes of what was saved |
//! | [`ask`], [`hearing`] | what is asked of the world; what it tells |

pub mod act;
pub mod ask;
mod begin;
mod completing;
pub mod finding;
mod responses;
mod saving;
pub mod standing;
pub mod text;
mod typing;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::content::context::ConsoleTime;
use super::keys::InputMode;
use crate::engine::host_queries::Rehearsing;
use crate::engine::standalone::dry_run::Rehearsal;
use crate::playbook::write::Completion;
use finding::EditorFindings;
use text::TextBuffer;

pub use act::KeyOutcome;
pub use ask::{EditorTask, EditorTaskResult};
pub use begin::{Begin, BeginRow, BeginStep, DraftSummary, one_off};

/// After the last key, the text is read so much later, in milliseconds.
pub const READ_AFTER: u64 = 150;
/// A change is kept as a draft so much later, in milliseconds, whatever is typed meanwhile.
pub const KEEP_AFTER: u64 = 500;

/// One playbook's text under the operator's hands.
#[derive(Debug, Clone)]
pub struct Author {
    /// What is written.
    pub subject: EditedFile,
    /// The lines that are edited, with the cursor in them and the steps that can be undone.
    pub text: TextBuffer,
    /// What has the keys.
    pub stage: EditorFocus,
    /// What the reader said.
    pub findings: EditorFindings,
    /// The dry run beside the text.
    pub tried: Option<Tried>,
    /// The revision that the draft holds, and when the first change after it was made.
    kept: u64,
    unkept_since: Option<ConsoleTime>,
    /// When the text was changed last and not read since.
    unread_since: Option<ConsoleTime>,
}

/// What is written, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedFile {
    /// The playbook's name.
    pub name: Arc<str>,
    /// Where it will be saved.
    pub path: PathBuf,
    /// The file's text when it was opened or saved last; none where there is no file yet.
    pub opened: Option<Arc<str>>,
    /// The text that was begun with: nothing is lost while the text is still that.
    pub begun: Arc<str>,
    /// What it is to its file.
    pub kind: DocumentKind,
}

/// What a text is to its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// The file's own.
    File,
    /// A copy of what cannot be written where it is.
    Copy,
    /// For one open incident: run once, then kept or thrown away.
    OneOff,
}

/// What has the keys on the editor page.
#[derive(Debug, Clone, PartialEq)]
pub enum EditorFocus {
    /// The keys change the text or move the cursor in it.
    Writing,
    /// Words to look for are typed; where the search began.
    Finding { typed: String, from: (usize, usize) },
    /// What may stand under the cursor, and which is chosen.
    Completing { completion: Completion, at: usize },
    /// How to leave a changed text.
    Leaving,
    /// The file was changed by somebody else: what it holds now.
    Conflict { theirs: Arc<str>, scroll: usize },
    /// A draft of an earlier day is offered.
    Offered { text: Arc<str>, at: Timestamp },
    /// It is being saved.
    Saving { then: Then },
    /// A one-off is left: keep it?
    Keeping,
}

/// What follows when it is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The operator goes on writing on the same page.
    WriteOn,
    /// The page is left.
    Leave,
    /// It is run, once the engine has read it and the operator has said yes.
    Run,
}

/// A dry run, and the text that it was of.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The text's revision.
    pub revision: u64,
    /// What it came to.
    pub state: Trying,
    /// Rows that are scrolled away.
    pub scroll: usize,
}

/// How a dry run stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Trying {
    /// This is looked at, since then.
    Looking { what: Arc<str>, since: ConsoleTime },
    /// What was seen.
    Seen(Arc<[Rehearsal]>),
    /// Why nothing was.
    Failed(Arc<str>),
}

impl Tried {
    /// One that begins.
    #[must_use]
    pub fn begun(revision: u64, at: ConsoleTime) -> Self {
        Self { revision, state: Trying::Looking { what: "the host".into(), since: at }, scroll: 0 }
    }

    /// Takes a step in.
    pub fn hear(&mut self, step: Rehearsing) {
        match (step, &mut self.state) {
            (Rehearsing::Looking(at), Trying::Looking { what, .. }) => *what = at,
            (Rehearsing::Looking(_), _) => {}
            (Rehearsing::Done(Ok(seen)), _) => self.state = Trying::Seen(seen.into()),
            (Rehearsing::Done(Err(why)), _) => self.state = Trying::Failed(why),
        }
    }
}

impl Author {
    /// Opens a text; a draft of it, if there is one, is offered first.
    #[must_use]
    pub fn open(subject: EditedFile, draft: Option<(Arc<str>, Timestamp)>) -> Self {
        let text = TextBuffer::new(&subject.begun);
        let findings = EditorFindings::of(&subject, &subject.begun);
        let stage = match draft {
            Some((text, at)) if text != subject.begun => EditorFocus::Offered { text, at },
            _ => EditorFocus::Writing,
        };
        Self { subject, text, stage, findings, tried: None, kept: 0, unkept_since: None, unread_since: None }
    }

    /// Goes on with a draft.
    #[must_use]
    pub fn resume(subject: EditedFile, text: &str, at: ConsoleTime) -> Self {
        let mut author = Self::open(subject, None);
        author.text.set(text);
        author.noted(0, at);
        author.read();
        author
    }

    /// Does the text differ from what it began as?
    #[must_use]
    pub fn changed(&self) -> bool {
        self.text.revision > 0 && self.text.whole() != *self.subject.begun
    }

    /// Where keys go.
    #[must_use]
    pub fn place(&self) -> InputMode {
        match &self.stage {
            EditorFocus::Writing | EditorFocus::Saving { .. } => InputMode::Editor,
            EditorFocus::Finding { .. } => InputMode::Searching,
            EditorFocus::Completing { .. } => InputMode::Completing,
            EditorFocus::Leaving => InputMode::Leaving,
            EditorFocus::Keeping => InputMode::Keeping,
            EditorFocus::Conflict { .. } => InputMode::Conflict,
            EditorFocus::Offered { .. } => InputMode::Offered,
        }
    }

    /// When something is to be done by itself.
    #[must_use]
    pub fn wakes_at(&self) -> Option<ConsoleTime> {
        let read = self.unread_since.map(|since| ConsoleTime(since.0 + READ_AFTER));
        let keep = self.unkept_since.map(|since| ConsoleTime(since.0 + KEEP_AFTER));
        read.into_iter().chain(keep).min()
    }

    /// Notes a change of the text, if there was one since `before`.
    pub fn noted(&mut self, before: u64, at: ConsoleTime) {
        if self.text.revision != before {
            self.unread_since = Some(at);
            self.unkept_since.get_or_insert(at);
        }
    }

    /// What has come due: the text is read, the draft is kept.
    pub fn tick(&mut self, at: ConsoleTime) -> Vec<EditorTask> {
        if self.unread_since.is_some_and(|since| at.0 >= since.0 + READ_AFTER) {
            self.read();
        }
        if self.unkept_since.is_some_and(|since| at.0 >= since.0 + KEEP_AFTER) { self.keep() } else { Vec::new() }
    }

    /// Reads the text now.
    pub fn read(&mut self) {
        self.unread_since = None;
        self.findings = EditorFindings::of(&self.subject, &self.text.whole());
    }

    /// Keeps the draft now, if there is anything to keep.
    pub fn keep(&mut self) -> Vec<EditorTask> {
        self.unkept_since = None;
        if self.kept == self.text.revision || matches!(self.stage, EditorFocus::Offered { .. }) {
            return Vec::new();
        }
        self.kept = self.text.revision;
        let name = Arc::clone(&self.subject.name);
        if !self.changed() {
            return vec![EditorTask::DropDraft { name }];
        }
        vec![EditorTask::Keep { name, path: self.subject.path.clone(), text: self.text.whole().into() }]
    }
}
