//! What is watched, most pressing first: name, what was seen against its condition, since when, and how it stands.

use ratatui::layout::Rect;

use crate::console::canvas::glyphs::Glyphs;
use crate::console::canvas::line::width;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::content::fuzzy::marked;
use crate::console::content::rows::{self, Row, Urgency};
use crate::console::model::MainPage;
use crate::console::theme::Role;
use crate::console::view::widgets::layout::first_row;

/// Draws the rows that there is room for, the selected one among them.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, main: &MainPage, focused: bool, world: &ViewContext<'_>) {
    let rows = rows::detectors(world.snapshot, &main.filter);
    if rows.is_empty() {
        return empty(canvas, room, main, world);
    }
    let items: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    let selected = main.detectors.index(&items);
    let height = usize::from(room.height);
    let first = first_row(selected, rows.len(), height);
    for (line, (index, row)) in rows.iter().enumerate().skip(first).take(height).enumerate() {
        let y = room.y + columns(line);
        draw_row(canvas, Rect { y, height: 1, ..room }, row, world);
        if index == selected {
            let cursor = canvas.look.glyphs.cursor;
            canvas.sign(room.x, y, if focused { Role::Focus } else { Role::Dim }, cursor);
            if focused {
                canvas.select(Rect { y, height: 1, ..room });
            }
        }
    }
    let below = rows.len().saturating_sub(first + height);
    let pressing = rows.iter().take(first).filter(|row| row.class < Urgency::Unknown).count();
    canvas.more_around(room, first, pressing, below);
}

fn empty(canvas: &mut Canvas<'_>, room: Rect, main: &MainPage, world: &ViewContext<'_>) {
    let words = match (world.snapshot.detectors.is_empty(), world.snapshot.playbooks.is_empty()) {
        (false, _) if !main.filter.is_empty() => "no match: Esc shows all",
        (_, true) => "reading playbooks",
        _ => "no playbook has a target on this host: B lists them",
    };
    if room.height > 0 {
        canvas.put(room.x + 2, room.y, room.width.saturating_sub(2), Role::Dim, words);
    }
}

/// How a class looks: its sign and its role.
#[must_use]
pub fn sign(class: Urgency, glyphs: &Glyphs) -> (char, Role) {
    match class {
        Urgency::Asks => (glyphs.asks, Role::Asked),
        Urgency::Broken => (glyphs.broken, Role::Broken),
        Urgency::Fixing => (glyphs.fixing, Role::Fixing),
        Urgency::Pending => (glyphs.pending, Role::Fixing),
        Urgency::Unknown => (glyphs.unknown, Role::Unknown),
        Urgency::Ok => (glyphs.ok, Role::Ok),
        Urgency::None => (glyphs.none, Role::Dim),
    }
}

/// Columns: where each begins, and how wide it is.
struct ColumnLayout {
    name: u16,
    playbook: u16,
    seen: u16,
    status: u16,
}

impl ColumnLayout {
    /// Four columns for the age and a gap after each; what is left goes to names and words.
    fn of(width: u16) -> Self {
        let rest = width.saturating_sub(3 + 5 + 1);
        match width {
            ..30 => Self { name: rest.saturating_sub(8), playbook: 0, seen: 0, status: 8 },
            30..48 => Self { name: rest - 10 - 8, playbook: 0, seen: 9, status: 8 },
            48..64 => Self { name: (rest - 15 - 8).min(30), playbook: 0, seen: 14, status: 8 },
            64..90 => Self { name: 18, playbook: 0, seen: 15, status: rest - 18 - 16 },
            _ => Self { name: 24, playbook: 18, seen: 18, status: rest - 24 - 19 - 19 },
        }
    }
}

fn draw_row(canvas: &mut Canvas<'_>, area: Rect, row: &Row<'_>, world: &ViewContext<'_>) {
    let (sign, role) = sign(row.class, &canvas.look.glyphs);
    let columns = ColumnLayout::of(area.width);
    let y = area.y;
    canvas.sign(area.x + 1, y, role, sign);
    let mut x = area.x + 3;
    let quiet = if row.class >= Urgency::Ok { Role::Text } else { role };
    let role_of_name = if row.class == Urgency::None { Role::Dim } else { Role::Text };
    let room = columns.name.min(area.right().saturating_sub(x));
    canvas.line(x, y, room, &marked(&row.name, &row.marks, role_of_name));
    x += columns.name + 1;
    if columns.playbook > 0 {
        canvas.put(x, y, columns.playbook, Role::Dim, &row.detector.playbook);
        x += columns.playbook + 1;
    }
    if columns.seen > 0 {
        canvas.put(x, y, columns.seen, quiet, &seen(row, usize::from(columns.seen)));
        x += columns.seen + 1;
    }
    let words = format::standing(row.detector, world.snapshot, world.mono);
    // a reason has the room of what was not seen
    if row.detector.seen.is_none() && row.class == Urgency::None && columns.seen > 0 {
        x -= columns.seen + 1;
        let (begins, words) =
            if columns.status > 12 { (0, words) } else { (columns.seen + 6, format::standing_short(row.detector)) };
        canvas.put(x + begins, y, area.right().saturating_sub(x + begins), role, &words);
        return;
    }
    let age = match row.class {
        Urgency::Ok | Urgency::None => String::new(),
        _ => format::age(world.mono.since(row.detector.since)),
    };
    canvas.put(x, y, 4, Role::Dim, &format!("{age:>4}"));
    x += 5;
    let words = if columns.status > 12 { words } else { format::standing_short(row.detector) };
    canvas.put(x, y, area.right().saturating_sub(x).min(columns.status), role, &words);
}

/// What was seen, and the condition where both fit.
fn seen(row: &Row<'_>, room: usize) -> String {
    let Some(seen) = &row.detector.seen else { return String::new() };
    let condition = row.detector.condition.replace("> ", ">").replace("< ", "<").replace("= ", "=");
    let both = format!("{seen} {condition}");
    if width(&both) <= room {
        both
    } else {
        // `failed (exit-code)` is `failed` where room is short
        seen.split_once(" (")
            .filter(|_| width(seen) > room)
            .map_or_else(|| seen.to_string(), |(word, _)| word.to_owned())
    }
}
