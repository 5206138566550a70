//! What each key does at each stage of the editor page. Nothing here is lost without a question: Esc asks where there
//! is something to lose, and what is discarded was shown before.

use std::sync::Arc;

use tui_textarea::CursorMove;

use super::standing::Saved;
use super::text::Way;
use super::{Ask, At, Author, Kind, Stage, Subject, Then, Tried};
use crate::console::keys::Verb;

/// What a key does on the editor page and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Write the text to its file.
    Save,
    /// What may stand here.
    Complete,
    /// Run it now, once it is saved and the operator has said yes.
    Run,
    /// Leave a one-off where it is.
    Keep,
    /// Take a one-off out of the folder again.
    Remove,
    /// To the next mistake.
    NextMistake,
    /// To the mistake before.
    PreviousMistake,
    /// More of the dry run.
    ScrollTried,
    /// Look for words.
    Find,
    /// Hand the text to `$EDITOR`.
    HandOver,
    /// One step back.
    Undo,
    /// One step on again.
    Redo,
    /// Cut the line out.
    CutLine,
    /// Put back what was cut.
    Put,
    /// Leave, and keep the text as a draft.
    KeepDraft,
    /// Leave, and forget what was typed.
    Discard,
    /// Save over what somebody else wrote.
    Mine,
    /// Take what somebody else wrote.
    Theirs,
    /// Go on with a draft.
    GoOn,
}

/// What a key came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// To be done outside.
    pub asks: Vec<Ask>,
    /// To be said: how it went, or why it did not.
    pub say: Option<Result<String, String>>,
    /// The page is left.
    pub leave: bool,
    /// It was saved: what the engine makes of it is said when it has read it.
    pub saved: Option<Saved>,
}

impl Outcome {
    pub(super) fn ask(asks: impl Into<Vec<Ask>>) -> Self {
        Self { asks: asks.into(), ..Self::default() }
    }

    pub(super) fn no(why: impl Into<String>) -> Self {
        Self { say: Some(Err(why.into())), ..Self::default() }
    }

    pub(super) fn left(asks: impl Into<Vec<Ask>>) -> Self {
        Self { asks: asks.into(), leave: true, ..Self::default() }
    }
}

impl Author {
    /// Does what a key of the table means here; `rows` are shown of the text.
    pub fn act(&mut self, verb: Verb, at: At, rows: usize) -> Outcome {
        let before = self.text.revision;
        let outcome = match verb {
            Verb::Back => self.back(),
            Verb::Submit => self.submit(),
            Verb::Write(act) => self.write(act),
            Verb::Try => self.rehearse(at),
            Verb::Next | Verb::Previous if matches!(self.stage, Stage::Completing { .. }) => {
                self.choose(verb == Verb::Next);
                Outcome::default()
            }
            Verb::Next | Verb::Previous => self.find_next(if verb == Verb::Next { Way::On } else { Way::Back }),
            _ => {
                self.go(verb, rows);
                Outcome::default()
            }
        };
        self.noted(before, at);
        outcome
    }

    fn write(&mut self, act: Act) -> Outcome {
        match act {
            Act::Save if self.stage == Stage::Leaving => return self.save(Then::Leave),
            Act::Save => return self.save(Then::WriteOn),
            Act::Run => return self.run(),
            Act::Remove => return self.remove(),
            Act::Keep => return Outcome::left([]),
            Act::Complete => return self.complete(),
            Act::NextMistake | Act::PreviousMistake => return self.next_mistake(act == Act::NextMistake),
            Act::HandOver => return self.hand_over(),
            Act::KeepDraft => return self.leave_with_draft(),
            Act::Discard => return self.discard(),
            Act::Mine => return self.save_over(),
            Act::Find => self.stage = Stage::Finding { typed: String::new(), from: self.text.cursor() },
            Act::Undo if !self.text.undo() => return Outcome::no("nothing to take back"),
            Act::Redo if !self.text.redo() => return Outcome::no("nothing was taken back"),
            Act::Put if !self.text.put() => return Outcome::no("nothing was cut: Ctrl-K cuts a line"),
            Act::Undo | Act::Redo | Act::Put => {}
            Act::CutLine => self.text.cut_line(),
            Act::Theirs => self.take_theirs(),
            Act::GoOn => self.go_on(),
            Act::ScrollTried => self.scroll_tried(),
        }
        Outcome::default()
    }

    fn back(&mut self) -> Outcome {
        match &self.stage {
            Stage::Writing if self.changed() => self.stage = Stage::Leaving,
            Stage::Writing if self.subject.kind == Kind::OneOff && self.subject.opened.is_some() => {
                self.stage = Stage::Keeping;
            }
            Stage::Writing | Stage::Offered { .. } => {
                let leaves_draft = matches!(self.stage, Stage::Offered { .. });
                let name = Arc::clone(&self.subject.name);
                // a draft of what is no longer there has been taken back, letter by letter
                let asks = if leaves_draft || self.text.revision == 0 { vec![] } else { vec![Ask::DropDraft { name }] };
                return Outcome::left(asks);
            }
            Stage::Saving { .. } => return Outcome::no("it is being saved: a moment"),
            Stage::Finding { .. }
            | Stage::Completing { .. }
            | Stage::Leaving
            | Stage::Keeping
            | Stage::Conflict { .. } => {
                self.stage = Stage::Writing;
            }
        }
        Outcome::default()
    }

    fn submit(&mut self) -> Outcome {
        match &self.stage {
            Stage::Finding { .. } => self.find_next(Way::On),
            Stage::Completing { .. } => {
                self.take();
                Outcome::default()
            }
            _ => Outcome::default(),
        }
    }

    fn find_next(&mut self, way: Way) -> Outcome {
        let Stage::Finding { typed, from } = &mut self.stage else { return Outcome::default() };
        if !self.text.find(typed, way) {
            return Outcome::no(format!("`{typed}` is nowhere in the text"));
        }
        *from = self.text.cursor();
        Outcome::default()
    }

    fn next_mistake(&mut self, on: bool) -> Outcome {
        self.read();
        if self.findings.go(&mut self.text, on) {
            return Outcome::default();
        }
        Outcome { say: Some(Ok("no mistake: it is well-formed".into())), ..Outcome::default() }
    }

    fn rehearse(&mut self, at: At) -> Outcome {
        if self.tried.as_ref().is_some_and(|tried| tried.revision == self.text.revision) {
            self.tried = None;
            return Outcome::default();
        }
        self.tried = Some(Tried::begun(self.text.revision, at));
        Outcome::ask([Ask::Rehearse { name: Arc::clone(&self.subject.name), text: self.text.whole().into() }])
    }

    fn scroll_tried(&mut self) {
        if let Some(tried) = &mut self.tried {
            tried.scroll += 1;
        }
    }

    fn hand_over(&mut self) -> Outcome {
        let mut asks = self.keep();
        asks.push(Ask::HandOver { name: Arc::clone(&self.subject.name), text: self.text.whole().into() });
        Outcome::ask(asks)
    }

    fn take_theirs(&mut self) {
        if let Stage::Conflict { theirs, .. } = &self.stage {
            let theirs = Arc::clone(theirs);
            self.text.set(&theirs);
            self.subject = Subject { opened: Some(Arc::clone(&theirs)), begun: theirs, ..self.subject.clone() };
            self.stage = Stage::Writing;
        }
    }

    fn go_on(&mut self) {
        if let Stage::Offered { text, .. } = &self.stage {
            let text = Arc::clone(text);
            self.text.set(&text);
            self.stage = Stage::Writing;
        }
    }

    fn leave_with_draft(&mut self) -> Outcome {
        self.stage = Stage::Writing;
        let asks = self.keep();
        let say = Some(Ok(format!("kept as a draft: e on {} offers it again", self.subject.name)));
        Outcome { asks, say, leave: true, saved: None }
    }

    /// Away with what was typed, or with the draft that was offered.
    fn discard(&mut self) -> Outcome {
        let drop = Ask::DropDraft { name: Arc::clone(&self.subject.name) };
        if matches!(self.stage, Stage::Offered { .. }) {
            self.stage = Stage::Writing;
            return Outcome::ask([drop]);
        }
        Outcome::left([drop])
    }

    fn go(&mut self, verb: Verb, rows: usize) {
        let screen = isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(isize::MAX);
        let by = match verb {
            Verb::Down => 1,
            Verb::Up => -1,
            Verb::PageDown => screen,
            Verb::PageUp => -screen,
            Verb::First => return self.text.step(CursorMove::Top),
            Verb::Last => return self.text.step(CursorMove::Bottom),
            _ => return,
        };
        match &mut self.stage {
            Stage::Conflict { scroll, .. } => *scroll = scroll.saturating_add_signed(by),
            Stage::Writing | Stage::Saving { .. } => self.text.down(by),
            _ => {}
        }
    }
}
