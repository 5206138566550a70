//! Line 1: is anything broken, is it being fixed, does it need me? Always in words and counts, at every width.

mod past;

use super::World;
use crate::console::canvas::{Canvas, columns};
use crate::console::held::{self, Held};
use crate::console::line::{Line, width};
use crate::console::model::Model;
use crate::console::rows::{self, Counts};
use crate::console::say;
use crate::console::theme::Role;
use crate::core::Scope;
use crate::engine::snapshot::PlaybookState;
use crate::playbook::Mode;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, room: u16, model: &Model, world: &World<'_>) {
    let (state, rest) = match (model.replayed(), &model.rewind) {
        (Some(shown), Some(rewind)) => past::fitted(usize::from(room), shown, rewind, world),
        (_, Some(rewind)) => past::asked(usize::from(room), rewind, world),
        _ => fitted(usize::from(room), world),
    };
    canvas.line(0, 0, room, &state);
    canvas.line(room.saturating_sub(columns(rest.width())), 0, room, &rest);
}

/// The whole of it as bare text.
#[must_use]
pub fn headline(world: &World<'_>) -> String {
    said(&state(world), "  ").bare().trim().to_owned()
}

/// The longest form that fits: first the right side gives way, then the words on the left.
fn fitted(room: usize, world: &World<'_>) -> (Line, Line) {
    let parts = state(world);
    let left = [said(&parts, "  "), said(&parts, " "), first_and_rest(&parts), said(&parts[..1], "")];
    let right = right_sides(world);
    for state in &left {
        for rest in &right {
            if state.width() + rest.width() < room {
                return (state.clone(), rest.clone());
            }
        }
        if state.width() <= room {
            return (state.clone(), Line::new());
        }
    }
    let [.., shortest] = left;
    (shortest, Line::new())
}

/// How things stand, most pressing alarm of the engine itself first.
fn state(world: &World<'_>) -> Vec<(Role, String)> {
    let snapshot = world.snapshot;
    let counts = rows::counts(snapshot);
    let mut parts = Vec::new();
    if world.stale() {
        parts.push((Role::Stale, format!("STALE {}", say::age(world.age))));
    }
    if snapshot.recording.is_err() {
        parts.push((Role::Stale, "NOT RECORDING: NOTHING ACTS".into()));
    }
    let alarms = [
        (counts.broken, Role::Broken, "BROKEN"),
        (counts.fixing, Role::Fixing, "FIXING"),
        (counts.asks, Role::Asked, if counts.asks == 1 { "NEEDS YOU" } else { "NEED YOU" }),
        (counts.pending, Role::Fixing, "PENDING"),
        (counts.unknown, Role::Unknown, "UNKNOWN"),
        (counts.waiting, Role::Unknown, "LOOKING"),
    ];
    parts.extend(
        alarms.into_iter().filter(|(count, ..)| *count > 0).map(|(n, role, word)| (role, format!("{n} {word}"))),
    );
    if parts.is_empty() {
        parts.push(calm(counts, snapshot.detectors.is_empty(), snapshot.playbooks.is_empty()));
    }
    let rejected =
        snapshot.playbooks.iter().filter(|book| matches!(book.state, PlaybookState::Rejected { .. })).count();
    if rejected > 0 {
        parts.push((Role::Unknown, format!("{rejected} REJECTED")));
    }
    parts
}

/// Nothing presses: is that because all is well, or because nothing is looked at?
fn calm(counts: Counts, no_rows: bool, no_playbooks: bool) -> (Role, String) {
    match (counts.ok, no_rows, no_playbooks) {
        (1.., ..) => (Role::Ok, "ALL WELL".into()),
        (_, true, true) => (Role::Unknown, "LOOKING".into()),
        (_, true, false) => (Role::Unknown, "NOTHING WATCHED".into()),
        (_, false, _) => (Role::Unknown, "NOTHING APPLIES HERE".into()),
    }
}

fn said(parts: &[(Role, String)], gap: &str) -> Line {
    parts.iter().enumerate().fold(
        Line::new().text(if gap.len() > 1 { " " } else { "" }),
        |line, (index, (role, words))| {
            let line = if index > 0 { line.text(gap) } else { line };
            line.with(*role, words)
        },
    )
}

/// The most pressing one, and how many more there are.
fn first_and_rest(parts: &[(Role, String)]) -> Line {
    let pressing = |role: Role| match role {
        Role::Stale => 0,
        Role::Asked => 1,
        Role::Broken => 2,
        _ => 3,
    };
    let Some(first) = parts.iter().min_by_key(|(role, _)| pressing(*role)) else { return Line::new() };
    let line = said(std::slice::from_ref(first), "");
    if parts.len() > 1 { line.text(format!(" +{}", parts.len() - 1)) } else { line }
}

/// From the longest to the shortest; a pause is the last to go.
fn right_sides(world: &World<'_>) -> Vec<Line> {
    let host = &*world.snapshot.host;
    let fresh = if world.stale() { String::new() } else { format!("live {}", age(world)) };
    let clock = say::clock(world.wall, world.zone);
    let (role, acting, short) = acting(world);
    let join = |parts: &[(Role, &str)]| {
        let line = parts.iter().filter(|(_, text)| !text.is_empty()).fold(Line::new(), |line, (role, text)| {
            let line = if width(&line.bare()) > 0 { line.text("  ") } else { line };
            line.with(*role, text)
        });
        line.text(" ")
    };
    let (acting, short) = ((role, acting.as_str()), (role, short));
    vec![
        join(&[(Role::Title, host), (Role::Dim, &fresh), acting, (Role::Text, &clock)]),
        join(&[(Role::Dim, &fresh), acting, (Role::Text, &clock)]),
        join(&[(Role::Dim, &fresh), acting]),
        join(&[acting]),
        Line::new().with(short.0, short.1),
    ]
}

/// The age of the data in whole seconds; a sign of progress comes every second, so the first one is no news.
fn age(world: &World<'_>) -> String {
    format!("{}s", world.age.saturating_sub(std::time::Duration::from_millis(500)).as_secs() + 1)
}

/// May anything act, and if not, who said so?
fn acting(world: &World<'_>) -> (Role, String, &'static str) {
    if let Some(held) = held::pausing(world.snapshot) {
        let what = match held.scope() {
            Some(Scope::Playbook(name)) => format!(" {name}"),
            _ => String::new(),
        };
        let (name, until, by) = match held {
            Held::Pause(pause) => ("PAUSED", pause.until, &pause.by),
            Held::Maintenance(window) => ("MAINTENANCE", window.until, &window.by),
            Held::Snooze(snooze) => ("SNOOZED", Some(snooze.until), &snooze.by),
        };
        let length = until.map_or_else(String::new, |until| format!(" {}", say::age(until.since(world.mono))));
        return (Role::Paused, format!("{name}{what}{length} by {}", say::who(by)), "PAUSED");
    }
    let (role, may) = mode(world);
    let Some((_, ahead)) = held::coming(world) else { return (role, may.into(), "") };
    // rounded up: it has not begun
    let ahead = say::age(std::time::Duration::from_secs(ahead.as_secs().div_ceil(60) * 60));
    let gap = if may.is_empty() { "" } else { ", " };
    (Role::Asked, format!("{may}{gap}maintenance in {ahead}"), "MAINT SOON")
}

/// The most that anything here may do.
fn mode(world: &World<'_>) -> (Role, &'static str) {
    match rows::highest_mode(world.snapshot) {
        Some(Mode::Auto) => (Role::Text, "AUTO on"),
        Some(Mode::Ask) => (Role::Text, "ASKS first"),
        Some(Mode::Shadow) => (Role::Unknown, "SHADOW only"),
        Some(Mode::Off) => (Role::Unknown, "ALL OFF"),
        None => (Role::Text, ""),
    }
}
