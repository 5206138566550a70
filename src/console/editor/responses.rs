//! What the world tells about what was asked.

use super::act::KeyOutcome;
use super::{Author, ConsoleTime, EditorFocus, EditorTaskResult};

impl Author {
    /// Takes in what the world tells.
    pub fn hear(&mut self, told: EditorTaskResult, at: ConsoleTime) -> KeyOutcome {
        let before = self.text.revision;
        let outcome = match told {
            EditorTaskResult::Saved { text } => return self.is_saved(text),
            EditorTaskResult::Changed { theirs } => {
                self.stage = EditorFocus::Conflict { theirs, scroll: 0 };
                KeyOutcome::no("someone else changed the file: nothing was saved")
            }
            EditorTaskResult::Gone => {
                self.stage = EditorFocus::Writing;
                self.subject.opened = None;
                KeyOutcome::no("the file no longer exists: Ctrl-S again saves it as a new file")
            }
            EditorTaskResult::Removed { aside } => {
                let say = Some(Ok(format!("deleted: a copy of its text is in {}", aside.display())));
                KeyOutcome { say, ..KeyOutcome::left([]) }
            }
            EditorTaskResult::Failed(why) => {
                if matches!(self.stage, EditorFocus::Saving { .. }) {
                    self.stage = EditorFocus::Writing;
                }
                KeyOutcome::no(&*why)
            }
            EditorTaskResult::Back { text } => {
                self.text.set(&text);
                self.read();
                KeyOutcome::default()
            }
            EditorTaskResult::Rehearsing { step, .. } => {
                if let Some(tried) = &mut self.tried {
                    tried.hear(step);
                }
                KeyOutcome::default()
            }
            EditorTaskResult::Opened { .. }
            | EditorTaskResult::Resumed { .. }
            | EditorTaskResult::Drafts(_)
            | EditorTaskResult::Offers { .. } => KeyOutcome::default(),
        };
        self.noted(before, at);
        outcome
    }
}
