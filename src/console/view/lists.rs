//! Lists to choose from: requests, incidents, playbooks.

use ratatui::layout::Rect;

use super::World;
use super::main::first_row;
use crate::console::canvas::{Canvas, columns};
use crate::console::fuzzy::mark_name;
use crate::console::held::{self, Held};
use crate::console::line::Line;
use crate::console::listed;
use crate::console::model::{Cursor, ListKind, playbooks};
use crate::console::rows;
use crate::console::say;
use crate::console::theme::Role;
use crate::core::Operator;
use crate::engine::snapshot::{Arming, IncidentView, PlaybookState, PlaybookView, Stage, paged};
use crate::playbook::{Mode, Origin, Risk};

/// The page's heading.
#[must_use]
pub fn heading(kind: ListKind, filter: &str, world: &World<'_>) -> Line {
    let count = listed::rows(kind, filter, world.snapshot).len();
    let name = match kind {
        ListKind::Approvals => "Approvals",
        ListKind::Playbooks => "Playbooks",
        ListKind::Incidents => "Incidents",
        ListKind::Held => "Held back",
    };
    let line = Line::new().with(Role::Focus, name).text(format!(" {count}"));
    if !filter.is_empty() {
        return line.with(Role::Key, format!("  /{filter}"));
    }
    let oldest = world.snapshot.incidents.iter().map(|view| view.id.0).min();
    match (kind, oldest) {
        (ListKind::Incidents, Some(2..)) => line.dim("  older ones: press : and type the number"),
        _ => line,
    }
}

/// Every row that the filter admits.
#[must_use]
pub fn lines(kind: ListKind, filter: &str, world: &World<'_>) -> Vec<Line> {
    let all = all(kind, world);
    let shown = listed::rows(kind, filter, world.snapshot).into_iter();
    shown.filter_map(|row| Some(mark_name(all.get(row.index)?.clone(), &row.name, &row.marks))).collect()
}

fn all(kind: ListKind, world: &World<'_>) -> Vec<Line> {
    match kind {
        ListKind::Approvals => rows::requests(world.snapshot).iter().map(|(view, _)| incident(view, world)).collect(),
        ListKind::Incidents => world.snapshot.incidents.iter().map(|view| incident(view, world)).collect(),
        ListKind::Playbooks => playbooks(world.snapshot).into_iter().map(|view| playbook(view)).collect(),
        ListKind::Held => held::all(world.snapshot).into_iter().map(|one| self::held(one, world)).collect(),
    }
}

/// Draws the rows that there is room for.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, (kind, filter): (ListKind, &str), cursor: &Cursor, world: &World<'_>) {
    let lines = lines(kind, filter, world);
    let height = usize::from(room.height);
    if lines.is_empty() {
        let words = match kind {
            _ if !filter.is_empty() => "nothing holds these words: Esc shows all",
            ListKind::Approvals => "Nothing awaits approval.",
            ListKind::Incidents => "No incident yet.",
            ListKind::Playbooks => "No playbook was found.",
            ListKind::Held => "Nothing is paused, planned or snoozed: p pauses, w plans, s snoozes.",
        };
        canvas.put(room.x, room.y, room.width, Role::Dim, words);
        return;
    }
    let selected = cursor.index(&listed::ids(kind, filter, world.snapshot));
    let first = first_row(selected, lines.len(), height);
    for (slot, (index, line)) in lines.iter().enumerate().skip(first).take(height).enumerate() {
        let y = room.y + columns(slot);
        canvas.line(room.x, y, room.width, line);
        if index == selected {
            canvas.select(Rect { x: room.x.saturating_sub(1), y, width: room.width + 1, height: 1 });
        }
    }
}

/// An incident in one row.
#[must_use]
pub fn incident(incident: &IncidentView, world: &World<'_>) -> Line {
    let (role, stands) = match &incident.stage {
        Stage::Firing => (Role::Broken, "BROKEN".to_owned()),
        Stage::Held(denial) => (Role::Broken, format!("ON HOLD: {}", say::denial_words(denial, world.mono))),
        Stage::Asking(request) => {
            let risky = if incident.risk == Risk::High { ", high risk" } else { "" };
            (Role::Asked, format!("AWAITING APPROVAL{risky}, expires in {}", say::left(request.expires, world.mono)))
        }
        Stage::Remediating { attempt, .. } => {
            (Role::Fixing, format!("FIXING, {}", incident.numbers().attempt_of(*attempt)))
        }
        Stage::Verifying { .. } => (Role::Fixing, "VERIFYING".to_owned()),
        Stage::Soaking { .. } => (Role::Fixing, "SOAKING".to_owned()),
        Stage::Escalated(cause) => (Role::Asked, paged(incident.call.as_ref(), cause)),
        Stage::Closed { outcome, .. } => (Role::Text, incident.numbers().outcome(outcome)),
    };
    let target = say::target(&incident.key.target.to_string());
    Line::new()
        .text(format!("{:<6}", incident.id.to_string()))
        .dim(format!("{} ", say::date(incident.since.wall, world.zone)))
        .text(" ")
        .text(target)
        .up_to(44)
        .with(role, stands)
        .dim(format!("  {}", incident.playbook))
        .hanging(6)
}

/// A pause, a maintenance window or a snooze in one row.
#[must_use]
pub fn held(held: Held<'_>, world: &World<'_>) -> Line {
    let (role, kind, what, when, more) = match held {
        Held::Pause(pause) => {
            let when = say::until(pause.until, world.mono);
            (Role::Paused, "PAUSED".to_owned(), pause.scope.to_string(), when, who(&pause.by, &pause.reason))
        }
        Held::Maintenance(window) => {
            let (role, kind, when) = if let Some(until) = window.until {
                (Role::Paused, "PAUSED", format!("{} left", say::left(until, world.mono)))
            } else {
                let begins = say::ahead(window.from, world.wall, world.zone);
                (Role::Asked, "PLANNED", format!("{begins}, for {}", say::length(window.length_ms)))
            };
            let what = window.scope.to_string();
            (role, format!("{kind} {}", window.id), what, when, who(&window.by, &window.reason))
        }
        Held::Snooze(snooze) => {
            let what = say::target(&snooze.key.target.to_string());
            let when = format!("{} left", say::left(snooze.until, world.mono));
            let more = format!("({}) {}", snooze.playbook, who(&snooze.by, &snooze.reason));
            (Role::Unknown, "SNOOZED".to_owned(), what, when, more)
        }
    };
    Line::new().with(role, kind).up_to(11).text(what).text("  ").with(Role::Title, when).dim(format!("  {more}"))
}

fn who(by: &Operator, reason: &str) -> String {
    let by = say::who(by);
    if reason.is_empty() { format!("by {by}") } else { format!("by {by}: {reason}") }
}

fn playbook(playbook: &PlaybookView) -> Line {
    let from = match playbook.origin {
        Origin::Shipped => "shipped",
        Origin::System(_) => "system",
        Origin::User(_) => "yours",
        Origin::Folder(_) => "folder",
    };
    let line = Line::new().text(&playbook.name).up_to(26);
    match &playbook.state {
        PlaybookState::InForce { title, risk, in_force, arming, .. } => {
            let role = if *in_force == Mode::Auto { Role::Ok } else { Role::Unknown };
            let unarmed = if *arming == Arming::Armed { "" } else { " (A arms)" };
            line.with(role, format!("{}{unarmed}", in_force.word()))
                .up_to(44)
                .dim(format!("{:<7}{from:<8}", risk.word()))
                .text(title)
        }
        PlaybookState::Rejected { diagnostics, .. } => {
            let first = diagnostics.lines().next().unwrap_or("").trim();
            line.with(Role::Broken, "REJECTED").up_to(44).dim(format!("{:<7}{from:<8}", "")).text(first)
        }
    }
}
