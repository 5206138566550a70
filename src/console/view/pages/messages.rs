//! What salve had to say: the row above the keys, the messages, and the journal as far as the snapshot reaches.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::{format, rows};
use crate::console::model::{Model, OpenPage, Overlay, StatusMessage};
use crate::console::theme::Role;
use crate::console::view::panes::{detail, main};
use crate::console::view::widgets::story;
use crate::core::Recorded;
use crate::core::event::event_text::AttemptNumbers;

/// What was just said may take so many rows for a while: the one above the keys, and the page's last ones.
const MOST_ROWS: usize = 4;

/// The row above the keys: what was just said, else the selected row in a sentence.
pub fn draw_said(canvas: &mut Canvas<'_>, y: u16, model: &Model, world: &ViewContext<'_>) {
    let room = model.size.0;
    let line = if let Some(Overlay::Filter { .. }) = model.overlay {
        Line::new().with(Role::Key, " /").with(Role::Input, format!("{}_", model.filter()))
    } else if let Some(said) = &model.said {
        let role = if said.bad { Role::Broken } else { Role::Ok };
        return draw_rows(canvas, y, room, &Line::new().with(role, &said.text), most_rows(model));
    } else if let Some(shown) = model.replayed() {
        Line::new().text(" ").joined(story::event(&shown.moment.event, &numbers(&shown.moment.event, world), world))
    } else if let Err(why) = &world.snapshot.recording {
        Line::new().text(" ").with(Role::Stale, format!("The journal cannot be written, so no attempt runs: {why}"))
    } else if main::has_detail(model.size)
        && let Some(message) = world.snapshot.messages.first()
    {
        let time = format::clock(message.at, world.zone);
        Line::new().dim(format!(" {time} ")).with(Role::Title, &message.about).text(": ").text(&message.text)
    } else if model.pages.is_empty() {
        detail::selected(&model.main, world).map_or_else(Line::new, |row| detail::sentence(&row, world))
    } else {
        Line::new()
    };
    canvas.line(0, y, room, &line);
}

/// What is about to be approved is never covered.
fn most_rows(model: &Model) -> usize {
    if matches!(model.pages.last(), Some(OpenPage::Approval(_))) { 1 } else { MOST_ROWS }
}

/// How many rows what was just said takes.
#[must_use]
pub fn said_rows(model: &Model) -> u16 {
    let wrapped =
        |said: &StatusMessage| Line::plain(&said.text).wrap(usize::from(model.size.0.saturating_sub(2))).len();
    model.said.as_ref().map_or(0, |said| columns(wrapped(said).min(most_rows(model))))
}

/// Upwards from a row, so that none of it is lost; more than fits ends in the sign for that.
fn draw_rows(canvas: &mut Canvas<'_>, y: u16, room: u16, line: &Line, most: usize) {
    let mut rows = line.clone().wrap(usize::from(room.saturating_sub(2)));
    if rows.len() > most {
        rows.truncate(most);
        if let Some(last) = rows.pop() {
            rows.push(last.text(canvas.look.glyphs.cut.to_string()));
        }
    }
    let top = (y + 1).saturating_sub(columns(rows.len()));
    canvas.wipe(Rect::new(0, top, room, y + 1 - top));
    for (below, row) in (top..).zip(&rows) {
        canvas.line(1, below, room.saturating_sub(1), row);
    }
}

/// The messages, latest first.
#[must_use]
pub fn lines(world: &ViewContext<'_>) -> Vec<Line> {
    let messages = &world.snapshot.messages;
    if messages.is_empty() {
        return vec![Line::new().dim("No messages yet.")];
    }
    let told = messages.iter().flat_map(|message| {
        let head = Line::new()
            .dim(format::date(message.at, world.zone))
            .text("  ")
            .with(Role::Title, &message.about)
            .text(": ");
        let mut rows = message.text.lines();
        let first = head.text(rows.next().unwrap_or("")).hanging(21);
        [first].into_iter().chain(rows.map(|row| Line::plain(" ".repeat(21)).text(row).hanging(21))).collect::<Vec<_>>()
    });
    told.collect()
}

/// How the attempts of an event's incident are counted.
fn numbers(recorded: &Recorded, world: &ViewContext<'_>) -> AttemptNumbers {
    let incident = recorded.event.incident().and_then(|id| rows::incident(world.snapshot, id));
    incident.map_or_else(AttemptNumbers::default, |incident| incident.numbers())
}

/// Every event that the snapshot holds, latest first.
#[must_use]
pub fn journal(world: &ViewContext<'_>) -> Vec<Line> {
    let mut events: Vec<&Arc<Recorded>> =
        world.snapshot.incidents.iter().flat_map(|incident| &incident.story).collect();
    events.sort_by_key(|recorded| std::cmp::Reverse(recorded.seq));
    events.dedup_by_key(|recorded| recorded.seq);
    if events.is_empty() {
        return vec![Line::new().dim("No events yet.")];
    }
    let mut lines = vec![
        Line::new().dim(
            "Events of the latest incidents. [ steps through all events; salve journal export --json prints them.",
        ),
        Line::new(),
    ];
    lines.extend(events.into_iter().map(|recorded| {
        let incident = recorded.event.incident().map_or_else(String::new, |id| id.to_string());
        let mut line = Line::new().dim(format::date(recorded.wall, world.zone)).text(format!(" {incident:<5} "));
        line.pieces.extend(story::event(recorded, &numbers(recorded, world), world).pieces.into_iter().skip(2));
        line.hanging(26)
    }));
    lines
}
