//! What may stand under the cursor: a list below it, above it where there is more room, with a word about each.

use ratatui::layout::Rect;

use crate::console::canvas::line::{Line, width};
use crate::console::canvas::{Canvas, columns};
use crate::console::theme::Role;
use crate::console::view::widgets::layout::first_row;
use crate::playbook::write::Completion;

/// Rows of the list.
const MOST: usize = 9;

/// Draws it at the cursor's place.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, (x, y): (u16, u16), completion: &Completion, at: usize) {
    let (above, below) = (y.saturating_sub(body.y), body.bottom().saturating_sub(y + 1));
    let room = above.max(below).saturating_sub(2);
    let all = &completion.candidates;
    let rows = all.len().min(MOST).min(usize::from(room));
    if rows == 0 {
        return;
    }
    let first = first_row(at, all.len(), rows);
    let shown = || all.iter().skip(first).take(rows);
    let label = all.iter().map(|candidate| width(&candidate.label)).max().unwrap_or(0).min(30);
    let about = shown().map(|candidate| width(&candidate.about)).max().unwrap_or(0);
    let wide = columns(label + about + 6).min(body.width).max(12.min(body.width));
    let high = columns(rows + 2);
    let left = x.min(body.right().saturating_sub(wide));
    let top = if below >= high { y + 1 } else { y.saturating_sub(high) };
    let area = Rect::new(left, top, wide, high);
    canvas.frame(area, &Line::new().dim(format!("{} of {}", at + 1, all.len())));
    for (slot, candidate) in shown().enumerate() {
        let row = Rect::new(area.x + 1, area.y + 1 + columns(slot), area.width.saturating_sub(2), 1);
        let line = Line::new().text(" ").text(&candidate.label).up_to(label + 2).dim(&candidate.about);
        canvas.line(row.x, row.y, row.width, &line);
        if first + slot == at {
            canvas.tint(row, Role::Selected);
            canvas.sign(row.x, row.y, Role::Selected, canvas.look.glyphs.cursor);
        }
    }
}
