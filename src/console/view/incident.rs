//! An incident's page: how it stands, the evidence, and the whole story.

use super::{World, story};
use crate::console::line::Line;
use crate::console::model::Model;
use crate::console::recall;
use crate::console::rows;
use crate::console::say;
use crate::console::theme::Role;
use crate::core::IncidentId;
use crate::engine::snapshot::{IncidentView, Stage, paged};

/// The page's heading.
#[must_use]
pub fn heading(id: IncidentId, model: &Model, world: &World<'_>) -> Line {
    let line = Line::new().with(Role::Focus, format!("Incident {id}"));
    match recall::incident(model, id, world) {
        Some(incident) => line
            .text("  ")
            .with(Role::Title, say::target(&incident.key.target.to_string()))
            .dim(format!("  {}", incident.playbook)),
        None => line,
    }
}

/// The page's text.
#[must_use]
pub fn lines(id: IncidentId, width: usize, model: &Model, world: &World<'_>) -> Vec<Line> {
    let Some(incident) = recall::incident(model, id, world) else {
        return vec![match (model.recalled.refused(id), model.replayed()) {
            (Some(why), _) => Line::new().with(Role::Unknown, format!("It cannot be shown: {why}")).hanging(2),
            (None, Some(_)) => Line::new().dim("At this moment it had not been opened yet."),
            (None, None) => Line::new().dim("The journal is being asked."),
        }];
    };
    let incident = &*incident;
    let (role, stands) = stage(incident, world);
    let since = say::date(incident.since.wall, world.zone);
    let lasted = match &incident.stage {
        Stage::Closed { at, .. } => say::length(at.mono.0.saturating_sub(incident.since.mono.0)),
        _ => say::length(world.mono.0.saturating_sub(incident.since.mono.0)),
    };
    let mut lines = vec![
        Line::new().with(role, stands).hanging(2),
        Line::new().dim("promise  ").text(&incident.title).hanging(9),
        Line::new().dim("target   ").text(incident.key.target.to_string()),
        Line::new().dim("since    ").text(since).dim(format!(", {lasted}")),
    ];
    let breaker = rows::breaker_of(world.snapshot, &incident.key);
    let breaker = breaker.map_or_else(String::new, |breaker| {
        format!("; breaker {} {}/{}", breaker.state.word(), breaker.invocations, breaker.limit)
    });
    let tried = format!(
        "{}, {}{breaker}",
        say::count(incident.attempts, "attempt", "attempts"),
        say::count(incident.rungs, "rung", "rungs")
    );
    lines.push(Line::new().dim("tried    ").text(tried).dim(format!("; risk {}", incident.risk)).hanging(9));
    if let Some(by) = &incident.acknowledged {
        lines.push(Line::new().dim("ack by   ").text(by.to_string()));
    }
    lines.extend([Line::new(), Line::title("Evidence")]);
    if incident.readings.is_empty() {
        lines.push(Line::new().dim("no readings"));
    }
    lines.extend(incident.readings.iter().map(|reading| story::reading(reading, world)));
    lines.extend([Line::new(), Line::title("Story")]);
    lines.extend(story::lines(&incident.story, &incident.numbers(), model.recalled.chosen(id), world));
    // of the past, what came next can be looked at
    if width >= 20 && model.replayed().is_none() && !matches!(incident.stage, Stage::Closed { .. }) {
        lines.push(Line::new());
        lines.push(Line::new().dim(next(incident)));
    }
    lines
}

/// How it stands, in a sentence.
fn stage(incident: &IncidentView, world: &World<'_>) -> (Role, String) {
    let numbers = incident.numbers();
    match &incident.stage {
        Stage::Firing => (Role::Broken, "BROKEN: fresh readings are being taken".into()),
        Stage::Held(denial) => (Role::Broken, format!("ON HOLD: {}", say::denial_words(denial, world.mono))),
        Stage::Asking(request) => {
            let left = say::left(request.expires, world.mono);
            (Role::Asked, format!("AWAITING APPROVAL: {}; expires in {left}", request.why))
        }
        Stage::Remediating { attempt, plan, since } => {
            let attempt = numbers.attempt_of(*attempt);
            let runs = say::age(world.mono.since(*since));
            let deadline = say::length(plan.timeout_ms);
            (Role::Fixing, format!("FIXING: {attempt}, rung {}, runs for {runs} of at most {deadline}", plan.rung + 1))
        }
        Stage::Verifying { attempt, deadline } => (
            Role::Fixing,
            format!("VERIFYING {}: {} left", numbers.attempt_of(*attempt), say::left(*deadline, world.mono)),
        ),
        Stage::Soaking { attempt, until } => (
            Role::Fixing,
            format!(
                "SOAKING: {} is verified and must stay so for {}",
                numbers.attempt_of(*attempt),
                say::left(*until, world.mono)
            ),
        ),
        Stage::Escalated(cause) => (Role::Asked, paged(incident.call.as_ref(), cause)),
        Stage::Closed { outcome, at } => {
            let when = say::date(at.wall, world.zone);
            (Role::Ok, format!("OVER at {when}: {}", numbers.outcome(outcome)))
        }
    }
}

/// What comes next, if nobody presses a key.
fn next(incident: &IncidentView) -> &'static str {
    match &incident.stage {
        Stage::Firing => "Next: the gate decides on the fresh readings.",
        Stage::Held(_) => "Next: the gate is asked again as soon as what holds it ends.",
        Stage::Asking(_) => "Next: without an answer the request expires, nothing is run, and a page goes out.",
        Stage::Remediating { .. } => "Next: the verifier looks, with readings that begin after the attempt.",
        Stage::Verifying { .. } => "Next: verified, it soaks; not verified, the next rung goes to the gate.",
        Stage::Soaking { .. } => "Next: healed, if it stays so.",
        Stage::Escalated(_) => "Next: salve only watches. c acknowledges the page, r runs a rung by hand.",
        Stage::Closed { .. } => "",
    }
}
