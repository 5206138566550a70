//! The last hour, one row per key that was not well all the time, one column per bucket of time.

use ratatui::layout::Rect;

use super::World;
use super::main::first_row;
use crate::console::canvas::{Canvas, columns};
use crate::console::glyphs::Glyphs;
use crate::console::line::Line;
use crate::console::model::Main;
use crate::console::rows::{self, Row};
use crate::console::theme::Role;
use crate::engine::snapshot::Mark;

const HOUR_MS: u64 = 3_600_000;
const NAME: u16 = 13;
const LEGEND: [&str; 4] =
    ["! broken   ? unknown", "A asked    F fixing", "V verified X failed", "E a human was called"];

/// How many rows have something to tell; one at least, which says that none has.
#[must_use]
pub fn told(world: &World<'_>) -> usize {
    tellers(world, "").len().max(1)
}

fn tellers<'a>(world: &World<'a>, filter: &str) -> Vec<Row<'a>> {
    let mut rows = rows::detectors(world.snapshot, filter);
    rows.retain(|row| row.detector.marks.iter().any(|(_, mark)| *mark != Mark::Ok));
    rows
}

/// Draws what there is room for; the key that is selected among the detectors is always shown.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, main: &Main, focused: bool, world: &World<'_>) {
    let height = usize::from(room.height);
    let mut rows = tellers(world, &main.filter);
    let all = rows::detectors(world.snapshot, &main.filter);
    let items: Vec<_> = all.iter().map(|row| row.id.clone()).collect();
    let chosen = all.get(main.detectors.index(&items));
    if focused {
        // one walks through all of them
        rows.clone_from(&all);
    }
    if rows.is_empty() || height == 0 {
        if height > 0 {
            let words = if all.is_empty() { "nothing to show" } else { "all was well for the whole hour" };
            canvas.put(room.x + 1, room.y, room.width.saturating_sub(1), Role::Dim, words);
        }
        return;
    }
    let selected = rows.iter().position(|row| chosen.is_some_and(|chosen| chosen.id == row.id));
    let first = first_row(selected.unwrap_or(0), rows.len(), height);
    let legend = if room.width >= 76 { 22 } else { 0 };
    let buckets = usize::from(room.width.saturating_sub(NAME + 2 + legend));
    for (slot, row) in rows.iter().skip(first).take(height).enumerate() {
        let y = room.y + columns(slot);
        let is_selected = chosen.is_some_and(|chosen| chosen.id == row.id);
        canvas.put(room.x + 1, y, NAME, if is_selected && focused { Role::Focus } else { Role::Text }, &row.name);
        let marks = rows::timeline(&row.detector.marks, world.mono, buckets, HOUR_MS);
        let signs: Vec<_> = marks.into_iter().map(|mark| sign(mark, &canvas.look.glyphs)).collect();
        canvas.line(room.x + NAME + 2, y, columns(buckets), &Line::gathered(0, &signs));
        if is_selected && focused {
            canvas.select(Rect { y, height: 1, width: room.width - legend, ..room });
        }
    }
    if legend > 0 {
        for (slot, words) in LEGEND.iter().take(height).enumerate() {
            canvas.put(room.right() - legend + 1, room.y + columns(slot), legend - 1, Role::Dim, words);
        }
    }
}

fn sign(mark: Option<Mark>, glyphs: &Glyphs) -> (Role, char) {
    match mark {
        None => (Role::Dim, ' '),
        Some(Mark::Ok) => (Role::Dim, glyphs.calm),
        Some(Mark::Unknown) => (Role::Unknown, '?'),
        Some(Mark::Broken) => (Role::Broken, '!'),
        Some(Mark::Asked) => (Role::Asked, 'A'),
        Some(Mark::Fixing) => (Role::Fixing, 'F'),
        Some(Mark::Verified) => (Role::Ok, 'V'),
        Some(Mark::Failed) => (Role::Broken, 'X'),
        Some(Mark::Escalated) => (Role::Asked, 'E'),
    }
}
