//! Finding words in a page that is read: where they stand, and how they are marked.

use crate::console::canvas::line::{Line, Piece};
use crate::console::theme::Role;

/// Words that are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Find {
    /// As typed; capital letters count only where one was typed.
    pub words: String,
    /// Which of the places that hold them is the current one.
    pub at: usize,
}

/// A place that holds the words: a line of the text, and where in it, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextMatch {
    line: usize,
    from: usize,
    to: usize,
}

/// The rows of a screen of this width on which these places begin; words may be broken over two of them.
#[must_use]
pub fn rows(lines: &[Line], hits: &[TextMatch], width: usize) -> Vec<usize> {
    let mut above = Vec::with_capacity(lines.len());
    let mut total = 0;
    for line in lines {
        above.push(total);
        total += line.clone().wrap(width).len();
    }
    let row = |hit: &TextMatch| {
        let line = mark(&lines[hit.line], TextMatch { to: hit.from + 1, ..*hit }, Role::Input);
        let wrapped = line.wrap(width);
        let within = wrapped.iter().position(|row| row.pieces.iter().any(|piece| piece.role == Role::Input));
        above[hit.line] + within.unwrap_or(0)
    };
    hits.iter().map(row).collect()
}

/// Every place that holds the words, from top to bottom.
#[must_use]
pub fn hits(lines: &[Line], words: &str) -> Vec<TextMatch> {
    let exact = words.chars().any(char::is_uppercase);
    let fold = |c: char| if exact { c } else { c.to_lowercase().next().unwrap_or(c) };
    let wanted: Vec<char> = words.chars().map(fold).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let text: Vec<char> = line.bare().chars().map(fold).collect();
        let mut from = 0;
        while from + wanted.len() <= text.len() {
            if text[from..].starts_with(&wanted) {
                hits.push(TextMatch { line: number, from, to: from + wanted.len() });
                from += wanted.len();
            } else {
                from += 1;
            }
        }
    }
    hits
}

/// The lines with these places marked, the current one more than the others.
#[must_use]
pub fn marked(lines: Vec<Line>, hits: &[TextMatch], current: usize) -> Vec<Line> {
    let mut lines = lines;
    for (index, hit) in hits.iter().enumerate() {
        let role = if index == current { Role::Selected } else { Role::Input };
        if let Some(line) = lines.get_mut(hit.line) {
            *line = mark(line, *hit, role);
        }
    }
    lines
}

fn mark(line: &Line, hit: TextMatch, role: Role) -> Line {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    for piece in &line.pieces {
        for c in piece.text.chars() {
            let role = if (hit.from..hit.to).contains(&at) { role } else { piece.role };
            match pieces.last_mut() {
                Some(last) if last.role == role => last.text.push(c),
                _ => pieces.push(Piece { role, text: c.to_string() }),
            }
            at += 1;
        }
    }
    Line { pieces, hang: line.hang }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(lines: &[&str], words: &str) -> Vec<(usize, usize)> {
        let lines: Vec<Line> = lines.iter().map(Line::plain).collect();
        hits(&lines, words).into_iter().map(|hit| (hit.line, hit.from)).collect()
    }

    #[test]
    fn words_that_are_broken_over_two_rows_are_found_where_they_begin() {
        let lines = [Line::plain("first"), Line::plain("one two three four five").hanging(2)];
        let found = hits(&lines, "three four");
        assert_eq!(rows(&lines, &found, 14), [1], "one two three / four five");
        assert_eq!(rows(&lines, &hits(&lines, "four"), 14), [2]);
        assert_eq!(rows(&lines, &hits(&lines, "first"), 14), [0]);
        let wrapped: Vec<Line> = marked(lines.to_vec(), &found, 0).into_iter().flat_map(|line| line.wrap(14)).collect();
        let shown = |row: &Line| row.pieces.iter().any(|piece| piece.role == Role::Selected);
        assert_eq!(wrapped.iter().map(shown).collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn words_are_found_wherever_they_stand() {
        let text = ["Exit code 1", "no", "exit, EXIT; Größe"];
        assert_eq!(places(&text, "exit"), [(0, 0), (2, 0), (2, 6)]);
        assert_eq!(places(&text, "Exit"), [(0, 0)], "a capital letter means itself");
        assert_eq!(places(&text, "größe"), [(2, 12)]);
        assert_eq!(places(&text, ""), []);
        assert_eq!(places(&["aaa"], "aa"), [(0, 0)], "places do not overlap");
    }

    #[test]
    fn marking_changes_no_letter() {
        let line = Line::new().dim("13:58  ").with(Role::Broken, "exit code 1").text(", exit");
        let lines = vec![line.clone()];
        let found = hits(&lines, "exit");
        let marked = marked(lines, &found, 1);
        assert_eq!(marked[0].bare(), line.bare());
        let roles: Vec<(Role, &str)> = marked[0].pieces.iter().map(|piece| (piece.role, piece.text.as_str())).collect();
        assert_eq!(
            roles,
            [
                (Role::Dim, "13:58  "),
                (Role::Input, "exit"),
                (Role::Broken, " code 1"),
                (Role::Text, ", "),
                (Role::Selected, "exit")
            ]
        );
    }
}
