//! A question over the page, in the middle of the screen.

use ratatui::layout::Rect;

use crate::console::canvas::glyphs::Glyphs;
use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::form::{Field, Form, Preview, Value};
use crate::console::theme::Role;
use crate::console::view::widgets::layout::PageExtent;

/// Draws a question in a frame over the body; `deciding` while its answer waits to be sent.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, form: &Form, deciding: bool) {
    let width = wide(body);
    let mut lines = lines(form, inner(body), &canvas.look.glyphs);
    if let Some(ways_out) = lines.last_mut().filter(|_| deciding) {
        *ways_out = Line::new().with(Role::Asked, "Done in a moment; any other key cancels.");
    }
    let height = columns(lines.len() + 2).min(body.height);
    let area = Rect::new((body.width - width) / 2, body.y + (body.height - height) / 2, width, height);
    canvas.frame(area, &Line::new().with(Role::Focus, &form.title));
    let room = usize::from(height.saturating_sub(2));
    let last = lines.len().saturating_sub(room);
    // on a small screen what is to be filled in matters more than what is told; a question is read from its beginning
    let first = if form.wants_yes() { form.scroll.min(last) } else { last };
    let below = last - first;
    let hidden = if below > 0 { Some((below, "below")) } else { (first > 0).then_some((first, "above")) };
    if let Some((count, where_)) = hidden.filter(|_| area.width > 24) {
        canvas.put_right(area.right() - 2, area.bottom() - 1, 16, Role::Key, &format!(" {count} more {where_} "));
    }
    for (row, line) in lines.iter().skip(first).take(room).enumerate() {
        canvas.line(area.x + 2, area.y + 1 + columns(row), area.width.saturating_sub(4), line);
    }
}

fn wide(body: Rect) -> u16 {
    body.width.saturating_sub(2).min(76)
}

fn inner(body: Rect) -> usize {
    usize::from(wide(body).saturating_sub(4))
}

/// How far a question reaches, where it does not fit.
#[must_use]
pub fn extent(form: &Form, body: Rect, glyphs: &Glyphs) -> PageExtent {
    let total = lines(form, inner(body), glyphs).len();
    PageExtent { total, shown: total.min(usize::from(body.height.saturating_sub(2))) }
}

fn lines(form: &Form, inner: usize, glyphs: &Glyphs) -> Vec<Line> {
    let mut lines: Vec<Line> = form.about.iter().flat_map(|line| line.clone().wrap(inner)).collect();
    let preview = match &form.preview {
        Some(Preview::Awaited { .. }) => vec![Line::new().dim("Making the plan ...")],
        Some(Preview::Shown { plan }) => plan.clone(),
        None => Vec::new(),
    };
    if !preview.is_empty() {
        lines.push(Line::new());
        lines.extend(preview.into_iter().flat_map(|line| line.wrap(inner)));
    }
    if !form.fields.is_empty() {
        lines.push(Line::new());
    }
    for (index, field) in form.fields.iter().enumerate() {
        lines.push(self::field(field, index == form.at, glyphs));
    }
    lines.push(Line::new());
    lines.push(ways_out(form));
    lines
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
        Value::Moment { typed, .. } if typed.is_empty() => {
            label.with(Role::Input, cursor).dim("  22:00, tomorrow 02:00, in 2h")
        }
        Value::Moment { typed, means } => label.with(Role::Input, format!("{typed}{cursor}")).dim(format!("  {means}")),
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
