//! The main screen: which panes there is room for, and where they stand.

use ratatui::layout::Rect;

use super::{breakers, detail, detectors, needs_action, timeline};
use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::rows;
use crate::console::model::{Model, Pane};
use crate::console::theme::Role;
use crate::console::view::widgets::gauge;

/// Where each pane stands, its rule included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Panes {
    detectors: Rect,
    needs_action: Rect,
    breakers: Rect,
    timeline: Rect,
    detail: Option<Rect>,
}

/// Draws the main screen: the gauge, and below it the panes for which there is room.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, model: &Model, world: &ViewContext<'_>) {
    let pane = model.main.pane;
    gauge::draw(canvas, body.y, body.width, pane == Pane::Gauge, world);
    let room = Rect::new(0, body.y + 1, body.width, body.height - 1);
    if is_small(body) {
        draw_pane(canvas, room, the_one(pane), model, world);
        return;
    }
    let panes = give_out(room, has_detail(model.size), model, world);
    let wall = panes.needs_action.x - 1;
    let bottom = if panes.detail.is_some() { room.bottom() } else { panes.timeline.y };
    canvas.wall(wall, room.y, bottom);
    draw_pane(canvas, panes.detectors, Pane::Detectors, model, world);
    draw_pane(canvas, panes.needs_action, Pane::NeedsAction, model, world);
    draw_pane(canvas, panes.breakers, Pane::Breakers, model, world);
    draw_pane(canvas, panes.timeline, Pane::Timeline, model, world);
    let glyphs = canvas.look.glyphs;
    canvas.sign(wall, room.y, Role::Dim, glyphs.tee_down);
    canvas.sign(wall, panes.breakers.y, Role::Dim, glyphs.tee_right);
    if let Some(area) = panes.detail {
        canvas.sign(wall, panes.timeline.y, Role::Dim, glyphs.tee_left);
        canvas.sign(wall, area.y, Role::Dim, glyphs.tee_right);
        detail::draw(canvas, area, model, world);
    } else {
        canvas.sign(wall, panes.timeline.y, Role::Dim, glyphs.tee_up);
    }
}

/// Is there room for one pane only?
fn is_small(body: Rect) -> bool {
    body.width < 70 || body.height < 14
}

fn the_one(pane: Pane) -> Pane {
    if pane == Pane::Gauge { Pane::Detectors } else { pane }
}

/// The panes that are drawn, each without its rule.
#[must_use]
pub fn panes(body: Rect, model: &Model, world: &ViewContext<'_>) -> Vec<(Pane, Rect)> {
    let room = Rect::new(0, body.y + 1, body.width, body.height.saturating_sub(1));
    let drawn = if is_small(body) {
        vec![(the_one(model.main.pane), room)]
    } else {
        let panes = give_out(room, has_detail(model.size), model, world);
        vec![
            (Pane::Detectors, panes.detectors),
            (Pane::NeedsAction, panes.needs_action),
            (Pane::Breakers, panes.breakers),
            (Pane::Timeline, panes.timeline),
        ]
    };
    drawn
        .into_iter()
        .map(|(pane, area)| (pane, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }))
        .collect()
}

/// Is there room for the selected row's detail?
#[must_use]
pub fn has_detail((width, height): (u16, u16)) -> bool {
    width >= 120 && height >= 30
}

/// The right column takes what it needs; the detectors and, where it is large, the detail take the rest.
fn give_out(room: Rect, large: bool, model: &Model, world: &ViewContext<'_>) -> Panes {
    let wide = if large { room.width * 11 / 20 } else { room.width / 2 };
    let (left, right) = (Rect { width: wide, ..room }, Rect { x: wide + 1, width: room.width - wide - 1, ..room });
    let told = timeline::told(world);
    let strip = columns(told + 1).clamp(3, room.height / 3);
    let split = |area: Rect, from: u16, rows: u16| Rect { y: area.y + from, height: rows, ..area };
    let asked = columns(needs_action::rows(right.width, model, world) + 1).max(3);
    let stopped = columns(breakers::rows(world)) + 1;
    if large {
        let needs = asked.min(room.height / 4);
        let breakers = stopped.clamp(3, room.height / 5);
        let top = room.height - strip;
        Panes {
            detectors: split(left, 0, top),
            timeline: split(left, top, strip),
            needs_action: split(right, 0, needs),
            breakers: split(right, needs, breakers),
            detail: Some(split(right, needs + breakers, room.height - needs - breakers)),
        }
    } else {
        let top = room.height - strip;
        let needs = asked.min(top - stopped.min(top / 2).max(3)).max(top / 2);
        Panes {
            detectors: split(left, 0, top),
            timeline: split(room, top, strip),
            needs_action: split(right, 0, needs),
            breakers: split(right, needs, top - needs),
            detail: None,
        }
    }
}

fn draw_pane(canvas: &mut Canvas<'_>, area: Rect, pane: Pane, model: &Model, world: &ViewContext<'_>) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let focused = model.main.pane == pane && model.pages.is_empty();
    let (name, count) = match pane {
        Pane::Detectors | Pane::Gauge => ("Detectors", world.snapshot.detectors.len().to_string()),
        Pane::NeedsAction => ("Needs action", rows::needs_action(world.snapshot).len().to_string()),
        Pane::Breakers => ("Breakers", world.snapshot.breakers.len().to_string()),
        Pane::Timeline => ("Timeline", "last 1h".to_owned()),
    };
    let mut heading = Line::new().with(if focused { Role::Focus } else { Role::Title }, name).text(format!(" {count}"));
    if !model.main.filter.is_empty() && matches!(pane, Pane::Detectors | Pane::Timeline) {
        heading = heading.with(Role::Key, format!("  /{}", model.main.filter));
    }
    canvas.rule(area.x, area.y, area.width, &heading);
    let room = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let main = &model.main;
    match pane {
        Pane::Detectors | Pane::Gauge => detectors::draw(canvas, room, main, focused, world),
        Pane::NeedsAction => needs_action::draw(canvas, room, model, focused, world),
        Pane::Breakers => breakers::draw(canvas, room, &main.breakers, focused, world),
        Pane::Timeline => timeline::draw(canvas, room, main, focused, world),
    }
}
