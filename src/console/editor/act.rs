//! What each key does at each stage of the editor page. Nothing here is lost without a question: Esc asks where there
//! is something to lose, and what is discarded was shown before.

use std::sync::Arc;

use tui_textarea::CursorMove;

use super::standing::SavedText;
use super::text::SearchDirection;
use super::{Author, ConsoleTime, DocumentKind, EditedFile, EditorFocus, EditorTask, Then, Tried};
use crate::console::keys::{Act, KeyAction};

/// What a key came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeyOutcome {
    /// To be done outside.
    pub asks: Vec<EditorTask>,
    /// To be said: how it went, or why it did not.
    pub say: Option<Result<String, String>>,
    /// The page is left.
    pub leave: bool,
    /// It was saved: what the engine makes of it is said when it has read it.
    pub saved: Option<SavedText>,
}

impl KeyOutcome {
    pub(super) fn ask(asks: impl Into<Vec<EditorTask>>) -> Self {
        Self { asks: asks.into(), ..Self::default() }
    }

    pub(super) fn no(why: impl Into<String>) -> Self {
        Self { say: Some(Err(why.into())), ..Self::default() }
    }

    pub(super) fn left(asks: impl Into<Vec<EditorTask>>) -> Self {
        Self { asks: asks.into(), leave: true, ..Self::default() }
    }
}

impl Author {
    /// Does what a key of the table means here; `rows` are shown of the text.
    pub fn act(&mut self, verb: KeyAction, at: ConsoleTime, rows: usize) -> KeyOutcome {
        let before = self.text.revision;
        let outcome = match verb {
            KeyAction::Back => self.back(),
            KeyAction::Submit => self.submit(),
            KeyAction::Write(act) => self.write(act),
            KeyAction::Try => self.rehearse(at),
            KeyAction::Next | KeyAction::Previous if matches!(self.stage, EditorFocus::Completing { .. }) => {
                self.choose(verb == KeyAction::Next);
                KeyOutcome::default()
            }
            KeyAction::Next | KeyAction::Previous => {
                self.find_next(if verb == KeyAction::Next { SearchDirection::On } else { SearchDirection::Back })
            }
            _ => {
                self.go(verb, rows);
                KeyOutcome::default()
            }
        };
        self.noted(before, at);
        outcome
    }

    fn write(&mut self, act: Act) -> KeyOutcome {
        match act {
            Act::Save if self.stage == EditorFocus::Leaving => return self.save(Then::Leave),
            Act::Save => return self.save(Then::WriteOn),
            Act::Run => return self.run(),
            Act::Remove => return self.remove(),
            Act::Keep => return KeyOutcome::left([]),
            Act::Complete => return self.complete(),
            Act::NextMistake | Act::PreviousMistake => return self.next_mistake(act == Act::NextMistake),
            Act::HandOver => return self.hand_over(),
            Act::KeepDraft => return self.leave_with_draft(),
            Act::Discard => return self.discard(),
            Act::Mine => return self.save_over(),
            Act::Find => self.stage = EditorFocus::Finding { typed: String::new(), from: self.text.cursor() },
            Act::Undo if !self.text.undo() => return KeyOutcome::no("nothing to undo"),
            Act::Redo if !self.text.redo() => return KeyOutcome::no("nothing to redo"),
            Act::Put if !self.text.put() => return KeyOutcome::no("nothing to paste: Ctrl-K cuts a line"),
            Act::Undo | Act::Redo | Act::Put => {}
            Act::CutLine => self.text.cut_line(),
            Act::Theirs => self.take_theirs(),
            Act::GoOn => self.go_on(),
            Act::ScrollTried => self.scroll_tried(),
        }
        KeyOutcome::default()
    }

    fn back(&mut self) -> KeyOutcome {
        match &self.stage {
            EditorFocus::Writing if self.changed() => self.stage = EditorFocus::Leaving,
            EditorFocus::Writing if self.subject.kind == DocumentKind::OneOff && self.subject.opened.is_some() => {
                self.stage = EditorFocus::Keeping;
            }
            EditorFocus::Writing | EditorFocus::Offered { .. } => {
                let leaves_draft = matches!(self.stage, EditorFocus::Offered { .. });
                let name = Arc::clone(&self.subject.name);
                // a draft of what is no longer there has been taken back, letter by letter
                let asks =
                    if leaves_draft || self.text.revision == 0 { vec![] } else { vec![EditorTask::DropDraft { name }] };
                return KeyOutcome::left(asks);
            }
            EditorFocus::Saving { .. } => return KeyOutcome::no("saving, please wait"),
            EditorFocus::Finding { .. }
            | EditorFocus::Completing { .. }
            | EditorFocus::Leaving
            | EditorFocus::Keeping
            | EditorFocus::Conflict { .. } => {
                self.stage = EditorFocus::Writing;
            }
        }
        KeyOutcome::default()
    }

    fn submit(&mut self) -> KeyOutcome {
        match &self.stage {
            EditorFocus::Finding { .. } => self.find_next(SearchDirection::On),
            EditorFocus::Completing { .. } => {
                self.take();
                KeyOutcome::default()
            }
            _ => KeyOutcome::default(),
        }
    }

    fn find_next(&mut self, way: SearchDirection) -> KeyOutcome {
        let EditorFocus::Finding { typed, from } = &mut self.stage else { return KeyOutcome::default() };
        if !self.text.find(typed, way) {
            return KeyOutcome::no(format!("`{typed}` not found"));
        }
        *from = self.text.cursor();
        KeyOutcome::default()
    }

    fn next_mistake(&mut self, on: bool) -> KeyOutcome {
        self.read();
        if self.findings.go(&mut self.text, on) {
            return KeyOutcome::default();
        }
        KeyOutcome { say: Some(Ok("no errors: the playbook is valid".into())), ..KeyOutcome::default() }
    }

    fn rehearse(&mut self, at: ConsoleTime) -> KeyOutcome {
        if self.tried.as_ref().is_some_and(|tried| tried.revision == self.text.revision) {
            self.tried = None;
            return KeyOutcome::default();
        }
        self.tried = Some(Tried::begun(self.text.revision, at));
        KeyOutcome::ask([EditorTask::Rehearse { name: Arc::clone(&self.subject.name), text: self.text.whole().into() }])
    }

    fn scroll_tried(&mut self) {
        if let Some(tried) = &mut self.tried {
            tried.scroll += 1;
        }
    }

    fn hand_over(&mut self) -> KeyOutcome {
        let mut asks = self.keep();
        asks.push(EditorTask::HandOver { name: Arc::clone(&self.subject.name), text: self.text.whole().into() });
        KeyOutcome::ask(asks)
    }

    fn take_theirs(&mut self) {
        if let EditorFocus::Conflict { theirs, .. } = &self.stage {
            let theirs = Arc::clone(theirs);
            self.text.set(&theirs);
            self.subject = EditedFile { opened: Some(Arc::clone(&theirs)), begun: theirs, ..self.subject.clone() };
            self.stage = EditorFocus::Writing;
        }
    }

    fn go_on(&mut self) {
        if let EditorFocus::Offered { text, .. } = &self.stage {
            let text = Arc::clone(text);
            self.text.set(&text);
            self.stage = EditorFocus::Writing;
        }
    }

    fn leave_with_draft(&mut self) -> KeyOutcome {
        self.stage = EditorFocus::Writing;
        let asks = self.keep();
        let say = Some(Ok(format!("kept as a draft: e on {} opens it again", self.subject.name)));
        KeyOutcome { asks, say, leave: true, saved: None }
    }

    /// Away with what was typed, or with the draft that was offered.
    fn discard(&mut self) -> KeyOutcome {
        let drop = EditorTask::DropDraft { name: Arc::clone(&self.subject.name) };
        if matches!(self.stage, EditorFocus::Offered { .. }) {
            self.stage = EditorFocus::Writing;
            return KeyOutcome::ask([drop]);
        }
        KeyOutcome::left([drop])
    }

    fn go(&mut self, verb: KeyAction, rows: usize) {
        let screen = isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(isize::MAX);
        let by = match verb {
            KeyAction::Down => 1,
            KeyAction::Up => -1,
            KeyAction::PageDown => screen,
            KeyAction::PageUp => -screen,
            KeyAction::First => return self.text.step(CursorMove::Top),
            KeyAction::Last => return self.text.step(CursorMove::Bottom),
            _ => return,
        };
        match &mut self.stage {
            EditorFocus::Conflict { scroll, .. } => *scroll = scroll.saturating_add_signed(by),
            EditorFocus::Writing | EditorFocus::Saving { .. } => self.text.down(by),
            _ => {}
        }
    }
}
