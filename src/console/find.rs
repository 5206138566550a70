//! Finding words in a page that is read: where they stand, and how they are marked.

use super::line::{Line, Piece};
use super::theme::Role;

/// Words that are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Find {
    /// As typed; capital letters count only where one was typed.
    pub words: String,
    /// Which of the places that hold them is the current one.
    pub at: usize,
}

/// A place that holds the words: a row, and where in it, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The row, from 0.
    pub row: usize,
    from: usize,
    to: usize,
}

/// Every place that holds the words, from top to bottom.
#[must_use]
pub fn hits(lines: &[Line], words: &str) -> Vec<Hit> {
    let exact = words.chars().any(char::is_uppercase);
    let fold = |c: char| if exact { c } else { c.to_lowercase().next().unwrap_or(c) };
    let wanted: Vec<char> = words.chars().map(fold).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for (row, line) in lines.iter().enumerate() {
        let text: Vec<char> = line.bare().chars().map(fold).collect();
        let mut from = 0;
        while from + wanted.len() <= text.len() {
            if text[from..].starts_with(&wanted) {
                hits.push(Hit { row, from, to: from + wanted.len() });
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
pub fn marked(lines: Vec<Line>, hits: &[Hit], current: usize) -> Vec<Line> {
    let mut lines = lines;
    for (index, hit) in hits.iter().enumerate() {
        let role = if index == current { Role::Selected } else { Role::Input };
        if let Some(line) = lines.get_mut(hit.row) {
            *line = mark(line, *hit, role);
        }
    }
    lines
}

fn mark(line: &Line, hit: Hit, role: Role) -> Line {
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

    fn rows(lines: &[&str], words: &str) -> Vec<(usize, usize)> {
        let lines: Vec<Line> = lines.iter().map(Line::plain).collect();
        hits(&lines, words).into_iter().map(|hit| (hit.row, hit.from)).collect()
    }

    #[test]
    fn words_are_found_wherever_they_stand() {
        let text = ["Exit code 1", "no", "exit, EXIT; Größe"];
        assert_eq!(rows(&text, "exit"), [(0, 0), (2, 0), (2, 6)]);
        assert_eq!(rows(&text, "Exit"), [(0, 0)], "a capital letter means itself");
        assert_eq!(rows(&text, "größe"), [(2, 12)]);
        assert_eq!(rows(&text, ""), []);
        assert_eq!(rows(&["aaa"], "aa"), [(0, 0)], "places do not overlap");
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
