//! What needs action: requests first, then pages. A row that says what it is about, then why and until when, on as many
//! rows as there is room for.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::console::canvas::line::Line;
use crate::console::canvas::{Canvas, columns};
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::content::rows::{self, Needy};
use crate::console::model::Model;
use crate::console::theme::Role;
use crate::console::view::widgets::layout::first_row;
use crate::engine::Snapshot;
use crate::engine::snapshot::{Arming, DeliveryState, IncidentStage, IncidentView, PlaybookState, PlaybookView, Storm};
use crate::playbook::Risk;

/// Rows that one reason takes at most.
const LONGEST: usize = 5;

/// Draws what there is room for.
pub fn draw(canvas: &mut Canvas<'_>, room: Rect, model: &Model, focused: bool, world: &ViewContext<'_>) {
    let needy = rows::needs_action(world.snapshot);
    if needy.is_empty() {
        let lines = nothing(room.width, model, world);
        for (row, line) in lines.iter().take(usize::from(room.height)).enumerate() {
            canvas.line(room.x + 1, room.y + columns(row), room.width.saturating_sub(1), line);
        }
        return;
    }
    let selected = selected(&needy, model);
    let places = places(room, &needy, model, world);
    for place in &places {
        let Some(one) = needy.get(place.index) else { continue };
        let area = Rect { y: room.y + columns(place.top), height: columns(place.rows), ..room };
        canvas.line(area.x, area.y, area.width, &head(*one));
        let key = key(*one, model.only_looks());
        let lines = reason(*one, place.rows - 1, area.width.saturating_sub(columns(key.len())), world);
        for (row, line) in lines.iter().enumerate() {
            canvas.line(area.x, area.y + 1 + columns(row), area.width.saturating_sub(columns(key.len())), line);
        }
        if place.rows > 1 {
            canvas.put_right(area.right(), area.y + 1, 13, Role::Key, key);
        }
        if focused && place.index == selected {
            canvas.select(area);
        }
    }
    let below = places.last().map_or(0, |last| needy.len() - last.index - 1);
    canvas.more(room, below);
}

/// Where one of them stands in the pane.
struct RowSpan {
    /// Which of them.
    index: usize,
    /// Its first row, counted from the pane's first.
    top: usize,
    /// How many rows it takes.
    rows: usize,
}

/// Two rows each, as many of them as there is room for; what room is left goes to long reasons, from the top.
fn places(room: Rect, needy: &[Needy<'_>], model: &Model, world: &ViewContext<'_>) -> Vec<RowSpan> {
    let height = usize::from(room.height);
    let fit = (height / 2).max(1);
    let first = first_row(selected(needy, model), needy.len(), fit);
    let shown = needy.iter().enumerate().skip(first).take(fit);
    let mut left = height.saturating_sub(2 * fit.min(needy.len() - first));
    let mut top = 0;
    shown
        .map(|(index, one)| {
            let more = wanted(*one, room.width, model, world).saturating_sub(2).min(left);
            let place = RowSpan { index, top, rows: (2 + more).min(height) };
            left -= more;
            top += place.rows;
            place
        })
        .collect()
}

/// Which of them the cursor is on.
fn selected(needy: &[Needy<'_>], model: &Model) -> usize {
    let items: Vec<_> = needy.iter().map(|one| one.id()).collect();
    model.main.needs_action.index(&items)
}

/// What the row of this number from the top is about.
#[must_use]
pub fn item(row: usize, room: Rect, model: &Model, world: &ViewContext<'_>) -> Option<Arc<str>> {
    let needy = rows::needs_action(world.snapshot);
    let places = if needy.is_empty() { Vec::new() } else { places(room, &needy, model, world) };
    let place = places.iter().find(|place| (place.top..place.top + place.rows).contains(&row))?;
    needy.get(place.index).map(|one| one.id())
}

/// Nobody is needed; where nothing was ever armed, how to begin.
fn nothing(width: u16, model: &Model, world: &ViewContext<'_>) -> Vec<Line> {
    let wide = usize::from(width.saturating_sub(2));
    let mut lines = vec![Line::new().dim("nothing")];
    if model.is_powerless(world.snapshot) {
        lines.extend(crate::console::form::powerless().wrap(wide));
    }
    if all_in_shadow(world.snapshot) {
        let how = "All playbooks are in shadow mode: they detect and never act. `salve init` shows what each would do on \
                   this host and arms what you choose; A arms the one under the cursor.";
        lines.extend(Line::new().text(how).wrap(wide));
    }
    lines
}

/// How many rows it would fill at this width.
#[must_use]
pub fn rows(width: u16, model: &Model, world: &ViewContext<'_>) -> usize {
    let needy = rows::needs_action(world.snapshot);
    match needy.len() {
        0 => nothing(width, model, world).len(),
        _ => needy.iter().map(|one| wanted(*one, width, model, world)).sum(),
    }
}

/// How many rows one of them would fill at this width, at least two.
fn wanted(one: Needy<'_>, width: u16, model: &Model, world: &ViewContext<'_>) -> usize {
    let wide = width.saturating_sub(columns(key(one, model.only_looks()).len()));
    1 + reason(one, LONGEST, wide, world).len().max(1)
}

/// Has nobody armed anything yet?
fn all_in_shadow(snapshot: &Snapshot) -> bool {
    let in_force = |book: &&Arc<PlaybookView>| matches!(book.state, PlaybookState::InForce { .. });
    let shadow = |book: &Arc<PlaybookView>| matches!(book.state, PlaybookState::InForce { arming: Arming::Shadow, .. });
    snapshot.playbooks.iter().any(shadow) && snapshot.playbooks.iter().filter(in_force).all(shadow)
}

/// Its number, how far its page has come or how risky it is, and what it is about.
#[must_use]
pub fn head(needy: Needy<'_>) -> Line {
    let incident = match needy {
        Needy::Incident(incident) => incident,
        Needy::Storm(storm) => {
            let what = format!("storm: {} of {} down", storm.failing, storm.of);
            let line = Line::new().text(" ").with(Role::Asked, storm.incident.to_string()).text(" ");
            return line.with(Role::Asked, paging(&storm.call)).text("  ").text(what);
        }
    };
    let target = format::target(&incident.key.target.to_string());
    let line = Line::new().text(" ").with(Role::Asked, incident.id.to_string()).text(" ");
    let line = match (&incident.stage, &incident.call, incident.risk) {
        (IncidentStage::Asking(_), _, Risk::High) => line.with(Role::Risky, "HIGH RISK"),
        (IncidentStage::Asking(_), _, risk) => line.text(format!("{risk} risk")),
        (_, Some(call), _) => line.with(Role::Asked, paging(call)),
        (_, None, _) => line.with(Role::Asked, "PAGED"),
    };
    line.text("  ").text(&target).dim(format!("  {}", incident.playbook))
}

const fn paging(call: &DeliveryState) -> &'static str {
    match call {
        DeliveryState::Calling { .. } => "PAGING",
        DeliveryState::Taken { .. } => "PAGED",
    }
}

/// Why, and until when, on at most so many rows.
fn reason(one: Needy<'_>, most: usize, width: u16, world: &ViewContext<'_>) -> Vec<Line> {
    let wide = usize::from(width);
    match one {
        Needy::Incident(incident) => fitted(foot(incident, world), most, wide),
        Needy::Storm(storm) => {
            // as many names as there is room for, and how many more there are
            let named = |count: usize| storm_foot(storm, count).wrap(wide);
            let fits = (0..=storm.targets.len()).rev().find(|count| named(*count).len() <= most);
            fitted(storm_foot(storm, fits.unwrap_or(0)), most, wide)
        }
    }
}

/// Wrapped; what there is no room for shows as cut.
fn fitted(line: Line, most: usize, wide: usize) -> Vec<Line> {
    let mut lines = line.wrap(wide);
    if lines.len() > most {
        let rest: Vec<String> = lines.drain(most..).map(|line| line.bare().trim().to_owned()).collect();
        if let Some(last) = lines.pop() {
            lines.push(last.text(" ").text(rest.join(" ")));
        }
    }
    lines
}

fn foot(incident: &IncidentView, world: &ViewContext<'_>) -> Line {
    let line = undelivered(incident.call.as_ref()).hanging(2);
    match &incident.stage {
        IncidentStage::Asking(request) => {
            line.text(format!("expires in {}", format::left(request.expires, world.mono)))
        }
        IncidentStage::Escalated(cause) => match &incident.acknowledged {
            Some(by) => line.dim(format!("acknowledged by {}: {cause}", format::who(by))),
            None => line.text(cause.to_string()),
        },
        IncidentStage::Held(denial) => line.text(format::denial_words(denial, world.mono)),
        IncidentStage::Firing
        | IncidentStage::Remediating { .. }
        | IncidentStage::Verifying { .. }
        | IncidentStage::Soaking { .. }
        | IncidentStage::Closed { .. } => line.text(format::stage(incident)),
    }
}

fn storm_foot(storm: &Storm, names: usize) -> Line {
    let line = undelivered(Some(&storm.call)).hanging(2);
    let targets = format::failing(storm, names);
    match &storm.acknowledged {
        Some(by) => line.dim(format!("acknowledged by {}: {targets}", format::who(by))),
        None => line.text(targets),
    }
}

/// That no channel has taken the page yet, where none has.
fn undelivered(call: Option<&DeliveryState>) -> Line {
    let line = Line::new().text("  ");
    match call {
        Some(call @ DeliveryState::Calling { .. }) => line.with(Role::Asked, call.to_string()).text("; "),
        Some(DeliveryState::Taken { .. }) | None => line,
    }
}

fn key(one: Needy<'_>, only_looks: bool) -> &'static str {
    match one {
        Needy::Incident(incident) if matches!(incident.stage, IncidentStage::Asking(_)) => "  [a] review",
        one if one.is_unanswered() && !only_looks => "  [c] ack",
        _ => "",
    }
}
