//! A page as Markdown: a ticket's text, and what a command channel reads. For a human who was not there: first what is
//! wrong, then what happened when, then what was tried, then the evidence.

use std::fmt::Write;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::markdown::{capitalised, fence, inline, table};
use super::page::{CappedList, Page, PageKind};
use crate::core::event::concern::{AttemptEvent, ReadingEvent};
use crate::core::event::event_text::{sentence, step_words};
use crate::core::plan::{AttemptReport, Plan};
use crate::core::{AttemptId, CheckRole, Reading, Recorded, Verdict};

/// Everything but the evidence.
pub(super) fn report(page: &Page, zone: &TimeZone) -> String {
    let mut out = format!("# {}\n\n{}\n", inline(&page.title), status(page, zone));
    let facts = [
        ("Host", page.host.to_string()),
        ("Target", page.target.to_string()),
        ("Playbook", format!("{} (risk {})", page.playbook, page.risk)),
        ("Incident", format!("{}, page {}", page.incident, page.id)),
        ("Dedup key", page.dedup.to_string()),
    ];
    for (name, value) in facts {
        let _ = writeln!(out, "- {name}: {}", inline(&value));
    }
    let _ = write!(out, "\n## What happened\n\n{}\n\n## Timeline\n\n{}", inline(&page.why), timeline(page, zone));
    out += &listed("Failing targets", &page.failing);
    out += &readings(page, zone);
    out += &attempts(page);
    out += &breaker(page, zone);
    out += &listed("Also on this host", &page.related);
    out
}

/// The evidence, one block each.
pub(super) fn evidence(page: &Page) -> String {
    page.evidence.iter().fold(String::new(), |mut out, evidence| {
        let _ = write!(out, "### {}\n\n{}\n", inline(&evidence.title), fence(&evidence.body));
        out
    })
}

/// The whole page as one text.
pub(super) fn whole(page: &Page, zone: &TimeZone) -> String {
    let evidence = evidence(page);
    let heading = if evidence.is_empty() { "" } else { "## Evidence\n\n" };
    format!("{}\n{heading}{evidence}", report(page, zone))
}

/// A moment, for people.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    Zoned::new(at, zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

fn status(page: &Page, zone: &TimeZone) -> String {
    let at = moment(page.at, zone);
    match &page.kind {
        PageKind::Trigger { cause } => format!("**Open** since {at}: {}\n", inline(cause)),
        PageKind::Acknowledge { by } => format!("**Open**, acknowledged by {} at {at}\n", inline(by)),
        PageKind::Resolve => format!("**Resolved** at {at}\n"),
    }
}

fn timeline(page: &Page, zone: &TimeZone) -> String {
    let numbers = page.numbers();
    let rows = page.story.iter().map(|recorded| [moment(recorded.wall, zone), numbers.sentence(&recorded.event)]);
    table(["When", "What"], rows)
}

/// A section with one line for each; nothing where there are none.
fn listed(heading: &str, lines: &CappedList) -> String {
    if lines.shown.is_empty() {
        return String::new();
    }
    let mut out = format!("\n## {heading}\n\n");
    for line in &lines.shown {
        let _ = writeln!(out, "- {}", inline(line));
    }
    if lines.more > 0 {
        let _ = writeln!(out, "- and {} more", lines.more);
    }
    out
}

/// The latest reading of each check.
fn readings(page: &Page, zone: &TimeZone) -> String {
    let mut latest: Vec<(CheckRole, usize, &Recorded, &Reading)> = Vec::new();
    for recorded in &page.story {
        for ReadingEvent { role, index, reading } in recorded.event.readings() {
            latest.retain(|(old_role, old_index, ..)| (*old_role, *old_index) != (role, index));
            latest.push((role, index, recorded, reading));
        }
    }
    if latest.is_empty() {
        return String::new();
    }
    latest.sort_by_key(|(role, index, ..)| (*role, *index));
    let rows = latest.into_iter().map(|(role, index, recorded, reading)| {
        let side = if role == CheckRole::Detector { "detector" } else { "verifier" };
        let verdict = match (&reading.verdict, role) {
            (Verdict::Holds, CheckRole::Detector) => "firing".to_owned(),
            (Verdict::Holds, CheckRole::Verifier) => "passing".to_owned(),
            (Verdict::DoesNotHold, CheckRole::Detector) => "clear".to_owned(),
            (Verdict::DoesNotHold, CheckRole::Verifier) => "failing".to_owned(),
            (Verdict::Unknown(why), _) => format!("unknown: {why}"),
        };
        [format!("{side} {}", index + 1), verdict, reading.seen.to_string(), moment(recorded.wall, zone)]
    });
    format!("\n## Latest readings\n\n{}", table(["Check", "Verdict", "Seen", "When"], rows))
}

/// Each attempt with exactly what was run, what came of it, and what the verifier said.
fn attempts(page: &Page) -> String {
    let mut out = String::new();
    for recorded in &page.story {
        if let Some(AttemptEvent::Started { attempt, plan, starter }) = recorded.event.attempt() {
            let _ = write!(
                out,
                "\n### {}: rung {}, started {}\n\n{}",
                capitalised(&page.numbers().attempt(attempt)),
                plan.rung + 1,
                inline(&starter.to_string()),
                attempt_body(page, attempt, plan)
            );
        }
    }
    if out.is_empty() { "\n## Attempts\n\nNone.\n".to_owned() } else { format!("\n## Attempts\n{out}") }
}

fn attempt_body(page: &Page, attempt: AttemptId, plan: &Plan) -> String {
    let (mut report, mut verdicts) = (None, Vec::new());
    for event in page.story.iter().map(|recorded| &recorded.event) {
        let Some(own) = event.attempt().filter(|own| own.attempt() == attempt) else { continue };
        match own {
            AttemptEvent::Started { .. } => {}
            AttemptEvent::Finished { report: own, .. } => report = report.or(Some(own)),
            AttemptEvent::Verified { .. } | AttemptEvent::NotVerified { .. } | AttemptEvent::Indeterminate { .. } => {
                verdicts.push(event);
            }
        }
    }
    let mut out = planned(plan);
    out += &report.map_or_else(|| "It did not finish: its outcome is unknown.\n".to_owned(), |report| reported(report));
    for verdict in verdicts {
        let _ = writeln!(out, "\n{}.", inline(&page.numbers().sentence(verdict)));
    }
    out
}

/// The plan's steps with their details.
fn planned(plan: &Plan) -> String {
    let mut out = String::new();
    for step in &plan.steps {
        let _ = writeln!(out, "- {}", inline(&step.sentence));
        for (name, value) in &step.details {
            let _ = writeln!(out, "  - {}: {}", inline(name), inline(value));
        }
    }
    out.push('\n');
    out
}

/// How each step ended and what it printed.
fn reported(report: &AttemptReport) -> String {
    let mut out = String::new();
    for step in &report.steps {
        let _ = writeln!(out, "{} ({} ms)\n", inline(&step_words(step)), step.took_ms);
        if !step.output.trim().is_empty() {
            let _ = writeln!(out, "{}", fence(&step.output));
        }
    }
    if !report.scope_empty {
        out.push_str("**Some of its processes could not be killed.**\n");
    }
    out
}

/// Where the breaker stands, if it has moved.
fn breaker(page: &Page, zone: &TimeZone) -> String {
    let last = page.story.iter().rev().find(|recorded| recorded.event.is_breaker());
    last.map_or_else(String::new, |recorded| {
        let at = moment(recorded.wall, zone);
        format!("\n## Breaker\n\nSince {at}: {}\n", inline(&sentence(&recorded.event)))
    })
}
