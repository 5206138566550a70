//! The text itself: signs and numbers in the gutter, inks, marked mistakes, the cursor.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthChar;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::editor::text::hits;
use crate::console::editor::{Author, EditorFocus};
use crate::console::theme::Role;
use crate::playbook::read::MAX_BYTES;
use crate::playbook::write::{HighlightClass, highlight};
use crate::text::clean;

/// How wide a tab is shown.
const TAB: usize = 4;

/// How many columns signs and numbers take.
fn gutter(room: Rect, author: &Author) -> u16 {
    let digits = author.text.lines().len().to_string().len().max(2);
    columns(if room.width < 30 { 1 } else { digits + 2 })
}

/// Where the cursor is on the screen.
pub fn cursor_cell(room: Rect, author: &Author, ascii: bool) -> (u16, u16) {
    let (line, column) = author.text.cursor();
    let inside = usize::from(room.width.saturating_sub(gutter(room, author)));
    let left = scrolled(author.text.line(), column, inside, ascii);
    let before: usize = author.text.line().chars().take(column).map(|c| wide(c, ascii)).sum();
    let row = columns(line.saturating_sub(author.text.top));
    (room.x + gutter(room, author) + columns(before.saturating_sub(left)), room.y + row)
}

/// Draws what there is room for.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, author: &Author) {
    let lines = author.text.lines();
    let gutter = gutter(room, author);
    let ascii = canvas.look.glyphs.ascii;
    let inside = Rect { x: room.x + gutter, width: room.width.saturating_sub(gutter), ..room };
    let (cursor_line, cursor_column) = author.text.cursor();
    let whole = author.text.whole();
    // what is too long for a playbook is not worth the time
    let inks = if whole.len() > MAX_BYTES { Vec::new() } else { highlight(&whole) };
    let left = scrolled(author.text.line(), cursor_column, usize::from(inside.width), ascii);
    for row in 0..usize::from(room.height) {
        let number = author.text.top + row;
        let Some(line) = lines.get(number) else { break };
        let y = room.y + columns(row);
        draw_gutter(canvas, room.x, y, gutter, number, author);
        let strip = VisibleLine { line, left, ascii, area: Rect { y, height: 1, ..inside } };
        strip.draw(canvas);
        for (characters, ink) in inks.get(number).into_iter().flatten() {
            strip.tint(canvas, characters.clone(), role(*ink));
        }
        strip.mark(canvas, author, number);
        if number == cursor_line {
            strip.tint(canvas, cursor_column..cursor_column + 1, Role::Selected);
        }
    }
}

/// The themes have no colours for languages: these come nearest.
fn role(ink: HighlightClass) -> Role {
    match ink {
        HighlightClass::Comment => Role::Dim,
        HighlightClass::Header => Role::Title,
        HighlightClass::Key => Role::Key,
        HighlightClass::Text => Role::Ok,
        HighlightClass::Number | HighlightClass::Word => Role::Fixing,
        HighlightClass::Punctuation => Role::Text,
        HighlightClass::Wrong => Role::Broken,
    }
}

/// The words that are looked for, on the text's last row.
pub fn draw_search(canvas: &mut Canvas<'_>, room: Rect, typed: &str) {
    if room.height < 2 {
        return;
    }
    let y = room.bottom() - 1;
    canvas.wipe(Rect { y, height: 1, ..room });
    let line = Line::new().with(Role::Focus, " find ").with(Role::Input, format!("{typed}_"));
    canvas.line(room.x, y, room.width, &line);
}

fn draw_gutter(canvas: &mut Canvas<'_>, x: u16, y: u16, gutter: u16, number: usize, author: &Author) {
    let glyphs = canvas.look.glyphs;
    if let Some(finding) = author.findings.on(number) {
        let (role, sign) =
            if finding.diagnostic.is_error() { (Role::Broken, glyphs.broken) } else { (Role::Unknown, glyphs.unknown) };
        canvas.sign(x, y, role, sign);
    }
    if gutter > 1 {
        let role = if number == author.text.cursor().0 { Role::Text } else { Role::Dim };
        canvas.put_right(x + gutter - 1, y, gutter - 2, role, &(number + 1).to_string());
    }
}

/// One line on one row, from the column that is scrolled to.
#[derive(Debug)]
struct VisibleLine<'a> {
    line: &'a str,
    left: usize,
    ascii: bool,
    area: Rect,
}

impl VisibleLine<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>) {
        let mut shown = String::new();
        let mut at = 0;
        for c in self.line.chars() {
            let wide = wide(c, self.ascii);
            if at + wide > self.left {
                // of a wide sign that is cut in two there is only room for a blank
                let whole = at >= self.left && c != '\t';
                if whole {
                    shown.push(c);
                } else {
                    shown.extend(std::iter::repeat_n(' ', (at + wide - self.left).min(wide)));
                }
            }
            at += wide;
            if at > self.left + usize::from(self.area.width) {
                break;
            }
        }
        canvas.put(self.area.x, self.area.y, self.area.width, Role::Text, &shown);
    }

    /// Mistakes, and the words that are looked for.
    fn mark(&self, canvas: &mut Canvas<'_>, author: &Author, number: usize) {
        for finding in author.findings.all.iter().filter(|finding| finding.line == number) {
            let role = if finding.diagnostic.is_error() { Role::Broken } else { Role::Unknown };
            self.tint(canvas, finding.columns.clone(), role);
        }
        if let EditorFocus::Finding { typed, .. } = &author.stage {
            let length = typed.chars().count();
            for hit in hits(self.line, typed) {
                self.tint(canvas, hit..hit + length, Role::Key);
            }
        }
    }

    /// Gives some characters another look; those behind the end are one column each.
    fn tint(&self, canvas: &mut Canvas<'_>, characters: std::ops::Range<usize>, role: Role) {
        let (from, to) = (self.column(characters.start), self.column(characters.end));
        let (from, to) = (from.max(self.left) - self.left, to.max(self.left) - self.left);
        let to = to.min(usize::from(self.area.width));
        if from < to {
            let area = Rect { x: self.area.x + columns(from), width: columns(to - from), ..self.area };
            canvas.tint(area, role);
        }
    }

    fn column(&self, character: usize) -> usize {
        let beyond = character.saturating_sub(self.line.chars().count());
        self.line.chars().take(character).map(|c| wide(c, self.ascii)).sum::<usize>() + beyond
    }
}

/// How far all lines are moved to the left, so that the cursor is in sight; in steps, so that they seldom jump.
fn scrolled(line: &str, cursor: usize, room: usize, ascii: bool) -> usize {
    let column: usize = line.chars().take(cursor).map(|c| wide(c, ascii)).sum();
    let step = (room / 2).max(1);
    if column < room { 0 } else { (column + 1 - room).div_ceil(step) * step }
}

/// Columns that a character takes as the canvas shows it.
fn wide(c: char, ascii: bool) -> usize {
    if c == '\t' {
        return TAB;
    }
    let mut bytes = [0; 4];
    let shown = clean(c.encode_utf8(&mut bytes)).chars().next().unwrap_or(c);
    match shown.width() {
        Some(0) => 0,
        _ if ascii => 1,
        width => width.unwrap_or(1),
    }
}
