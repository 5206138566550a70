//! From model and snapshot to a screen: one file per region. Drawing changes nothing but the canvas.

mod approval;
mod breakers;
mod caption;
mod detail;
mod detectors;
pub mod editor;
mod footer;
mod form;
mod gauge;
mod header;
mod help;
mod hit;
mod incident;
mod lists;
mod main;
mod messages;
mod needs_action;
pub mod page;
mod palette;
mod playbook;
mod story;
mod success;
mod timeline;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::canvas::{Canvas, RenderOptions};
use super::model::{ConsoleTime, Model, Overlay};
use crate::core::Mono;
use crate::engine::Snapshot;

pub use approval::lines as request_lines;
pub use header::headline;
pub use hit::{ClickTarget, hit};
pub use page::{PageExtent, copied_lines, extent, shown_text};
pub use palette::{FAULT, PaletteEntry, entries, picks, theme_under_cursor};

/// Everything that a view may look at besides the model.
#[derive(Debug, Clone, Copy)]
pub struct ViewContext<'a> {
    /// The latest state.
    pub snapshot: &'a Snapshot,
    /// What durations run on, now.
    pub mono: Mono,
    /// The time of day, now.
    pub wall: Timestamp,
    /// Where this terminal is.
    pub zone: &'a TimeZone,
    /// How long ago the engine gave its last sign of progress.
    pub age: Duration,
    /// The console's own clock.
    pub at: ConsoleTime,
    /// How this terminal shows things.
    pub look: &'a RenderOptions,
    /// Themes that can be chosen.
    pub themes: &'a [String],
}

impl ViewContext<'_> {
    /// The engine has missed two of its intervals, which are one second each.
    #[must_use]
    pub fn stale(&self) -> bool {
        self.age > Duration::from_millis(2500)
    }
}

/// How the rows of a screen are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenLayout {
    /// Below line 1.
    pub body: Rect,
    /// What the last key came to.
    pub said: Option<u16>,
    /// The row with the keys that can be pressed; none where the screen is too low for it.
    pub footer: Option<u16>,
}

/// Gives out the rows; no body where there is room for line 1 only.
#[must_use]
pub fn frame((width, height): (u16, u16)) -> Option<ScreenLayout> {
    if width < 20 || height < 4 {
        return None;
    }
    let footer = (height >= 8).then(|| height - 1);
    let said = (height >= 14).then(|| height - 2);
    let bottom = said.or(footer).unwrap_or(height);
    Some(ScreenLayout { body: Rect::new(0, 1, width, bottom - 1), said, footer })
}

/// Draws one screen.
pub fn draw(model: &Model, world: &ViewContext<'_>, buffer: &mut Buffer) {
    let area = buffer.area;
    let mut canvas = Canvas::new(buffer, world.look);
    header::draw(&mut canvas, area.width, model, world);
    let Some(frame) = frame((area.width, area.height)) else { return };
    match model.pages.last() {
        None => main::draw(&mut canvas, frame.body, model, world),
        Some(page) => page::draw(&mut canvas, frame.body, page, model, world),
    }
    if let Some(row) = frame.footer {
        footer::draw(&mut canvas, row, area.width, model, world);
    }
    match &model.overlay {
        Some(Overlay::Form(question)) => form::draw(&mut canvas, frame.body, question, model.deciding.is_some()),
        Some(Overlay::Palette { typed, at }) => palette::draw(&mut canvas, frame.body, typed, *at, model, world),
        Some(Overlay::Pick(pick)) => palette::draw_pick(&mut canvas, frame.body, pick, world),
        Some(Overlay::Filter { .. } | Overlay::Find(_)) | None => {}
    }
    if let Some(caption) = &model.caption {
        caption::draw(&mut canvas, frame.body, caption);
    }
    if let Some(row) = frame.said {
        messages::draw_said(&mut canvas, row, model, world);
    } else if model.said.is_some() {
        // where there is no row for it, it has the last one of the page for a while
        messages::draw_said(&mut canvas, frame.body.bottom() - 1, model, world);
    }
}

/// Of the question over the page, if there is one.
#[must_use]
pub fn question_extent(model: &Model, world: &ViewContext<'_>) -> Option<PageExtent> {
    let Some(Overlay::Form(question)) = &model.overlay else { return None };
    let body = frame(model.size)?.body;
    question.wants_yes().then(|| form::extent(question, body, &world.look.glyphs))
}

/// A whole screen as plain text, without trailing blanks.
#[must_use]
pub fn text(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(usize::from(buffer.area.width).max(1));
    let lines = rows.map(|row| {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = super::line::width(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
