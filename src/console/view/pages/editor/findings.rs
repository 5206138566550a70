//! What the reader says: about the place under the cursor where it says something, else all of it in short.

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::editor::Author;
use crate::console::editor::finding::EditorFinding;
use crate::console::theme::Role;

/// Draws the pane; one row of it is all in one line.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, author: &Author) {
    if room.height == 0 {
        return;
    }
    let here = author.findings.under(author.text.cursor());
    if room.height == 1 {
        let line = here.map_or_else(|| summary(author), |(_, finding)| short(finding));
        canvas.line(room.x, room.y, room.width, &line);
        return;
    }
    let heading = match here {
        Some((index, _)) => Line::new()
            .with(Role::Focus, format!("{} of {}", index + 1, author.findings.all.len()))
            .dim("  Ctrl-N next"),
        None => summary(author),
    };
    canvas.rule(room.x, room.y, room.width, &heading);
    let inside = Rect::new(room.x + 1, room.y + 1, room.width.saturating_sub(2), room.height - 1);
    let rows = usize::from(inside.height);
    let lines = match here {
        Some((_, finding)) => told(author, finding, usize::from(inside.width), rows),
        None => listed(author, rows),
    };
    for (row, line) in lines.iter().take(rows).enumerate() {
        canvas.line(inside.x, inside.y + columns(row), inside.width, line);
    }
}

fn summary(author: &Author) -> Line {
    let errors = author.findings.errors();
    let warnings = author.findings.all.len() - errors;
    let mut words = match errors {
        0 => Line::new().with(Role::Ok, "valid"),
        1 => Line::new().with(Role::Broken, "1 error"),
        _ => Line::new().with(Role::Broken, format!("{errors} errors")),
    };
    if warnings > 0 {
        let s = if warnings == 1 { "" } else { "s" };
        words = words.text(", ").with(Role::Unknown, format!("{warnings} warning{s}"));
    }
    if author.findings.all.is_empty() { words } else { words.dim("  Ctrl-N shows the next") }
}

/// Drawn with its source where there is room, else in words: the place is marked in the text above.
fn told(author: &Author, finding: &EditorFinding, width: usize, rows: usize) -> Vec<Line> {
    let drawn: Vec<Line> = author
        .findings
        .drawn(finding)
        .lines()
        .enumerate()
        .map(|(row, text)| if row == 0 { Line::new().with(role(finding), text) } else { Line::plain(text) })
        .flat_map(|line| line.hanging(2).wrap(width))
        .collect();
    if drawn.len() <= rows {
        return drawn;
    }
    let help = Line::new().dim("help: ").text(&finding.diagnostic.help).hanging(6);
    [message(finding), help].into_iter().flat_map(|line| line.wrap(width)).collect()
}

fn listed(author: &Author, rows: usize) -> Vec<Line> {
    let (here, _) = author.text.cursor();
    let all = &author.findings.all;
    let first = all.iter().position(|finding| finding.line >= here).unwrap_or(0).min(all.len().saturating_sub(rows));
    all.iter().skip(first).map(short).collect()
}

fn short(finding: &EditorFinding) -> Line {
    Line::new()
        .dim(format!("{:>4}:{:<3} ", finding.diagnostic.line, finding.diagnostic.column))
        .with(role(finding), &finding.diagnostic.message)
}

fn message(finding: &EditorFinding) -> Line {
    let kind = if finding.diagnostic.is_error() { "error: " } else { "warning: " };
    Line::new().with(role(finding), format!("{kind}{}", finding.diagnostic.message)).hanging(2)
}

fn role(finding: &EditorFinding) -> Role {
    if finding.diagnostic.is_error() { Role::Broken } else { Role::Unknown }
}
