//! Saving, and what may follow it: writing on, leaving, running it once.

use std::sync::Arc;

use super::act::KeyOutcome;
use super::standing::SavedText;
use super::{Author, DocumentKind, EditedFile, EditorFocus, EditorTask, Then};

impl Author {
    /// Asks for the text to be written to its file.
    pub(super) fn save(&mut self, then: Then) -> KeyOutcome {
        if matches!(self.stage, EditorFocus::Saving { .. }) {
            return KeyOutcome::default();
        }
        self.stage = EditorFocus::Saving { then };
        self.read();
        KeyOutcome::ask([EditorTask::Save { subject: self.subject.clone(), text: self.text.whole().into() }])
    }

    /// The same over what somebody else wrote, which was shown.
    pub(super) fn save_over(&mut self) -> KeyOutcome {
        if let EditorFocus::Conflict { theirs, .. } = &self.stage {
            self.subject.opened = Some(Arc::clone(theirs));
            return self.save(Then::WriteOn);
        }
        KeyOutcome::default()
    }

    /// Runs it: what is run is what is saved and in force, never a text that nobody else has seen.
    pub(super) fn run(&mut self) -> KeyOutcome {
        self.read();
        if self.findings.errors() > 0 {
            return KeyOutcome::no("the playbook has errors: nothing was run (Ctrl-N shows the next)");
        }
        match &self.subject.opened {
            Some(text) if !self.changed() => {
                let saved = SavedText { subject: self.subject.clone(), text: Arc::clone(text), run: true };
                KeyOutcome { saved: Some(saved), ..KeyOutcome::default() }
            }
            _ => self.save(Then::Run),
        }
    }

    /// Takes a one-off away again.
    pub(super) fn remove(&mut self) -> KeyOutcome {
        self.stage = EditorFocus::Writing;
        KeyOutcome::ask([EditorTask::Remove { subject: self.subject.clone() }])
    }

    /// The file holds this text now.
    pub(super) fn is_saved(&mut self, text: Arc<str>) -> KeyOutcome {
        let then = if let EditorFocus::Saving { then } = self.stage { then } else { Then::WriteOn };
        self.stage = EditorFocus::Writing;
        let kind = if self.subject.kind == DocumentKind::OneOff { DocumentKind::OneOff } else { DocumentKind::File };
        self.subject =
            EditedFile { opened: Some(Arc::clone(&text)), begun: Arc::clone(&text), kind, ..self.subject.clone() };
        let changed = self.changed();
        let saved = Some(SavedText { subject: self.subject.clone(), text, run: then == Then::Run && !changed });
        let say = Some(Ok(format!("saved to {}; the engine is loading it", self.subject.path.display())));
        // what was typed while it was being saved is a draft of its own
        let asks = if changed {
            self.keep()
        } else {
            self.unkept_since = None;
            self.kept = self.text.revision;
            vec![EditorTask::DropDraft { name: Arc::clone(&self.subject.name) }]
        };
        KeyOutcome { asks, say, leave: then == Then::Leave && !changed, saved }
    }
}
