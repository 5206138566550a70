//! Questions of the editor page: each names what would be lost, and Esc is always the way that loses nothing.

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::ViewContext;
use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::format;
use crate::console::editor::Author;
use crate::console::theme::Role;
use crate::playbook::write::{LineChange, difference};

/// A changed text is to be left.
pub fn leaving(canvas: &mut Canvas<'_>, body: Rect, author: &Author) {
    let mut about = vec![Line::plain("The text has unsaved changes.")];
    let errors = author.findings.errors();
    if errors > 0 {
        let s = if errors == 1 { "" } else { "s" };
        about.push(
            Line::new()
                .with(Role::Broken, format!("It has {errors} error{s}"))
                .text(": if saved now, it is rejected and its last valid version stays in force."),
        );
    }
    about.extend([
        Line::new(),
        key("s", "save and leave"),
        key("d", "leave and keep a draft"),
        key("x", "leave and discard the changes"),
        key("Esc", "continue editing"),
    ]);
    boxed(canvas, body, &format!("Leave {}?", author.subject.name), &about);
}

/// A one-off is to be left.
pub fn keeping(canvas: &mut Canvas<'_>, body: Rect, author: &Author) {
    let about = [
        Line::plain("It is saved in your playbook folder, with the mode that it states."),
        Line::new(),
        key("k", "keep it"),
        key("x", "delete it; a copy of its text is kept beside it"),
        key("Esc", "continue editing"),
    ];
    boxed(canvas, body, &format!("Keep {}?", author.subject.name), &about);
}

/// A draft of an earlier day.
pub fn offered(
    canvas: &mut Canvas<'_>,
    body: Rect,
    author: &Author,
    text: &str,
    at: Timestamp,
    world: &ViewContext<'_>,
) {
    let name = &author.subject.name;
    let lines = text.lines().count();
    let s = if lines == 1 { "" } else { "s" };
    let about = [
        Line::plain(format!("A draft of {name} from {}: continue it?", format::date(at, world.zone))),
        Line::new().dim(format!("It has {lines} line{s} and was never saved.")),
        Line::new(),
        key("y", "continue with the draft"),
        key("x", "discard the draft and open the file"),
        key("Esc", "back; the draft is kept"),
    ];
    boxed(canvas, body, "Draft found", &about);
}

/// Somebody else wrote to the file: what saving over it would change.
pub fn conflict(canvas: &mut Canvas<'_>, body: Rect, author: &Author, theirs: &str, scroll: usize) {
    canvas.wipe(body);
    let heading = Line::new().with(Role::Asked, "Changed by someone else").text(": nothing was saved");
    canvas.rule(body.x, body.y, body.width, &heading);
    let rows = usize::from(body.height.saturating_sub(2));
    let lines: Vec<Line> = difference(theirs, &author.text.whole()).into_iter().map(changed).collect();
    let first = scroll.min(lines.len().saturating_sub(rows));
    for (row, line) in lines.iter().skip(first).take(rows).enumerate() {
        canvas.line(body.x + 1, body.y + 1 + columns(row), body.width.saturating_sub(2), line);
    }
    let room = Rect { y: body.y + 1, ..body };
    canvas.more(room, lines.len().saturating_sub(first + rows));
    if body.height > 2 {
        let legend = Line::new().with(Role::Broken, "-").text(" is theirs, ").with(Role::Ok, "+").text(" is yours");
        canvas.rule(body.x, body.bottom() - 1, body.width, &legend);
    }
}

fn changed((change, text): (LineChange, String)) -> Line {
    let text = text.replace('\t', "    ");
    match change {
        LineChange::Same => Line::new().dim(format!("  {text}")),
        LineChange::Gone => Line::new().with(Role::Broken, format!("- {text}")),
        LineChange::New => Line::new().with(Role::Ok, format!("+ {text}")),
    }
}

fn key(key: &str, words: &str) -> Line {
    Line::new().with(Role::Key, format!("{key:>3}")).text(format!("  {words}")).hanging(5)
}

/// A box in the middle of the screen; where it does not fit, its last lines matter most.
fn boxed(canvas: &mut Canvas<'_>, body: Rect, title: &str, lines: &[Line]) {
    let width = body.width.saturating_sub(2).min(64);
    let inner = usize::from(width.saturating_sub(4));
    let lines: Vec<Line> = lines.iter().flat_map(|line| line.clone().wrap(inner)).collect();
    let height = columns(lines.len() + 2).min(body.height);
    let area = Rect::new((body.width - width) / 2, body.y + (body.height - height) / 2, width, height);
    canvas.frame(area, &Line::new().with(Role::Focus, title));
    let room = usize::from(height.saturating_sub(2));
    for (row, line) in lines.iter().skip(lines.len().saturating_sub(room)).enumerate() {
        canvas.line(area.x + 2, area.y + 1 + columns(row), area.width.saturating_sub(4), line);
    }
}
