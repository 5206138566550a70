//! What may stand under the cursor: chosen among, narrowed by typing on, taken into the text.

use super::act::KeyOutcome;
use super::{Author, EditorFocus};
use crate::playbook::write::complete;

impl Author {
    /// Offers what may stand here; the only one is taken at once.
    pub(super) fn complete(&mut self) -> KeyOutcome {
        let (line, column) = self.text.cursor();
        let completion = complete(&self.text.whole(), line, column);
        match completion.candidates.len() {
            0 => KeyOutcome::no("no completion"),
            1 => {
                self.stage = EditorFocus::Completing { completion, at: 0 };
                self.take();
                KeyOutcome::default()
            }
            _ => {
                self.stage = EditorFocus::Completing { completion, at: 0 };
                KeyOutcome::default()
            }
        }
    }

    /// The same after another key; where nothing fits any more, one just writes on.
    pub(super) fn complete_on(&mut self) {
        let (line, column) = self.text.cursor();
        let completion = complete(&self.text.whole(), line, column);
        self.stage = if completion.candidates.is_empty() {
            EditorFocus::Writing
        } else {
            EditorFocus::Completing { completion, at: 0 }
        };
    }

    /// The next one, or the one before.
    pub(super) fn choose(&mut self, next: bool) {
        if let EditorFocus::Completing { completion, at } = &mut self.stage {
            let count = completion.candidates.len().max(1);
            *at = if next { (*at + 1) % count } else { (*at + count - 1) % count };
        }
    }

    /// Takes the chosen one into the text.
    pub(super) fn take(&mut self) {
        if let EditorFocus::Completing { completion, at } = &self.stage
            && let Some(candidate) = completion.candidates.get(*at)
        {
            let (replaced, insert, back) = (completion.replace.clone(), candidate.insert.clone(), candidate.back);
            self.text.replace(replaced, &insert);
            let (line, column) = self.text.cursor();
            self.text.go(line, column.saturating_sub(back));
        }
        self.stage = EditorFocus::Writing;
    }
}
