//! The text under the keys: lines, cursor, undo, search. Moving and changing are `tui-textarea`'s; drawing is ours,
//! because only our canvas cleans what it draws and knows the terminal's signs.

use std::borrow::Cow;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};

/// Steps back that are remembered.
const STEPS: usize = 5_000;

/// A text and the place in it.
#[derive(Debug, Clone)]
pub struct TextBuffer {
    area: TextArea<'static>,
    /// How its lines end; a file keeps what it had.
    line_end: &'static str,
    /// Counts the changes.
    pub revision: u64,
    /// The first line that is shown.
    pub top: usize,
}

impl TextBuffer {
    /// Over a text, the cursor at its beginning.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut area = TextArea::new(lines(text));
        area.set_max_histories(STEPS);
        area.set_undo_coalescing(true);
        area.set_tab_length(4);
        Self { area, line_end, revision: 0, top: 0 }
    }

    /// The lines, without their ends.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// The whole text, its lines ending as they did.
    #[must_use]
    pub fn whole(&self) -> String {
        self.lines().join(self.line_end)
    }

    /// Line and character under the cursor, from 0.
    #[must_use]
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// The line under the cursor.
    #[must_use]
    pub fn line(&self) -> &str {
        self.lines().get(self.cursor().0).map_or("", String::as_str)
    }

    /// To a line and character, or the nearest there is.
    pub fn go(&mut self, line: usize, column: usize) {
        let line = line.min(self.lines().len().saturating_sub(1));
        let column = column.min(self.lines().get(line).map_or(0, |line| line.chars().count()));
        self.step(CursorMove::Jump(short(line), short(column)));
    }

    /// So many lines down, or up.
    pub fn down(&mut self, by: isize) {
        let (line, column) = self.cursor();
        self.go(line.saturating_add_signed(by), column);
    }

    /// Moves the cursor.
    pub fn step(&mut self, to: CursorMove) {
        self.area.move_cursor(to);
    }

    /// A key that is text, or changes or moves within it. True where it meant something.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let held = key.modifiers.difference(KeyModifiers::SHIFT);
        let changed = match (key.code, held) {
            (KeyCode::Char(sign), KeyModifiers::NONE) => {
                self.area.insert_char(sign);
                true
            }
            (KeyCode::Enter, _) => self.enter(),
            (KeyCode::Backspace, _) => self.area.delete_char(),
            (KeyCode::Delete, _) => self.area.delete_next_char(),
            (KeyCode::Char('w'), KeyModifiers::CONTROL) => self.area.delete_word(),
            (KeyCode::Left, _) => return self.moved(CursorMove::Back),
            (KeyCode::Right, _) => return self.moved(CursorMove::Forward),
            (KeyCode::Home, _) => return self.moved(CursorMove::Head),
            (KeyCode::End, _) => return self.moved(CursorMove::End),
            _ => return false,
        };
        self.revision += u64::from(changed);
        true
    }

    fn moved(&mut self, to: CursorMove) -> bool {
        self.step(to);
        true
    }

    /// A new line that begins below the former one's first letter.
    fn enter(&mut self) -> bool {
        let (_, column) = self.cursor();
        let indent: String = self.line().chars().take(column).take_while(|c| *c == ' ' || *c == '\t').collect();
        self.area.insert_newline();
        if !indent.is_empty() {
            self.area.insert_str(indent);
        }
        true
    }

    /// Inserts text at the cursor; several lines are one step back.
    pub fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.area.insert_str(text) {
            self.revision += 1;
        }
    }

    /// Puts other text in the place of some characters of the cursor's line before and after it.
    pub fn replace(&mut self, columns: std::ops::Range<usize>, text: &str) {
        let (line, _) = self.cursor();
        let former: String = self.line().chars().skip(columns.start).take(columns.len()).collect();
        // what begins like this is only lengthened: one step back instead of two
        if let Some(rest) = text.strip_prefix(&former) {
            self.go(line, columns.end);
            self.insert(rest);
        } else {
            self.go(line, columns.start);
            self.area.delete_str(columns.len());
            self.insert(text);
        }
        self.revision += 1;
    }

    /// Another text altogether; one step back brings the former one again.
    pub fn set(&mut self, text: &str) {
        if lines(text) == self.lines() {
            return;
        }
        let (line, column) = self.cursor();
        self.area.select_all();
        self.area.cut();
        self.insert(text);
        self.revision += 1;
        self.go(line, column);
    }

    /// Cuts the cursor's line out; it can be put back elsewhere.
    pub fn cut_line(&mut self) {
        let (line, _) = self.cursor();
        self.go(line, 0);
        self.area.start_selection();
        if line + 1 < self.lines().len() {
            self.step_selecting(CursorMove::Jump(short(line + 1), 0));
        } else {
            self.step_selecting(CursorMove::End);
        }
        if self.area.cut() {
            self.revision += 1;
        }
        self.area.cancel_selection();
    }

    fn step_selecting(&mut self, to: CursorMove) {
        self.area.move_cursor(to);
    }

    /// Puts back what was cut last.
    pub fn put(&mut self) -> bool {
        let put = self.area.paste();
        self.revision += u64::from(put);
        put
    }

    /// One step back. False where there is none.
    pub fn undo(&mut self) -> bool {
        let undone = self.area.undo();
        if undone && self.is_empty() {
            // between two whole texts there is none: nobody means that
            self.area.undo();
        }
        self.revision += u64::from(undone);
        undone
    }

    /// Takes a step back back.
    pub fn redo(&mut self) -> bool {
        let redone = self.area.redo();
        if redone && self.is_empty() {
            self.area.redo();
        }
        self.revision += u64::from(redone);
        redone
    }

    fn is_empty(&self) -> bool {
        self.lines().iter().all(String::is_empty)
    }

    /// To the next place that holds these words, from the cursor or behind it, around the end; case does not matter.
    pub fn find(&mut self, words: &str, way: SearchDirection) -> bool {
        if words.is_empty() {
            return false;
        }
        let (line, column) = self.cursor();
        let count = self.lines().len();
        let found = (0..=count).find_map(|far| {
            let at = match way {
                SearchDirection::On | SearchDirection::Here => (line + far) % count,
                SearchDirection::Back => (line + count - far % count) % count,
            };
            let hits = hits(&self.lines()[at], words);
            let wanted = |hit: &usize| match (far, way) {
                (0, SearchDirection::Here) => *hit >= column,
                (0, SearchDirection::On) => *hit > column,
                (0, SearchDirection::Back) => *hit < column,
                _ => true,
            };
            let hit = match way {
                SearchDirection::Back => hits.into_iter().rfind(wanted),
                SearchDirection::On | SearchDirection::Here => hits.into_iter().find(wanted),
            };
            hit.map(|column| (at, column))
        });
        if let Some((line, column)) = found {
            self.go(line, column);
        }
        found.is_some()
    }

    /// Moves what is shown so that the cursor is among so many rows.
    pub fn show_cursor(&mut self, rows: usize) {
        let (line, _) = self.cursor();
        let last = line.saturating_add(1).saturating_sub(rows.max(1));
        self.top = self.top.clamp(last, line.max(last));
    }
}

/// Which way to look for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchDirection {
    /// From here, this place included.
    Here,
    /// Behind this place.
    On,
    /// Before this place.
    Back,
}

/// Where a line holds these words, in characters.
#[must_use]
pub fn hits(line: &str, words: &str) -> Vec<usize> {
    let (line, words) = (folded(line), folded(words));
    if words.is_empty() || words.len() > line.len() {
        return Vec::new();
    }
    (0..=line.len() - words.len()).filter(|at| line[*at..].starts_with(&words)).collect()
}

/// One small letter for each character, so that places stay where they are.
fn folded(text: &str) -> Vec<char> {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

fn lines(text: &str) -> Vec<String> {
    let plain: Cow<'_, str> =
        if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { Cow::Borrowed(text) };
    plain.split('\n').map(String::from).collect()
}

/// The area counts in 16 bits.
fn short(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
