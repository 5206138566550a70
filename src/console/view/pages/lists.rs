//! Lists to choose from: requests, incidents, playbooks.

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::filtered_list::ListKind;
use crate::console::content::fuzzy::mark_name;
use crate::console::content::rows::playbooks;
use crate::console::content::suppressions::{self, Suppression};
use crate::console::content::{filtered_list, format, rows};
use crate::console::model::Cursor;
use crate::console::theme::Role;
use crate::console::view::widgets::layout::first_row;
use crate::core::Operator;
use crate::engine::snapshot::{Arming, IncidentStage, IncidentView, PlaybookState, PlaybookView, paged};
use crate::playbook::{Mode, Origin, Risk};

/// The page's heading.
#[must_use]
pub fn heading(kind: ListKind, filter: &str, world: &ViewContext<'_>) -> Line {
    let count = filtered_list::rows(kind, filter, world.snapshot).len();
    let name = match kind {
        ListKind::Approvals => "Approvals",
        ListKind::Playbooks => "Playbooks",
        ListKind::Incidents => "Incidents",
        ListKind::Held => "On hold",
    };
    let line = Line::new().with(Role::Focus, name).text(format!(" {count}"));
    if !filter.is_empty() {
        return line.with(Role::Key, format!("  /{filter}"));
    }
    let oldest = world.snapshot.incidents.iter().map(|view| view.id.0).min();
    match (kind, oldest) {
        (ListKind::Incidents, Some(2..)) => line.dim("  older: press : and type the number"),
        _ => line,
    }
}

/// Every row that the filter admits.
#[must_use]
pub fn lines(kind: ListKind, filter: &str, world: &ViewContext<'_>) -> Vec<Line> {
    let all = all(kind, world);
    let shown = filtered_list::rows(kind, filter, world.snapshot).into_iter();
    shown.filter_map(|row| Some(mark_name(all.get(row.index)?.clone(), &row.name, &row.marks))).collect()
}

fn all(kind: ListKind, world: &ViewContext<'_>) -> Vec<Line> {
    match kind {
        ListKind::Approvals => rows::requests(world.snapshot).iter().map(|(view, _)| incident(view, world)).collect(),
        ListKind::Incidents => world.snapshot.incidents.iter().map(|view| incident(view, world)).collect(),
        ListKind::Playbooks => playbooks(world.snapshot).into_iter().map(|view| playbook(view)).collect(),
        ListKind::Held => suppressions::all(world.snapshot).into_iter().map(|one| self::held(one, world)).collect(),
    }
}

/// Draws the rows that there is room for.
pub fn draw(
    canvas: &mut Canvas<'_>,
    room: Rect,
    (kind, filter): (ListKind, &str),
    cursor: &Cursor,
    world: &ViewContext<'_>,
) {
    let lines = lines(kind, filter, world);
    let height = usize::from(room.height);
    if lines.is_empty() {
        let words = match kind {
            _ if !filter.is_empty() => "no match: Esc shows all",
            ListKind::Approvals => "Nothing awaits approval.",
            ListKind::Incidents => "No incidents yet.",
            ListKind::Playbooks => "No playbooks found.",
            ListKind::Held => "Nothing is paused, planned or snoozed: p pauses, w plans maintenance, s snoozes.",
        };
        canvas.put(room.x, room.y, room.width, Role::Dim, words);
        return;
    }
    let selected = cursor.index(&filtered_list::ids(kind, filter, world.snapshot));
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
pub fn incident(incident: &IncidentView, world: &ViewContext<'_>) -> Line {
    let (role, stands) = match &incident.stage {
        IncidentStage::Firing => (Role::Broken, "FIRING".to_owned()),
        IncidentStage::Held(denial) => (Role::Broken, format!("ON HOLD: {}", format::denial_words(denial, world.mono))),
        IncidentStage::Asking(request) => {
            let risky = if incident.risk == Risk::High { ", high risk" } else { "" };
            (Role::Asked, format!("AWAITING APPROVAL{risky}, expires in {}", format::left(request.expires, world.mono)))
        }
        IncidentStage::Remediating { attempt, .. } => {
            (Role::Fixing, format!("FIXING, {}", incident.numbers().attempt_of(*attempt)))
        }
        IncidentStage::Verifying { deadline, .. } => {
            (Role::Fixing, format!("VERIFYING {}", format::left(*deadline, world.mono)))
        }
        IncidentStage::Soaking { until, .. } => {
            (Role::Fixing, format!("HEALTHY, watching {} more", format::left(*until, world.mono)))
        }
        IncidentStage::Escalated(cause) => (Role::Asked, paged(incident.call.as_ref(), cause)),
        IncidentStage::Closed { outcome, .. } => (Role::Text, incident.numbers().outcome(outcome)),
    };
    let target = format::target(&incident.key.target.to_string());
    Line::new()
        .text(format!("{:<6}", incident.id.to_string()))
        .dim(format!("{} ", format::date(incident.since.wall, world.zone)))
        .text(" ")
        .text(target)
        .up_to(44)
        .with(role, stands)
        .dim(format!("  {}", incident.playbook))
        .hanging(6)
}

/// A pause, a maintenance window or a snooze in one row.
#[must_use]
pub fn held(held: Suppression<'_>, world: &ViewContext<'_>) -> Line {
    let (role, kind, what, when, more) = match held {
        Suppression::Pause(pause) => {
            let when = format::until(pause.until, world.mono);
            (Role::Paused, "PAUSED".to_owned(), pause.scope.to_string(), when, who(&pause.by, &pause.reason))
        }
        Suppression::Maintenance(window) => {
            let (role, kind, when) = if let Some(until) = window.until {
                (Role::Paused, "PAUSED", format!("{} left", format::left(until, world.mono)))
            } else {
                let begins = format::ahead(window.from, world.wall, world.zone);
                (Role::Asked, "PLANNED", format!("{begins}, for {}", format::length(window.length_ms)))
            };
            let what = window.scope.to_string();
            (role, format!("{kind} {}", window.id), what, when, who(&window.by, &window.reason))
        }
        Suppression::Snooze(snooze) => {
            let what = format::target(&snooze.key.target.to_string());
            let when = format!("{} left", format::left(snooze.until, world.mono));
            let more = format!("({}) {}", snooze.playbook, who(&snooze.by, &snooze.reason));
            (Role::Unknown, "SNOOZED".to_owned(), what, when, more)
        }
    };
    Line::new().with(role, kind).up_to(11).text(what).text("  ").with(Role::Title, when).dim(format!("  {more}"))
}

fn who(by: &Operator, reason: &str) -> String {
    let by = format::who(by);
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
