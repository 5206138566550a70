//! What the world tells about what was asked.

use super::act::Outcome;
use super::{At, Author, Stage, Told};

impl Author {
    /// Takes in what the world tells.
    pub fn hear(&mut self, told: Told, at: At) -> Outcome {
        let before = self.text.revision;
        let outcome = match told {
            Told::Saved { text } => return self.is_saved(text),
            Told::Changed { theirs } => {
                self.stage = Stage::Conflict { theirs, scroll: 0 };
                Outcome::no("somebody else changed the file: nothing was saved")
            }
            Told::Gone => {
                self.stage = Stage::Writing;
                self.subject.opened = None;
                Outcome::no("the file is gone since it was opened: Ctrl-S again saves it as a new one")
            }
            Told::Removed { aside } => {
                let say = Some(Ok(format!("thrown away: its text stays in {}", aside.display())));
                Outcome { say, ..Outcome::left([]) }
            }
            Told::Failed(why) => {
                if matches!(self.stage, Stage::Saving { .. }) {
                    self.stage = Stage::Writing;
                }
                Outcome::no(&*why)
            }
            Told::Back { text } => {
                self.text.set(&text);
                self.read();
                Outcome::default()
            }
            Told::Rehearsing { step, .. } => {
                if let Some(tried) = &mut self.tried {
                    tried.hear(step);
                }
                Outcome::default()
            }
            Told::Opened { .. } | Told::Resumed { .. } | Told::Drafts(_) | Told::Offers { .. } => Outcome::default(),
        };
        self.noted(before, at);
        outcome
    }
}
