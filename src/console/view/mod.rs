//! From model and snapshot to a screen: one file per region. Drawing changes nothing but the canvas.

mod footer;
mod header;
mod hit;
mod overlays;
pub mod pages;
mod panes;
pub mod widgets;

use ratatui::buffer::Buffer;
use widgets::layout::frame;

use super::canvas::Canvas;
use super::content::context::ViewContext;
use super::model::{Model, Overlay};

pub use header::headline;
pub use hit::{ClickTarget, hit};
pub use overlays::palette::{FAULT, PaletteEntry, entries, picks, theme_under_cursor};
pub use pages::approval::lines as request_lines;
pub use pages::page::{copied_lines, extent, shown_text};
pub use widgets::layout::PageExtent;

/// Draws one screen.
pub fn draw(model: &Model, world: &ViewContext<'_>, buffer: &mut Buffer) {
    let area = buffer.area;
    let mut canvas = Canvas::new(buffer, world.look);
    header::draw(&mut canvas, area.width, model, world);
    let Some(frame) = frame((area.width, area.height)) else { return };
    match model.pages.last() {
        None => panes::main::draw(&mut canvas, frame.body, model, world),
        Some(page) => pages::page::draw(&mut canvas, frame.body, page, model, world),
    }
    if let Some(row) = frame.footer {
        footer::draw(&mut canvas, row, area.width, model, world);
    }
    match &model.overlay {
        Some(Overlay::Form(question)) => {
            overlays::form::draw(&mut canvas, frame.body, question, model.deciding.is_some());
        }
        Some(Overlay::Palette { typed, at }) => {
            overlays::palette::draw(&mut canvas, frame.body, typed, *at, model, world);
        }
        Some(Overlay::Pick(pick)) => overlays::palette::draw_pick(&mut canvas, frame.body, pick, world),
        Some(Overlay::Filter { .. } | Overlay::Find(_)) | None => {}
    }
    if let Some(caption) = &model.caption {
        overlays::caption::draw(&mut canvas, frame.body, caption);
    }
    if let Some(row) = frame.said {
        pages::messages::draw_said(&mut canvas, row, model, world);
    } else if model.said.is_some() {
        // where there is no row for it, it has the last one of the page for a while
        pages::messages::draw_said(&mut canvas, frame.body.bottom() - 1, model, world);
    }
}

/// Of the question over the page, if there is one.
#[must_use]
pub fn question_extent(model: &Model, world: &ViewContext<'_>) -> Option<PageExtent> {
    let Some(Overlay::Form(question)) = &model.overlay else { return None };
    let body = frame(model.size)?.body;
    question.wants_yes().then(|| overlays::form::extent(question, body, &world.look.glyphs))
}
