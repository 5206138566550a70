//! One incident as Markdown, to keep or to hand on: how it stands, the evidence, every attempt with its arguments,
//! output and verdict, and the whole story with who did what when. What came from outside cannot break out of it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::channel::markdown::{capitalised, fence, inline, table};
use crate::core::event::concern::{AttemptEvent, Concern, IncidentEvent};
use crate::core::event::event_text::{AttemptNumbers, reading_words, step_words};
use crate::core::incident::AttemptStarter;
use crate::core::plan::ScopeLevel;
use crate::core::{AttemptId, AttemptReport, CheckRole, Plan, Recorded};
use crate::engine::snapshot::{DeliveryState, IncidentStage, IncidentView};
use crate::playbook::value::Period;
use crate::text::clean_line;

/// The whole incident.
#[must_use]
pub fn markdown(incident: &IncidentView, host: &str, zone: &TimeZone) -> String {
    let mut out = format!("# Incident {} on {}: {}\n\n", incident.id, inline(host), inline(&incident.title));
    out += &summary(incident, zone);
    out += &evidence(incident);
    let attempts = attempts(&incident.story);
    if !attempts.is_empty() {
        out += "\n## Attempts\n";
    }
    for attempt in &attempts {
        out += &attempt_text(attempt, &incident.numbers(), zone);
    }
    out += &story(incident, zone);
    out
}

fn date(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

fn length(milliseconds: u64) -> String {
    Period(Duration::from_millis(milliseconds)).to_string()
}

fn summary(incident: &IncidentView, zone: &TimeZone) -> String {
    let mut rows = vec![
        ["target".to_owned(), incident.key.target.to_string()],
        ["playbook".to_owned(), format!("{}, risk {}", incident.playbook, incident.risk)],
        ["firing since".to_owned(), date(incident.since.wall, zone)],
        ["status".to_owned(), stands(incident)],
    ];
    if let IncidentStage::Closed { at, .. } = &incident.stage {
        let lasted = at.mono.since(incident.since.mono);
        rows.push(["closed at".into(), format!("{}, after {}", date(at.wall, zone), Period(lasted))]);
    }
    rows.push(["attempts".into(), incident.attempts.to_string()]);
    rows.push(["rungs".into(), incident.rungs.to_string()]);
    if let Some(by) = &incident.acknowledged {
        rows.push(["acknowledged by".into(), by.to_string()]);
    }
    table(["field", "value"], rows)
}

fn stands(incident: &IncidentView) -> String {
    let numbers = incident.numbers();
    match &incident.stage {
        IncidentStage::Firing => "firing: taking new readings".into(),
        IncidentStage::Held(denial) => format!("on hold: {denial}"),
        IncidentStage::Asking(request) => format!("awaiting approval: {}", request.why),
        IncidentStage::Remediating { attempt, plan, .. } => {
            format!("{} running, rung {}", numbers.attempt_of(*attempt), plan.rung + 1)
        }
        IncidentStage::Verifying { attempt, .. } => format!("verifying {}", numbers.attempt_of(*attempt)),
        IncidentStage::Soaking { attempt, .. } => {
            format!("healthy, watching after {}", numbers.attempt_of(*attempt))
        }
        IncidentStage::Escalated(cause) => match &incident.call {
            Some(call @ DeliveryState::Taken { channels }) => {
                format!("{call} through {}: {cause}", channels.join(", "))
            }
            Some(call @ DeliveryState::Calling { .. }) => format!("{call}; {cause}"),
            None => format!("PAGED: {cause}"),
        },
        IncidentStage::Closed { outcome, .. } => format!("closed: {}", numbers.outcome(outcome)),
    }
}

fn evidence(incident: &IncidentView) -> String {
    let read = incident.readings.iter().filter_map(|(role, condition, reading)| {
        let meaning = match role {
            CheckRole::Detector => "fires when",
            CheckRole::Verifier => "healthy when",
        };
        Some([format!("{meaning} {condition}"), reading_words(*role, reading.as_ref()?)])
    });
    let rows: Vec<_> = read.collect();
    if rows.is_empty() { String::new() } else { format!("\n## Evidence\n\n{}", table(["check", "latest"], rows)) }
}

/// One attempt, as its records tell it.
struct AttemptRecords<'a> {
    id: AttemptId,
    at: Timestamp,
    starter: &'a AttemptStarter,
    plan: &'a Plan,
    end: Option<&'a AttemptReport>,
    /// What was seen and decided after it was started.
    after: Vec<&'a Recorded>,
}

/// Every attempt, with what followed it up to its verdict.
fn attempts(story: &[Arc<Recorded>]) -> Vec<AttemptRecords<'_>> {
    let mut attempts: Vec<AttemptRecords<'_>> = Vec::new();
    for recorded in story {
        let follows = match recorded.event.concern() {
            Concern::Attempt(AttemptEvent::Started { attempt, plan, starter }) => {
                let (at, end, after) = (recorded.wall, None, Vec::new());
                attempts.push(AttemptRecords { id: attempt, at, starter, plan, end, after });
                false
            }
            Concern::Attempt(AttemptEvent::Finished { attempt, report }) => {
                if let Some(own) = attempts.iter_mut().find(|own| own.id == attempt) {
                    own.end = Some(report);
                }
                false
            }
            Concern::Attempt(
                AttemptEvent::Verified { .. } | AttemptEvent::NotVerified { .. } | AttemptEvent::Indeterminate { .. },
            )
            | Concern::Reading(_)
            | Concern::Incident(IncidentEvent::Closed { .. }) => true,
            Concern::Incident(
                IncidentEvent::Opened { .. } | IncidentEvent::Relapsed { .. } | IncidentEvent::Suspected,
            )
            | Concern::Engine(_)
            | Concern::Decision(_)
            | Concern::Page(_)
            | Concern::Call(_)
            | Concern::Rule(_) => false,
        };
        if let Some(last) = attempts.last_mut().filter(|_| follows) {
            last.after.push(recorded);
        }
    }
    attempts
}

fn attempt_text(attempt: &AttemptRecords<'_>, numbers: &AttemptNumbers, zone: &TimeZone) -> String {
    let at = date(attempt.at, zone);
    let (number, rung) = (numbers.attempt(attempt.id), attempt.plan.rung + 1);
    let mut out = format!(
        "\n### {}, rung {rung}\n\nStarted {} at {at}.\n\n",
        capitalised(&number),
        inline(&attempt.starter.to_string())
    );
    for (index, step) in attempt.plan.steps.iter().enumerate() {
        let _ = writeln!(out, "{}. {}", index + 1, inline(&step.sentence));
        for (label, text) in step.details.iter().filter(|(_, text)| !text.is_empty()) {
            let _ = writeln!(out, "   - {}: {}", inline(label), inline(text));
        }
    }
    let _ = writeln!(out, "\nPlan digest `{}`.\n", clean_line(&attempt.plan.digest.0));
    match attempt.end {
        Some(report) => out += &ended(report),
        None => out += "It has not finished yet.\n\n",
    }
    for recorded in &attempt.after {
        let _ = writeln!(out, "- {}: {}", date(recorded.wall, zone), inline(&numbers.sentence(&recorded.event)));
    }
    out
}

fn ended(report: &AttemptReport) -> String {
    let scope = match report.scope {
        ScopeLevel::CgroupV2 => "in its own cgroup",
        ScopeLevel::CgroupV1 => "in its own cgroup (v1)",
        ScopeLevel::Subreaper => "under a subreaper",
        ScopeLevel::None => "without starting a process",
    };
    let left = if report.scope_empty { "no processes left" } else { "some of its processes could not be killed" };
    let mut out = format!("It took {}, {scope}; {left}.\n\n", length(report.took_ms));
    for step in &report.steps {
        let _ = writeln!(out, "{} ({})\n", inline(&step_words(step)), length(step.took_ms));
        if !step.output.is_empty() {
            let _ = writeln!(out, "{}", fence(&step.output));
        }
    }
    out
}

fn story(incident: &IncidentView, zone: &TimeZone) -> String {
    let mut out = "\n## Story\n\n".to_owned();
    let numbers = incident.numbers();
    for recorded in &incident.story {
        let _ = writeln!(out, "- {}: {}", date(recorded.wall, zone), inline(&numbers.sentence(&recorded.event)));
    }
    out
}
