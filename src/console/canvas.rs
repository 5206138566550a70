//! The only way onto the screen: clipped, cleaned, and in the character set of the terminal.

pub(super) mod diff_writer;
pub(super) mod glyphs;
pub(super) mod line;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthChar;

use super::theme::{Role, Styles};
use crate::text::clean_line;
use glyphs::Glyphs;
use line::{Line, cut, width};

/// How this terminal shows things.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderOptions {
    /// The characters that stand for states, frames and rules: Unicode, or ASCII where the terminal has no more.
    pub glyphs: Glyphs,
    /// Colours and weight.
    pub styles: Styles,
}

/// A screen being drawn.
#[derive(Debug)]
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    /// How this terminal shows things.
    pub look: &'a RenderOptions,
}

impl<'a> Canvas<'a> {
    /// Over a buffer, which is emptied and given the ground.
    pub fn new(buffer: &'a mut Buffer, look: &'a RenderOptions) -> Self {
        buffer.reset();
        buffer.set_style(buffer.area, look.styles.of(Role::Text));
        Self { buffer, look }
    }

    /// Writes text and returns how many columns it took; never more than `room`, never outside the screen.
    pub fn put(&mut self, x: u16, y: u16, room: u16, role: Role, text: &str) -> u16 {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() {
            return 0;
        }
        let room = usize::from(room.min(area.right() - x));
        let text = self.fitting(text);
        let text = cut(&text, room, self.look.glyphs.cut);
        let (end, _) = self.buffer.set_stringn(x, y, &text, room, self.whole(role));
        end - x
    }

    /// Writes a line, cut to the room.
    pub fn line(&mut self, x: u16, y: u16, room: u16, line: &Line) {
        let cuts = line.width() > usize::from(room);
        let mut used = 0;
        for piece in &line.pieces {
            used += self.put(x + used, y, room - used, piece.role, &piece.text);
            if used >= room {
                break;
            }
        }
        if cuts && room > 0 {
            let last = line.pieces.last().map_or(Role::Text, |piece| piece.role);
            let sign = self.look.glyphs.cut.to_string();
            self.put(x + room - 1, y, 1, last, &sign);
        }
    }

    /// Writes text that ends at the column before `right`.
    pub fn put_right(&mut self, right: u16, y: u16, room: u16, role: Role, text: &str) {
        let text = cut(&self.fitting(text), usize::from(room), self.look.glyphs.cut);
        let wide = columns(width(&text));
        self.put(right.saturating_sub(wide), y, wide, role, &text);
    }

    /// Gives an area the looks of a role on top of what stands there.
    pub fn tint(&mut self, area: Rect, role: Role) {
        self.buffer.set_style(area, self.look.styles.of(role));
    }

    /// Marks the row under the cursor: with a sign where its first column is free, for a look alone may not be seen.
    pub fn select(&mut self, area: Rect) {
        let (selected, text) = (self.look.styles.of(Role::Selected), self.look.styles.of(Role::Text));
        let reversed = selected.add_modifier.contains(Modifier::REVERSED);
        for position in area.intersection(self.buffer.area).positions() {
            let Some(cell) = self.buffer.cell_mut(position) else { continue };
            // one background from edge to edge: turned around, a cell's own colour would become one
            if reversed {
                cell.fg = selected.fg.or(text.fg).unwrap_or(Color::Reset);
            }
            cell.bg = selected.bg.or(text.bg).unwrap_or(Color::Reset);
            cell.modifier.remove(Modifier::REVERSED);
            cell.set_style(selected);
        }
        let sign = self.look.glyphs.cursor;
        if let Some(cell) = self.buffer.cell_mut((area.x, area.y)).filter(|cell| cell.symbol() == " ") {
            cell.set_char(sign);
        }
    }

    /// Empties an area.
    pub fn wipe(&mut self, area: Rect) {
        let inside = area.intersection(self.buffer.area);
        for position in inside.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
                cell.set_style(self.look.styles.of(Role::Text));
            }
        }
    }

    /// A rule over the whole width with a heading in it.
    pub fn rule(&mut self, x: u16, y: u16, room: u16, heading: &Line) {
        let rule: String = std::iter::repeat_n(self.look.glyphs.rule, usize::from(room)).collect();
        self.put(x, y, room, Role::Dim, &rule);
        if heading.width() > 0 && room > 6 {
            let wide = columns(heading.width()).min(room - 4);
            self.put(x + 1, y, 1, Role::Dim, " ");
            self.line(x + 2, y, wide, heading);
            self.put(x + 2 + wide, y, 1, Role::Dim, " ");
        }
    }

    /// Says on the rule above an area how many entries there are below it.
    pub fn more(&mut self, area: Rect, below: usize) {
        if below > 0 && area.y > 0 && area.width > 24 {
            self.put_right(area.right(), area.y - 1, area.width, Role::Key, &format!(" {below} more below "));
        }
    }

    /// Says so of entries above an area as well; `pressing` ones among them are broken, and must not be missed.
    pub fn more_around(&mut self, area: Rect, above: usize, pressing: usize, below: usize) {
        if above == 0 || area.y == 0 || area.width <= 24 {
            return self.more(area, below);
        }
        let (role, up) = match pressing {
            0 => (Role::Key, format!("{above} above")),
            pressing => (Role::Broken, format!("{pressing} not ok above")),
        };
        let down = if below > 0 { format!(", {below} below") } else { String::new() };
        self.put_right(area.right(), area.y - 1, area.width, role, &format!(" {up}{down} "));
    }

    /// A wall from `top` to the row before `bottom`.
    pub fn wall(&mut self, x: u16, top: u16, bottom: u16) {
        let sign = self.look.glyphs.wall.to_string();
        for y in top..bottom {
            self.put(x, y, 1, Role::Dim, &sign);
        }
    }

    /// An empty box with a heading, over whatever stands there.
    pub fn frame(&mut self, area: Rect, heading: &Line) {
        self.wipe(area);
        if area.width < 2 || area.height < 2 {
            return;
        }
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        self.rule(area.x, area.y, area.width, heading);
        self.rule(area.x, bottom, area.width, &Line::new());
        self.wall(area.x, area.y, area.bottom());
        self.wall(right, area.y, area.bottom());
        let corners = [(area.x, area.y), (right, area.y), (area.x, bottom), (right, bottom)];
        for ((x, y), sign) in corners.into_iter().zip(self.look.glyphs.corners) {
            self.sign(x, y, Role::Dim, sign);
        }
    }

    /// Puts a single character at this column and row, in the colours of its role.
    pub fn sign(&mut self, x: u16, y: u16, role: Role, sign: char) {
        self.put(x, y, 1, role, sign.encode_utf8(&mut [0; 4]));
    }

    /// A role's style that leaves nothing of what stood there before.
    fn whole(&self, role: Role) -> Style {
        let style = self.look.styles.of(Role::Text).patch(self.look.styles.of(role));
        let (fg, bg) = (style.fg.unwrap_or(Color::Reset), style.bg.unwrap_or(Color::Reset));
        style.fg(fg).bg(bg).remove_modifier(Modifier::all().difference(style.add_modifier))
    }

    /// Clean, without heaps of combining marks, and in ASCII where nothing else can be shown.
    fn fitting<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let clean = clean_line(text);
        if clean.is_ascii() {
            return clean;
        }
        if self.look.glyphs.ascii {
            return clean
                .chars()
                .filter(|c| c.width() != Some(0))
                .map(|c| if c.is_ascii() { c } else { '?' })
                .collect();
        }
        let mut marks = 0;
        let few = |c: &char| {
            marks = if c.width() == Some(0) { marks + 1 } else { 0 };
            marks <= 1
        };
        clean.chars().filter(few).collect()
    }
}

/// A count of columns or rows; a screen has fewer than 65,536 of either.
#[must_use]
pub fn columns(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Theme;
    use termprofile::TermProfile;

    fn shown(glyphs: Glyphs, text: &str) -> String {
        let look = RenderOptions { glyphs, styles: Theme::standard().on(TermProfile::NoColor) };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        Canvas::new(&mut buffer, &look).put(0, 0, 12, Role::Text, text);
        buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn nothing_that_could_steer_a_terminal_gets_through() {
        let evil = "a\x1b]0;x\x07\u{9b}2J\u{202e}";
        assert_eq!(shown(Glyphs::UNICODE, evil), "a␛]0;x␇\u{fffd}2J\u{fffd}");
        assert_eq!(shown(Glyphs::ASCII, evil), "a?]0;x??2J?");
        assert_eq!(shown(Glyphs::UNICODE, "z\u{301}\u{301}\u{301}\u{301}!"), "z\u{301}!");
        assert_eq!(shown(Glyphs::ASCII, "größe"), "gr??e");
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let look = RenderOptions { glyphs: Glyphs::ASCII, styles: Theme::standard().on(TermProfile::NoColor) };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
        let mut canvas = Canvas::new(&mut buffer, &look);
        assert_eq!(canvas.put(2, 0, 9, Role::Text, "xyz"), 1);
        assert_eq!(canvas.put(3, 0, 9, Role::Text, "xyz"), 0);
        assert_eq!(canvas.put(0, 1, 9, Role::Text, "xyz"), 0);
        canvas.rule(0, 0, 300, &Line::title("heading"));
        canvas.wipe(Rect::new(1, 0, 90, 90));
        canvas.tint(Rect::new(1, 0, 90, 90), Role::Selected);
    }
}
