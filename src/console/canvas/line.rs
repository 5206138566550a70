//! Lines of text with meaning: what a page is made of before it is cut to a width.

use unicode_width::UnicodeWidthChar;

use crate::console::theme::Role;
use crate::text::clean_line;

/// A piece of a line that means one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it means.
    pub role: Role,
    /// Clean, without line ends.
    pub text: String,
}

/// One line; the indent is where its continuation begins when it is wrapped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// From left to right.
    pub pieces: Vec<Piece>,
    /// Columns before the continuation of a wrapped line.
    pub hang: usize,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of one piece, in the looks of a heading.
    #[must_use]
    pub fn title(text: impl AsRef<str>) -> Self {
        Self::new().with(Role::Title, text)
    }

    /// A line of one piece, in the looks of ordinary text.
    #[must_use]
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::new().with(Role::Text, text)
    }

    /// Adds a piece; whatever comes from outside is cleaned here.
    #[must_use]
    pub fn with(mut self, role: Role, text: impl AsRef<str>) -> Self {
        let text = clean_line(text.as_ref());
        if !text.is_empty() {
            self.pieces.push(Piece { role, text: text.into_owned() });
        }
        self
    }

    /// Adds plain text.
    #[must_use]
    pub fn text(self, text: impl AsRef<str>) -> Self {
        self.with(Role::Text, text)
    }

    /// Adds text of less weight.
    #[must_use]
    pub fn dim(self, text: impl AsRef<str>) -> Self {
        self.with(Role::Dim, text)
    }

    /// Adds another line's pieces.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// Sets where a continuation begins.
    #[must_use]
    pub fn hanging(mut self, columns: usize) -> Self {
        self.hang = columns;
        self
    }

    /// How many columns it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.pieces.iter().map(|piece| width(&piece.text)).sum()
    }

    /// Fills up with spaces to this column; one space at least.
    #[must_use]
    pub fn up_to(self, column: usize) -> Self {
        let gap = column.saturating_sub(self.width()).max(1);
        self.text(" ".repeat(gap))
    }

    /// Broken at spaces into lines of at most this width; a word that is longer than a line is cut.
    #[must_use]
    pub fn wrap(self, columns: usize) -> Vec<Self> {
        if columns == 0 || self.width() <= columns {
            return vec![self];
        }
        let hang = if self.hang + 8 > columns { 0 } else { self.hang };
        let mut done = Vec::new();
        let mut rest: Vec<(Role, char)> =
            self.pieces.iter().flat_map(|piece| piece.text.chars().map(|c| (piece.role, c))).collect();
        while !rest.is_empty() {
            let room = if done.is_empty() { columns } else { columns - hang };
            let (end, next) = break_at(&rest, room);
            let indent = if done.is_empty() { 0 } else { hang };
            done.push(Self::gathered(indent, &rest[..end]));
            rest.drain(..next);
        }
        done
    }

    /// A line of single signs with their meanings.
    #[must_use]
    pub fn gathered(indent: usize, signs: &[(Role, char)]) -> Self {
        let mut line = Self::new();
        if indent > 0 {
            line.pieces.push(Piece { role: Role::Text, text: " ".repeat(indent) });
        }
        for (role, c) in signs {
            match line.pieces.last_mut() {
                Some(piece) if piece.role == *role => piece.text.push(*c),
                _ => line.pieces.push(Piece { role: *role, text: (*c).to_string() }),
            }
        }
        line
    }

    /// The bare text.
    #[must_use]
    pub fn bare(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }
}

/// Where a line of this room ends, and where the next begins.
fn break_at(signs: &[(Role, char)], room: usize) -> (usize, usize) {
    let (mut used, mut space) = (0, None);
    for (index, (_, c)) in signs.iter().enumerate() {
        if *c == ' ' && used > 0 {
            space = Some(index);
        }
        used += c.width().unwrap_or(0);
        if used > room {
            return match space {
                Some(space) => (space, space + 1),
                None => (index.max(1), index.max(1)),
            };
        }
    }
    (signs.len(), signs.len())
}

/// How many columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// Cut to this many columns, with a sign where something is missing.
#[must_use]
pub fn cut(text: &str, columns: usize, sign: char) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut used = 0;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < columns
        })
        .collect();
    if columns > 0 {
        kept.push(sign);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, columns: usize) -> Vec<String> {
        Line::plain(text).hanging(2).wrap(columns).iter().map(Line::bare).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_hang() {
        assert_eq!(wrapped("one two three four", 10), ["one two", "  three", "  four"]);
        assert_eq!(wrapped("a-word-that-is-far-too-long", 12), ["a-word-that-", "  is-far-too", "  -long"]);
        assert_eq!(wrapped("短い日本語の文です", 10), ["短い日本語", "  の文です"]);
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(wrapped("日本", 1), ["日", "本"]);
    }

    #[test]
    fn a_cut_says_so_and_never_splits_a_wide_sign() {
        assert_eq!(cut("abcdef", 4, '~'), "abc~");
        assert_eq!(cut("日本語", 4, '~'), "日~");
        assert_eq!(cut("abc", 3, '~'), "abc");
        assert_eq!(cut("abc", 0, '~'), "");
    }

    #[test]
    fn what_comes_from_outside_is_cleaned_on_the_way_in() {
        assert_eq!(Line::plain("a\x1b[31mb\nc\u{202e}").bare(), "a␛[31mb c\u{fffd}");
    }
}
