//! The last hour, one row per key that was not well all the time, one column per bucket of time.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::console::canvas::glyphs::Glyphs;
use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::content::rows::{self, Row, Urgency};
use crate::console::model::MainPage;
use crate::console::theme::Role;
use crate::console::view::widgets::layout::first_row;
use crate::core::Mono;
use crate::engine::snapshot::TimelineMark;

const HOUR_MS: u64 = 3_600_000;
const NAME: u16 = 13;
const LEGEND: [&str; 4] =
    ["! firing   ? unknown", "A asked    F fixing", "V verified X failed", "P paged   blank no data"];

/// How many rows have something to tell; one at least, which says that none has.
#[must_use]
pub fn told(world: &ViewContext<'_>) -> usize {
    tellers(world, "").len().max(1)
}

fn tellers<'a>(world: &ViewContext<'a>, filter: &str) -> Vec<Row<'a>> {
    let mut rows = rows::detectors(world.snapshot, filter);
    rows.retain(|row| {
        row.detector.marks.iter().any(|(_, mark)| !matches!(mark, TimelineMark::Ok | TimelineMark::NoData))
    });
    rows
}

/// The rows, and which one is selected; while it has the keys, one walks through all of them.
fn listed<'a>(main: &MainPage, focused: bool, world: &ViewContext<'a>) -> (Vec<Row<'a>>, Option<Arc<str>>) {
    let all = rows::detectors(world.snapshot, &main.filter);
    let items: Vec<_> = all.iter().map(|row| Arc::clone(&row.id)).collect();
    let chosen = items.get(main.detectors.index(&items)).cloned();
    (if focused { all } else { tellers(world, &main.filter) }, chosen)
}

fn first(rows: &[Row<'_>], chosen: Option<&Arc<str>>, height: usize) -> usize {
    let selected = rows.iter().position(|row| Some(&row.id) == chosen);
    first_row(selected.unwrap_or(0), rows.len(), height)
}

/// What the row of this number from the top shows.
#[must_use]
pub fn item(row: usize, height: usize, main: &MainPage, focused: bool, world: &ViewContext<'_>) -> Option<Arc<str>> {
    let (rows, chosen) = listed(main, focused, world);
    rows.get(first(&rows, chosen.as_ref(), height) + row).map(|row| Arc::clone(&row.id))
}

/// Draws what there is room for; the key that is selected among the detectors is always shown.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, main: &MainPage, focused: bool, world: &ViewContext<'_>) {
    let height = usize::from(room.height);
    let all = rows::detectors(world.snapshot, &main.filter);
    let (rows, chosen) = listed(main, focused, world);
    if rows.is_empty() || height == 0 {
        if height > 0 {
            canvas.put(room.x + 1, room.y, room.width.saturating_sub(1), Role::Dim, &calm(&all, world));
        }
        return;
    }
    let first = first(&rows, chosen.as_ref(), height);
    let legend = if room.width >= 76 { 22 } else { 0 };
    let buckets = usize::from(room.width.saturating_sub(NAME + 2 + legend));
    for (slot, row) in rows.iter().skip(first).take(height).enumerate() {
        let y = room.y + columns(slot);
        let is_selected = chosen.as_ref() == Some(&row.id);
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

/// What there is to say where no fault was seen: for how long that is known, and since when everything is watched.
fn calm(rows: &[Row<'_>], world: &ViewContext<'_>) -> String {
    let applicable: Vec<_> = rows.iter().filter(|row| row.class != Urgency::None).collect();
    let since: Vec<_> = applicable.iter().filter_map(|row| watched_since(&row.detector.marks)).collect();
    let Some(last) = since.iter().max() else {
        return if applicable.is_empty() { "nothing to show" } else { "no data yet" }.to_owned();
    };
    let watched = world.mono.0.saturating_sub(last.0);
    if watched >= HOUR_MS {
        return "nothing fired in the last hour".to_owned();
    }
    let unread = match applicable.len() - since.len() {
        0 => String::new(),
        unread => format!("; {unread} without a reading"),
    };
    format!(
        "nothing fired in the last {}; no data before that{unread}",
        format::age(std::time::Duration::from_millis(watched))
    )
}

/// Since when a key has been watched without a break.
fn watched_since(marks: &[(Mono, TimelineMark)]) -> Option<Mono> {
    let first = marks.iter().rposition(|(_, mark)| *mark == TimelineMark::NoData).map_or(0, |gap| gap + 1);
    marks.get(first).map(|(at, _)| *at)
}

fn sign(mark: Option<TimelineMark>, glyphs: &Glyphs) -> (Role, char) {
    match mark {
        None | Some(TimelineMark::NoData) => (Role::Dim, ' '),
        Some(TimelineMark::Ok) => (Role::Dim, glyphs.calm),
        Some(TimelineMark::Unknown) => (Role::Unknown, '?'),
        Some(TimelineMark::Broken) => (Role::Broken, '!'),
        Some(TimelineMark::Asked) => (Role::Asked, 'A'),
        Some(TimelineMark::Fixing) => (Role::Fixing, 'F'),
        Some(TimelineMark::Verified) => (Role::Ok, 'V'),
        Some(TimelineMark::Failed) => (Role::Broken, 'X'),
        Some(TimelineMark::Escalated) => (Role::Asked, 'P'),
    }
}
