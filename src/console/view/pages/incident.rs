//! An incident's page: how it stands, the evidence, and the whole story.

use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::content::{format, rows};
use crate::console::model::{Model, incident_history};
use crate::console::theme::Role;
use crate::console::view::widgets::story;
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
            (Some(why), _) => {
                Line::new().with(Role::Unknown, format!("This incident cannot be shown: {why}")).hanging(2)
            }
            (None, Some(_)) => Line::new().dim("This incident was not open yet at that time."),
            (None, None) => Line::new().dim("Reading the journal …"),
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
        Line::new().dim("title    ").text(&incident.title).hanging(9),
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
        IncidentStage::Firing => (Role::Broken, "FIRING: taking new readings".into()),
        IncidentStage::Held(denial) => (Role::Broken, format!("ON HOLD: {}", format::denial_words(denial, world.mono))),
        IncidentStage::Asking(request) => {
            let left = format::left(request.expires, world.mono);
            (Role::Asked, format!("AWAITING APPROVAL: {}; expires in {left}", request.why))
        }
        IncidentStage::Remediating { attempt, plan, since } => {
            let attempt = numbers.attempt_of(*attempt);
            let runs = format::age(world.mono.since(*since));
            let deadline = format::length(plan.timeout_ms);
            (Role::Fixing, format!("FIXING: {attempt}, rung {}, running {runs} of {deadline} at most", plan.rung + 1))
        }
        IncidentStage::Verifying { attempt, deadline } => (
            Role::Fixing,
            format!("VERIFYING {}: {} left", numbers.attempt_of(*attempt), format::left(*deadline, world.mono)),
        ),
        IncidentStage::Soaking { attempt, until } => (
            Role::Fixing,
            format!(
                "HEALTHY, watching {} more: {} verified",
                numbers.attempt_of(*attempt),
                format::left(*until, world.mono)
            ),
        ),
        IncidentStage::Escalated(cause) => (Role::Asked, paged(incident.call.as_ref(), cause)),
        IncidentStage::Closed { outcome, at } => {
            let when = format::date(at.wall, world.zone);
            (Role::Ok, format!("CLOSED at {when}: {}", numbers.outcome(outcome)))
        }
    }
}

/// What comes next, if nobody presses a key.
fn next(incident: &IncidentView) -> &'static str {
    match &incident.stage {
        IncidentStage::Firing => "Next: salve checks the safety rules with the new readings.",
        IncidentStage::Held(_) => "Next: salve checks the safety rules again as soon as the hold ends.",
        IncidentStage::Asking(_) => {
            "Next: without an answer the request expires, nothing runs, and salve sends a page."
        }
        IncidentStage::Remediating { .. } => "Next: the verifier takes new readings after the attempt.",
        IncidentStage::Verifying { .. } => "Next: if verified, the soak starts; if not, salve tries the next rung.",
        IncidentStage::Soaking { .. } => "Next: the incident closes as fixed if every check keeps passing.",
        IncidentStage::Escalated(_) => "Next: salve only watches. c acknowledges the page, r runs a rung manually.",
        IncidentStage::Closed { .. } => "",
    }
}
