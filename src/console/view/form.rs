//! A question over the page, in the middle of the screen.

use ratatui::layout::Rect;

use crate::console::canvas::{Canvas, columns};
use crate::console::form::{Field, Form, Value};
use crate::console::glyphs::Glyphs;
use crate::console::line::Line;
use crate::console::theme::Role;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, form: &Form) {
    let width = body.width.saturating_sub(2).min(76);
    let inner = usize::from(width.saturating_sub(4));
    let mut lines: Vec<Line> = form.about.iter().flat_map(|line| line.clone().wrap(inner)).collect();
    if !form.fields.is_empty() {
        lines.push(Line::new());
    }
    for (index, field) in form.fields.iter().enumerate() {
        lines.push(self::field(field, index == form.at, &canvas.look.glyphs));
    }
    lines.push(Line::new());
    lines.push(ways_out(form));
    let height = columns(lines.len() + 2).min(body.height);
    let area = Rect::new((body.width - width) / 2, body.y + (body.height - height) / 2, width, height);
    canvas.frame(area, &Line::new().with(Role::Focus, &form.title));
    // on a small screen what is to be filled in matters more than what is told
    let room = usize::from(height.saturating_sub(2));
    let skipped = lines.len().saturating_sub(room);
    for (row, line) in lines.iter().skip(skipped).take(room).enumerate() {
        canvas.line(area.x + 2, area.y + 1 + columns(row), area.width.saturating_sub(4), line);
    }
}

fn field(field: &Field, active: bool, glyphs: &Glyphs) -> Line {
    let sign = if active { glyphs.cursor } else { ' ' };
    let label = Line::new().with(if active { Role::Focus } else { Role::Dim }, format!("{sign} {:<11}", field.label));
    let cursor = if active { "_" } else { "" };
    match &field.value {
        Value::Choice { options, at } => {
            let (before, after) = if glyphs.ascii { ("< ", " >") } else { ("‹ ", " ›") };
            let option = options.get(*at).map_or("", String::as_str);
            let (before, after) = if active && options.len() > 1 { (before, after) } else { ("", "") };
            label.with(Role::Key, before).with(Role::Title, option).with(Role::Key, after)
        }
        Value::Text(text) => label.with(Role::Input, format!("{text}{cursor}")),
        Value::Word { expected, typed } => {
            label.with(Role::Input, format!("{typed}{cursor}")).dim(format!("  type {expected}"))
        }
    }
}

fn ways_out(form: &Form) -> Line {
    let line = if form.wants_yes() {
        Line::new().with(Role::Key, "y").text(" yes")
    } else {
        Line::new().with(Role::Key, "Enter").text(" do it")
    };
    line.text("   ").with(Role::Key, "Esc").text(" leave, nothing happens")
}
