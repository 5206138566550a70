//! Letters, and what is pasted: text for the playbook, for the words to look for, or nothing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::act::KeyOutcome;
use super::text::SearchDirection;
use super::{Author, ConsoleTime, EditorFocus};

/// No playbook comes near it; more is no playbook.
const LONGEST: usize = 1024 * 1024;
/// No search needs more characters.
const LONGEST_WORDS: usize = 200;

impl Author {
    /// A key that is text.
    pub fn typed(&mut self, key: KeyEvent, at: ConsoleTime) {
        let before = self.text.revision;
        match &mut self.stage {
            EditorFocus::Writing | EditorFocus::Saving { .. } if self.text.lines().len() < usize::from(u16::MAX) => {
                self.text.key(key);
            }
            EditorFocus::Completing { .. } => {
                self.text.key(key);
                self.complete_on();
            }
            EditorFocus::Finding { typed, from } => {
                let held = key.modifiers.difference(KeyModifiers::SHIFT);
                match (key.code, held) {
                    (KeyCode::Char(sign), KeyModifiers::NONE) if typed.chars().count() < LONGEST_WORDS => {
                        typed.push(sign);
                    }
                    (KeyCode::Backspace, _) => drop(typed.pop()),
                    (KeyCode::Char('u' | 'w'), KeyModifiers::CONTROL) => typed.clear(),
                    _ => return,
                }
                let (words, (line, column)) = (typed.clone(), *from);
                self.text.go(line, column);
                self.text.find(&words, SearchDirection::Here);
            }
            _ => {}
        }
        self.noted(before, at);
    }

    /// Pasted text is text, whatever it holds.
    pub fn pasted(&mut self, text: &str, at: ConsoleTime) -> KeyOutcome {
        let before = self.text.revision;
        match &mut self.stage {
            EditorFocus::Writing | EditorFocus::Saving { .. } | EditorFocus::Completing { .. } => {
                let length: usize = self.text.lines().iter().map(|line| line.len() + 1).sum();
                let lines = self.text.lines().len() + text.lines().count();
                if length + text.len() > LONGEST || lines >= usize::from(u16::MAX) {
                    return KeyOutcome::no("too long for a playbook: nothing was pasted");
                }
                self.text.insert(text);
                if matches!(self.stage, EditorFocus::Completing { .. }) {
                    self.stage = EditorFocus::Writing;
                }
            }
            EditorFocus::Finding { typed, .. } => {
                typed.extend(crate::text::clean_line(text).chars().take(LONGEST_WORDS));
            }
            _ => return KeyOutcome::no("answer the question first: nothing was pasted"),
        }
        self.noted(before, at);
        KeyOutcome::default()
    }
}
