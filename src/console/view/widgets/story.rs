//! An incident told: readings, events and attempts as lines, with every argument and all output.

use crate::console::canvas::line::{Line, width};
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::theme::Role as Style;
use crate::core::event::concern::{AttemptEvent, Concern, DecisionEvent, IncidentEvent, PageOccasion};
use crate::core::event::event_text::{AttemptNumbers, plan_words};
use crate::core::plan::{AttemptReport, PlannedStep, ScopeLevel, StepReport, StepResult};
use crate::core::{AttemptId, CheckRole, Event, Plan, Reading, Recorded, Verdict};
use crate::engine::snapshot::IncidentView;

/// One check with its latest reading: who looks, its condition, what it saw.
#[must_use]
pub fn reading(
    (role, condition, reading): &(CheckRole, std::sync::Arc<str>, Option<Reading>),
    world: &ViewContext<'_>,
) -> Line {
    // what was seen in place of what is wanted comes first: it is what there is to mend
    if let (CheckRole::Verifier, Some(reading @ Reading { verdict: Verdict::DoesNotHold, .. })) = (role, reading) {
        let age = format::age(world.mono.since(reading.began));
        let line = Line::new().dim("verify     ").with(Style::Broken, &*reading.seen).text(", wanted ").text(condition);
        return line.dim(format!("  {age} ago")).hanging(11);
    }
    let line = Line::new().dim(match role {
        CheckRole::Detector => "fires when ",
        CheckRole::Verifier => "verify     ",
    });
    let line = line.text(condition).dim(": ").hanging(11);
    let Some(reading) = reading else { return line.with(Style::Unknown, "no reading yet") };
    let age = format::age(world.mono.since(reading.began));
    match (&reading.verdict, role) {
        (Verdict::Unknown(why), _) => line.with(Style::Unknown, format!("unknown, {why}")),
        (Verdict::Holds, CheckRole::Detector) => line.with(Style::Broken, format!("{}, firing", reading.seen)),
        (Verdict::DoesNotHold, CheckRole::Detector) => line.with(Style::Ok, format!("{}, clear", reading.seen)),
        (Verdict::Holds, CheckRole::Verifier) => line.with(Style::Ok, format!("{}, passing", reading.seen)),
        (Verdict::DoesNotHold, CheckRole::Verifier) => line.with(Style::Broken, format!("{}, failing", reading.seen)),
    }
    .dim(format!("  {age} ago"))
}

/// One event in one sentence, with its time.
#[must_use]
pub fn event(recorded: &Recorded, numbers: &AttemptNumbers, world: &ViewContext<'_>) -> Line {
    Line::new()
        .dim(format::clock(recorded.wall, world.zone))
        .text("  ")
        .with(role(&recorded.event), numbers.sentence(&recorded.event))
        .hanging(10)
}

/// One attempt by itself: its plan, its end, what was seen after it, its verdict.
#[must_use]
pub fn attempt(incident: &IncidentView, id: AttemptId, world: &ViewContext<'_>) -> Vec<Line> {
    let mut under_way = false;
    let own = incident.story.iter().filter(|recorded| match recorded.event.concern() {
        Concern::Attempt(event) => {
            match event {
                AttemptEvent::Started { attempt, .. } => under_way = attempt == id,
                AttemptEvent::NotVerified { .. } => under_way = false,
                AttemptEvent::Finished { .. } | AttemptEvent::Indeterminate { .. } | AttemptEvent::Verified { .. } => {}
            }
            event.attempt() == id
        }
        Concern::Reading(_) | Concern::Incident(IncidentEvent::Closed { .. }) => under_way,
        Concern::Incident(IncidentEvent::Opened { .. } | IncidentEvent::Relapsed { .. } | IncidentEvent::Suspected)
        | Concern::Engine(_)
        | Concern::Decision(_)
        | Concern::Page(_)
        | Concern::Call(_)
        | Concern::Rule(_) => false,
    });
    lines(&own.cloned().collect::<Vec<_>>(), &incident.numbers(), None, world)
}

/// The whole story, oldest first; an attempt takes several lines, and the chosen one is marked.
#[must_use]
pub fn lines(
    story: &[std::sync::Arc<Recorded>],
    numbers: &AttemptNumbers,
    chosen: Option<AttemptId>,
    world: &ViewContext<'_>,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut day = None;
    for recorded in story {
        let date = recorded.wall.to_zoned(world.zone.clone()).date();
        if day != Some(date) {
            lines.push(Line::new().dim(date.to_string()));
            day = Some(date);
        }
        match recorded.event.concern() {
            Concern::Attempt(AttemptEvent::Started { attempt, plan, starter }) => {
                let head = format!("{} started {starter}, rung {}", numbers.attempt(attempt), plan.rung + 1);
                let role = if chosen == Some(attempt) { Style::Selected } else { Style::Fixing };
                lines.push(at(recorded, world).with(role, head).hanging(10));
                lines.extend(self::plan(plan, 10));
            }
            Concern::Attempt(AttemptEvent::Finished { attempt, report }) => {
                let head = format!("{} finished after {}", numbers.attempt(attempt), format::length(report.took_ms));
                lines.push(at(recorded, world).text(head).dim(format!(", {}", scope(report))).hanging(10));
                lines.extend(report.steps.iter().flat_map(step));
            }
            Concern::Decision(DecisionEvent::ShadowPlan { plan, .. }) => {
                lines.push(at(recorded, world).text("shadow mode: this was not run").hanging(10));
                lines.extend(self::plan(plan, 10));
            }
            Concern::Attempt(
                AttemptEvent::Indeterminate { .. } | AttemptEvent::Verified { .. } | AttemptEvent::NotVerified { .. },
            )
            | Concern::Decision(
                DecisionEvent::Denied(_)
                | DecisionEvent::Asked(_)
                | DecisionEvent::Approved
                | DecisionEvent::FirstApproved
                | DecisionEvent::Withdrawn,
            )
            | Concern::Engine(_)
            | Concern::Incident(_)
            | Concern::Reading(_)
            | Concern::Page(_)
            | Concern::Call(_)
            | Concern::Rule(_) => lines.push(event(recorded, numbers, world)),
        }
    }
    lines
}

fn at(recorded: &Recorded, world: &ViewContext<'_>) -> Line {
    Line::new().dim(format::clock(recorded.wall, world.zone)).text("  ")
}

/// A plan with every argument and all that a reviewer should see.
#[must_use]
pub fn plan(plan: &Plan, indent: usize) -> Vec<Line> {
    let gap = " ".repeat(indent);
    let mut lines = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let head = format!("{gap}{}. ", index + 1);
        lines.push(Line::plain(&head).with(Style::Title, &step.sentence).hanging(head.len()));
        lines.extend(details(step, indent + 3));
    }
    if plan.steps.is_empty() {
        lines.push(Line::plain(format!("{gap}{}", plan_words(plan))));
    }
    lines
}

/// What else a reviewer should see; short things share a line.
fn details(step: &PlannedStep, indent: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut shares = false;
    for (label, text) in step.details.iter().filter(|(_, text)| !text.is_empty()) {
        let wide = width(label) + width(text) + 2;
        let short = wide <= 30;
        match lines.last_mut() {
            Some(line) if shares && short && line.width() + 3 + wide <= 76 => {
                *line = std::mem::take(line).text("   ").dim(format!("{label}: ")).text(text);
            }
            _ => lines.push(Line::plain(" ".repeat(indent)).dim(format!("{label}: ")).text(text).hanging(indent + 2)),
        }
        shares = short;
    }
    lines
}

fn scope(report: &AttemptReport) -> String {
    let level = match report.scope {
        ScopeLevel::CgroupV2 => "in its own cgroup",
        ScopeLevel::CgroupV1 => "in its own cgroup (v1)",
        ScopeLevel::Subreaper => "under a subreaper",
        ScopeLevel::None => return "no process started".into(),
    };
    if report.scope_empty { format!("{level}, no processes left") } else { format!("{level}, PROCESSES LEFT RUNNING") }
}

/// One step: how it ended, and what it printed.
fn step(step: &StepReport) -> Vec<Line> {
    let (role, result) = match &step.result {
        StepResult::Done(how) => (Style::Ok, how.to_string()),
        StepResult::Failed(how) => (Style::Broken, format!("failed: {how}")),
        StepResult::TimedOut => (Style::Broken, "timed out".to_owned()),
        StepResult::Refused(why) => (Style::Broken, format!("refused: {why}")),
    };
    let head = Line::plain("          ").text(&step.sentence).text(": ").with(role, result);
    let mut lines = vec![head.dim(format!("  {}", format::length(step.took_ms))).hanging(12)];
    let printed = step
        .output
        .lines()
        .map(|line| Line::plain("            ").dim("| ").text(line.replace('\t', "    ")).hanging(14));
    lines.extend(printed);
    lines
}

/// How an event looks.
fn role(event: &Event) -> Style {
    match event.concern() {
        Concern::Incident(incident) => match incident {
            IncidentEvent::Opened { .. } | IncidentEvent::Relapsed { .. } => Style::Broken,
            IncidentEvent::Closed { .. } => Style::Ok,
            IncidentEvent::Suspected => Style::Text,
        },
        Concern::Decision(decision) => match decision {
            DecisionEvent::Denied(_) => Style::Unknown,
            DecisionEvent::Asked(_) => Style::Asked,
            DecisionEvent::ShadowPlan { .. }
            | DecisionEvent::Approved
            | DecisionEvent::FirstApproved
            | DecisionEvent::Withdrawn => Style::Text,
        },
        Concern::Attempt(attempt) => match attempt {
            AttemptEvent::Started { .. } => Style::Fixing,
            AttemptEvent::Verified { .. } => Style::Ok,
            AttemptEvent::NotVerified { .. } => Style::Broken,
            AttemptEvent::Indeterminate { .. } => Style::Unknown,
            AttemptEvent::Finished { .. } => Style::Text,
        },
        Concern::Page(page) => match page.occasion {
            PageOccasion::Escalated(_) | PageOccasion::Widened { .. } => Style::Asked,
            PageOccasion::Resolved { .. } => Style::Ok,
            PageOccasion::Joined(_)
            | PageOccasion::Announced(_)
            | PageOccasion::CalledAgain(_)
            | PageOccasion::AckForwarded(_) => Style::Text,
        },
        Concern::Engine(_) | Concern::Reading(_) | Concern::Call(_) | Concern::Rule(_) => Style::Text,
    }
}
