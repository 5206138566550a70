//! An incident's page: how it stands, the evidence, and the whole story.

use super::{ViewContext, story};
use crate::console::format;
use crate::console::incident_history;
use crate::console::line::Line;
use crate::console::model::Model;
use crate::console::rows;
use crate::console::theme::Role;
use crate::core::IncidentId;
use crate::engine::snapshot::{IncidentStage, IncidentView, paged};

/// The page's heading.
#[must_use]
pub fn heading(id: IncidentId, model: &Model, world: &ViewContext<'_>) -> Line {
    let line = Line::new().with(Role::Focus, format!("Incident {id}"));
    match incident_history::incident(model, id, world) {
        Some(incident) => line
            .text("  ")
            .with(Role::Title, format::target(&incident.key.target.to_string()))
            .dim(format!("  {}", incident.playbook)),
        None => line,
    }
}

/// The page's text.
#[must_use]
pub fn lines(id: IncidentId, width: usize, model: &Model, world: &ViewContext<'_>) -> Vec<Line> {
    let Some(incident) = incident_history::incident(model, id, world) else {
        return vec![match (model.recalled.refused(id), model.replayed()) {
            (Some(why), _) => Line::new().with(Role::Unknown, format!("It cannot be shown: {why}")).hanging(2),
            (None, Some(_)) => Line::new().dim("At this moment it had not been opened yet."),
            (None, None) => Line::new().dim("The journal is being asked."),
        }];
    };
    let incident = &*incident;
    let (role, stands) = stage(incident, world);
    let since = format::date(incident.since.wall, world.zone);
    let lasted = match &incident.stage {
        IncidentStage::Closed { at, .. } => format::length(at.mono.0.saturating_sub(incident.since.mono.0)),
        _ => format::length(world.mono.0.saturating_sub(incident.since.mono.0)),
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
        format::count(incident.attempts, "attempt", "attempts"),
        format::count(incident.rungs, "rung", "rungs")
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
    if width >= 20 && model.replayed().is_none() && !matches!(incident.stage, IncidentStage::Closed { .. }) {
        lines.push(Line::new());
        lines.push(Line::new().dim(next(incident)));
    }
    lines
}

/// How it stands, in a sentence.
fn stage(incident: &IncidentView, world: &ViewContext<'_>) -> (Role, String) {
    let numbers = incident.numbers();
    match &incident.stage {
        IncidentStage::Firing => (Role::Broken, "BROKEN: fresh readings are being taken".into()),
        IncidentStage::Held(denial) => (Role::Broken, format!("ON HOLD: {}", format::denial_words(denial, world.mono))),
        IncidentStage::Asking(request) => {
            let left = format::left(request.expires, world.mono);
            (Role::Asked, format!("AWAITING APPROVAL: {}; expires in {left}", request.why))
        }
        IncidentStage::Remediating { attempt, plan, since } => {
            let attempt = numbers.attempt_of(*attempt);
            let runs = format::age(world.mono.since(*since));
            let deadline = format::length(plan.timeout_ms);
            (Role::Fixing, format!("FIXING: {attempt}, rung {}, runs for {runs} of at most {deadline}", plan.rung + 1))
        }
        IncidentStage::Verifying { attempt, deadline } => (
            Role::Fixing,
            format!("VERIFYING {}: {} left", numbers.attempt_of(*attempt), format::left(*deadline, world.mono)),
        ),
        IncidentStage::Soaking { attempt, until } => (
            Role::Fixing,
            format!(
                "SOAKING: {} is verified and must stay so for {}",
                numbers.attempt_of(*attempt),
                format::left(*until, world.mono)
            ),
        ),
        IncidentStage::Escalated(cause) => (Role::Asked, paged(incident.call.as_ref(), cause)),
        IncidentStage::Closed { outcome, at } => {
            let when = format::date(at.wall, world.zone);
            (Role::Ok, format!("OVER at {when}: {}", numbers.outcome(outcome)))
        }
    }
}

/// What comes next, if nobody presses a key.
fn next(incident: &IncidentView) -> &'static str {
    match &incident.stage {
        IncidentStage::Firing => "Next: the gate decides on the fresh readings.",
        IncidentStage::Held(_) => "Next: the gate is asked again as soon as what holds it ends.",
        IncidentStage::Asking(_) => "Next: without an answer the request expires, nothing is run, and a page goes out.",
        IncidentStage::Remediating { .. } => "Next: the verifier looks, with readings that begin after the attempt.",
        IncidentStage::Verifying { .. } => "Next: verified, it soaks; not verified, the next rung goes to the gate.",
        IncidentStage::Soaking { .. } => "Next: healed, if it stays so.",
        IncidentStage::Escalated(_) => "Next: salve only watches. c acknowledges the page, r runs a rung by hand.",
        IncidentStage::Closed { .. } => "",
    }
}
