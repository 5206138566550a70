//! Breakers: those that stop attempts first, closed ones as a count where room is short.

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::{format, rows};
use crate::console::model::Cursor;
use crate::console::theme::Role;
use crate::console::view::widgets::layout::first_row;
use crate::core::incident::BreakerState;
use crate::engine::snapshot::BreakerView;

/// How many rows it could use.
#[must_use]
pub fn rows(world: &ViewContext<'_>) -> usize {
    world.snapshot.breakers.len().max(1)
}

/// Draws what there is room for.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, cursor: &Cursor, focused: bool, world: &ViewContext<'_>) {
    let breakers = rows::breakers(world.snapshot);
    let height = usize::from(room.height);
    if breakers.is_empty() {
        if height > 0 {
            canvas.put(room.x + 1, room.y, room.width.saturating_sub(1), Role::Dim, "all closed");
        }
        return;
    }
    let items: Vec<_> = breakers.iter().map(|breaker| rows::breaker_id(breaker)).collect();
    let selected = cursor.index(&items);
    // unless one moves among them, the last row counts those that there is no room for
    let counts = !focused && breakers.len() > height;
    let fit = if counts { height.saturating_sub(1) } else { height };
    let first = if focused { first_row(selected, breakers.len(), fit) } else { 0 };
    for (slot, (index, breaker)) in breakers.iter().enumerate().skip(first).take(fit).enumerate() {
        let y = room.y + columns(slot);
        canvas.line(room.x, y, room.width, &line(breaker, world));
        if focused && index == selected {
            canvas.select(Rect { y, height: 1, ..room });
        }
    }
    if counts && height > 0 {
        let rest = &breakers[fit..];
        let closed = rest.iter().all(|breaker| breaker.state == BreakerState::Closed);
        let words = if closed { format!(" closed    {} more", rest.len()) } else { format!(" {} more", rest.len()) };
        canvas.put(room.x, room.bottom() - 1, room.width, Role::Dim, &words);
    }
}

/// One breaker in one row.
#[must_use]
pub fn line(breaker: &BreakerView, world: &ViewContext<'_>) -> Line {
    let (role, ends) = match &breaker.state {
        BreakerState::Latched { .. } => (Role::BreakerOpen, "  b resets it".to_owned()),
        BreakerState::Open { until, .. } => {
            (Role::BreakerOpen, format!("  probe {}", format::left(*until, world.mono)))
        }
        BreakerState::HalfOpen { .. } => (Role::BreakerHalfOpen, ", one probe running".to_owned()),
        BreakerState::Closed => (Role::Dim, String::new()),
    };
    let state = match &breaker.state {
        BreakerState::Closed => "closed".to_owned(),
        other => other.word().to_uppercase(),
    };
    let target = format::target(&breaker.key.target.to_string());
    let name = if target == "host" { breaker.playbook.to_string() } else { target };
    Line::new()
        .with(role, format!(" {state:<9} "))
        .text(name)
        .dim(format!(" {}/{}", breaker.invocations, breaker.limit))
        .text(ends)
}
