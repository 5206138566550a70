//! What needs a person: requests first, then calls. Two rows each: what, and until when.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::World;
use super::main::first_row;
use crate::console::canvas::{Canvas, columns};
use crate::console::line::Line;
use crate::console::model::{Model, incident_item};
use crate::console::rows;
use crate::console::say;
use crate::console::theme::Role;
use crate::engine::Snapshot;
use crate::engine::snapshot::{Arming, IncidentView, PlaybookState, PlaybookView, Stage};
use crate::playbook::Risk;

/// Draws what there is room for.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, model: &Model, focused: bool, world: &World<'_>) {
    let needy = rows::needs_you(world.snapshot);
    if needy.is_empty() {
        let lines = nothing(room.width, model, world);
        for (row, line) in lines.iter().take(usize::from(room.height)).enumerate() {
            canvas.line(room.x + 1, room.y + columns(row), room.width.saturating_sub(1), line);
        }
        return;
    }
    let items: Vec<_> = needy.iter().map(|incident| incident_item(incident.id)).collect();
    let selected = model.main.needs_you.index(&items);
    let fit = usize::from(room.height / 2).max(1);
    let first = first_row(selected, needy.len(), fit);
    for (slot, (index, incident)) in needy.iter().enumerate().skip(first).take(fit).enumerate() {
        let y = room.y + columns(slot * 2);
        let rows = (room.bottom() - y).min(2);
        canvas.line(room.x, y, room.width, &head(incident));
        if rows > 1 {
            let key = key(incident, model.only_looks());
            canvas.line(room.x, y + 1, room.width.saturating_sub(columns(key.len())), &foot(incident, world));
            canvas.put_right(room.right(), y + 1, 13, Role::Key, key);
        }
        if focused && index == selected {
            canvas.select(Rect { y, height: rows, ..room });
        }
    }
    let below = needy.len().saturating_sub(first + fit);
    canvas.more(room, below);
}

/// Nobody is needed; where nothing was ever armed, how to begin.
fn nothing(width: u16, model: &Model, world: &World<'_>) -> Vec<Line> {
    let wide = usize::from(width.saturating_sub(2));
    let mut lines = vec![Line::new().dim("nothing")];
    if model.is_powerless(world.snapshot) {
        lines.extend(crate::console::form::powerless().wrap(wide));
    }
    if all_in_shadow(world.snapshot) {
        let how = "All playbooks are in shadow: they look, and act on nothing. `salve init` tells what each would do on \
                   this host, and arms what you choose; A arms the one under the cursor.";
        lines.extend(Line::new().text(how).wrap(wide));
    }
    lines
}

/// How many rows it would fill at this width.
#[must_use]
pub fn rows(width: u16, model: &Model, world: &World<'_>) -> usize {
    match rows::needs_you(world.snapshot).len() {
        0 => nothing(width, model, world).len(),
        needy => needy * 2,
    }
}

/// Has nobody armed anything yet?
fn all_in_shadow(snapshot: &Snapshot) -> bool {
    let in_force = |book: &&Arc<PlaybookView>| matches!(book.state, PlaybookState::InForce { .. });
    let shadow = |book: &Arc<PlaybookView>| matches!(book.state, PlaybookState::InForce { arming: Arming::Shadow, .. });
    snapshot.playbooks.iter().any(shadow) && snapshot.playbooks.iter().filter(in_force).all(shadow)
}

/// Its number, how risky, and what.
#[must_use]
pub fn head(incident: &IncidentView) -> Line {
    let target = say::target(&incident.key.target.to_string());
    let line = Line::new().text(" ").with(Role::Asked, incident.id.to_string()).text(" ");
    let line = match (&incident.stage, incident.risk) {
        (Stage::Escalated(_), _) => line.with(Role::Asked, say::called(incident.call.as_ref())),
        (Stage::Asking(_), Risk::High) => line.with(Role::Risky, "RISKY"),
        (Stage::Asking(_), risk) => line.text(format!("{risk} risk")),
        _ if incident.call.is_some() => line.with(Role::Asked, say::called(incident.call.as_ref())),
        (_, Risk::High) => line.with(Role::Risky, "RISKY"),
        (_, risk) => line.text(format!("{risk} risk")),
    };
    line.text("  ").text(&target).dim(format!("  {}", incident.playbook))
}

fn foot(incident: &IncidentView, world: &World<'_>) -> Line {
    let line = Line::new().text("  ");
    match &incident.stage {
        Stage::Asking(request) => line.text(format!("expires in {}", say::left(request.expires, world.mono))),
        Stage::Escalated(cause) => match &incident.acknowledged {
            Some(by) => line.dim(format!("{} is on it: {cause}", say::who(by))),
            None => line.text(cause.to_string()),
        },
        Stage::Held(denial) => line.text(denial.to_string()),
        _ => line,
    }
}

fn key(incident: &IncidentView, only_looks: bool) -> &'static str {
    match (&incident.stage, &incident.acknowledged) {
        (Stage::Asking(_), _) => "  [a] review",
        (_, None) if !only_looks => "  [c] seen",
        _ => "",
    }
}
