//! One screen without a terminal: as text or as cells with colours.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use termprofile::TermProfile;

use crate::console::canvas::RenderOptions;
use crate::console::canvas::glyphs::Glyphs;
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::console::demo_hooks::Caption;
use crate::console::model::Model;
use crate::console::options::{ConsoleError, Options};
use crate::console::theme::{Shelf, Theme};
use crate::console::view;
use crate::engine::Snapshot;

/// One screen as plain text: for `--once`, the README and tests.
///
/// # Errors
/// Where the theme that was asked for cannot be had.
pub fn draw_once(snapshot: &Snapshot, width: u16, height: u16, options: &Options) -> Result<String, ConsoleError> {
    Ok(text(&drawn(snapshot, width, height, options, TermProfile::NoColor)?))
}

/// The same with colours.
pub fn drawn(
    snapshot: &Snapshot,
    width: u16,
    height: u16,
    options: &Options,
    profile: TermProfile,
) -> Result<Buffer, ConsoleError> {
    let theme = match &options.theme {
        Some(name) => Shelf::new(&options.config).find(name)?,
        None => Theme::standard(),
    };
    let look = RenderOptions { glyphs: Glyphs::choose(options.ascii), styles: theme.on(profile) };
    let world = ViewContext {
        snapshot,
        mono: snapshot.now.mono,
        wall: snapshot.now.wall,
        zone: &TimeZone::system(),
        age: Duration::ZERO,
        at: ConsoleTime(0),
        look: &look,
        themes: &[],
    };
    let mut model = Model::new((width, height), options.read_only, options.engine.clone(), options.writing);
    if let Some(stage) = &options.stage {
        model.faults = std::sync::Arc::clone(&stage.faults);
        if let Caption::Says(text) = &*stage.caption.borrow() {
            model.caption = Some(std::sync::Arc::clone(text));
        }
    }
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view::draw(&model, &world, &mut buffer);
    Ok(buffer)
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
                covered = crate::console::canvas::line::width(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
