//! What is said about what is seen, over the foot of the page.

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::theme::Role;

/// Rows of text at most; a small screen has fewer.
const ROWS: usize = 4;

/// Draws the caption over the foot of the page, with a heading, in as few rows as its words need.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, text: &str) {
    let width = usize::from(body.width.saturating_sub(2));
    let lines = Line::new().with(Role::Title, text).wrap(width);
    let rows = lines.len().min(ROWS).min(usize::from(body.height) / 2);
    let top = body.bottom().saturating_sub(columns(rows + 1));
    canvas.wipe(Rect::new(body.x, top, body.width, body.bottom() - top));
    canvas.rule(body.x, top, body.width, &Line::new().with(Role::Focus, "What you see"));
    for (row, line) in lines.iter().take(rows).enumerate() {
        canvas.line(body.x + 1, top + 1 + columns(row), body.width.saturating_sub(2), line);
    }
}
