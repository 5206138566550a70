//! A request's page: all that one should know before a yes, and the question on its last rows.

use ratatui::layout::Rect;

use crate::console::canvas::Canvas;
use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::content::{format, rows};
use crate::console::keys::guard::QUIET;
use crate::console::model::Model;
use crate::console::model::review::{RequestState, Review};
use crate::console::theme::Role;
use crate::console::view::widgets::story;
use crate::core::event::concern::AttemptEvent;
use crate::playbook::Risk;

/// Rows at the bottom that the question takes, its rule included.
pub const QUESTION_ROWS: u16 = 2;

/// The page's heading.
#[must_use]
pub fn heading(review: &Review) -> Line {
    let role = if review.risk == Risk::High { Role::Risky } else { Role::Title };
    Line::new()
        .with(Role::Focus, format!("Approve {}?", review.incident))
        .text("  ")
        .with(role, format!("risk {}", review.risk))
        .text(format!("  {}", review.written))
}

/// The page's text; what would be run first, because it is what the yes is for.
#[must_use]
pub fn lines(review: &Review, world: &ViewContext<'_>) -> Vec<Line> {
    let plan = &review.request.plan;
    let mut lines = vec![
        Line::new().dim("needs approval: ").text(review.request.why.to_string()).hanging(16),
        Line::new()
            .dim("expires   ")
            .text(format!("in {}; nothing runs if it expires", format::left(review.request.expires, world.mono))),
    ];
    if let Some(first) = &review.request.first {
        lines.push(
            Line::new()
                .dim("first     ")
                .text(format!("approved by {first}"))
                .dim("; a second person must approve it too"),
        );
    }
    lines.extend([Line::new(), Line::title(format!("Runs exactly this (rung {})", plan.rung + 1))]);
    lines.extend(story::plan(plan, 0));
    lines.push(
        Line::new().dim("deadline  ").text(format::length(plan.timeout_ms)).dim(", then its processes are killed"),
    );
    if let Some(incident) = rows::incident(world.snapshot, review.incident) {
        lines.extend([Line::new(), Line::title("Why now")]);
        let lasted = format::length(world.mono.0.saturating_sub(incident.since.mono.0));
        lines.push(
            Line::new()
                .text(incident.key.target.to_string())
                .dim(" firing for ")
                .text(lasted)
                .dim(format!(", playbook {}", incident.playbook)),
        );
        lines.extend(incident.readings.iter().map(|reading| story::reading(reading, world)));
        let breaker = rows::breaker_of(world.snapshot, &incident.key).map_or_else(
            || "closed".to_owned(),
            |breaker| format!("{}, {} of {} attempts used", breaker.state.word(), breaker.invocations, breaker.limit),
        );
        lines.push(Line::new().dim("breaker   ").text(breaker));
        lines.extend(earlier(incident, world));
    }
    lines.push(Line::new());
    lines.push(Line::new().dim("digest    ").text(plan.digest.to_string()).hanging(10));
    lines
}

/// What was tried before in this incident.
fn earlier(incident: &crate::engine::snapshot::IncidentView, world: &ViewContext<'_>) -> Vec<Line> {
    let numbers = incident.numbers();
    let tried: Vec<Line> = incident
        .story
        .iter()
        .filter(|recorded| match recorded.event.attempt() {
            Some(
                AttemptEvent::Started { .. }
                | AttemptEvent::Finished { .. }
                | AttemptEvent::NotVerified { .. }
                | AttemptEvent::Indeterminate { .. },
            ) => true,
            Some(AttemptEvent::Verified { .. }) | None => false,
        })
        .map(|recorded| story::event(recorded, &numbers, world))
        .collect();
    if tried.is_empty() {
        return vec![Line::new().dim("before    ").text("no attempts in this incident")];
    }
    [Line::title("Tried before")].into_iter().chain(tried).collect()
}

/// The question, on the page's last rows.
pub fn draw_question(canvas: &mut Canvas<'_>, body: Rect, review: &Review, model: &Model, world: &ViewContext<'_>) {
    let y = body.bottom() - 1;
    let (role, question) = if model.replayed().is_some() {
        (Role::Dim, "You are viewing the past: no answer is possible. Esc goes back, t returns to live.".into())
    } else if model.read_only {
        (Role::Dim, "This console is read-only and cannot answer. Esc goes back.".into())
    } else if model.deciding.is_some() {
        (Role::Asked, "Approving in a moment; any other key cancels.".into())
    } else {
        question(review, world)
    };
    canvas.wipe(Rect::new(0, y - 1, body.width, 2));
    canvas.rule(0, y - 1, body.width, &Line::new());
    let line = Line::new().text(" ").with(role, question);
    let line = match &review.naming {
        Some(typed) => line.with(Role::Input, format!("{typed}_")),
        None => line,
    };
    canvas.line(0, y, body.width, &line);
}

fn question(review: &Review, world: &ViewContext<'_>) -> (Role, String) {
    let seen = review.guard.has_seen_all();
    match (review.standing, &review.naming) {
        (RequestState::Gone, _) => (Role::Unknown, "This request is no longer open. Esc goes back.".into()),
        (_, _) if !seen => (Role::Key, "Read on: PgDn shows the rest, then y and x work.".into()),
        (_, Some(_)) => (Role::Risky, format!("High risk. Type {} and press Enter: ", review.target)),
        (_, None) if !review.guard.is_open(world.at, QUIET) => {
            (Role::Dim, "One moment: y and x work after a short pause in typing.".into())
        }
        (RequestState::Changed, None) => {
            (Role::Asked, "The plan changed; this is the new plan. y approves it, x declines it.".into())
        }
        (RequestState::Asked, None) if review.risk == Risk::High => {
            (Role::Risky, "High risk: y starts approval, then you type the target's name. x declines.".into())
        }
        (RequestState::Asked, None) => {
            (Role::Asked, "y runs exactly this. x declines. No other key runs anything.".into())
        }
    }
}
