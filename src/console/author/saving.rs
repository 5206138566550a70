//! Saving, and what may follow it: writing on, leaving, running it once.

use std::sync::Arc;

use super::act::Outcome;
use super::standing::Saved;
use super::{Ask, Author, Kind, Stage, Subject, Then};

impl Author {
    /// Asks for the text to be written to its file.
    pub(super) fn save(&mut self, then: Then) -> Outcome {
        if matches!(self.stage, Stage::Saving { .. }) {
            return Outcome::default();
        }
        self.stage = Stage::Saving { then };
        self.read();
        Outcome::ask([Ask::Save { subject: self.subject.clone(), text: self.text.whole().into() }])
    }

    /// The same over what somebody else wrote, which was shown.
    pub(super) fn save_over(&mut self) -> Outcome {
        if let Stage::Conflict { theirs, .. } = &self.stage {
            self.subject.opened = Some(Arc::clone(theirs));
            return self.save(Then::WriteOn);
        }
        Outcome::default()
    }

    /// Runs it: what is run is what is saved and in force, never a text that nobody else has seen.
    pub(super) fn run(&mut self) -> Outcome {
        self.read();
        if self.findings.errors() > 0 {
            return Outcome::no("it has mistakes: nothing is run (Ctrl-N shows the next)");
        }
        match &self.subject.opened {
            Some(text) if !self.changed() => {
                let saved = Saved { subject: self.subject.clone(), text: Arc::clone(text), run: true };
                Outcome { saved: Some(saved), ..Outcome::default() }
            }
            _ => self.save(Then::Run),
        }
    }

    /// Takes a one-off away again.
    pub(super) fn remove(&mut self) -> Outcome {
        self.stage = Stage::Writing;
        Outcome::ask([Ask::Remove { subject: self.subject.clone() }])
    }

    /// The file holds this text now.
    pub(super) fn is_saved(&mut self, text: Arc<str>) -> Outcome {
        let then = if let Stage::Saving { then } = self.stage { then } else { Then::WriteOn };
        self.stage = Stage::Writing;
        let kind = if self.subject.kind == Kind::OneOff { Kind::OneOff } else { Kind::File };
        self.subject =
            Subject { opened: Some(Arc::clone(&text)), begun: Arc::clone(&text), kind, ..self.subject.clone() };
        let changed = self.changed();
        let saved = Some(Saved { subject: self.subject.clone(), text, run: then == Then::Run && !changed });
        let say = Some(Ok(format!("saved to {}; the engine reads it", self.subject.path.display())));
        // what was typed while it was being saved is a draft of its own
        let asks = if changed {
            self.keep()
        } else {
            self.unkept_since = None;
            self.kept = self.text.revision;
            vec![Ask::DropDraft { name: Arc::clone(&self.subject.name) }]
        };
        Outcome { asks, say, leave: then == Then::Leave && !changed, saved }
    }
}
