//! From two states to what changed between them: one sentence each, with its time.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::console::content::format;
use crate::console::content::rows::{self, Urgency};
use crate::core::incident::BreakerState;
use crate::core::{Event, Key, Mono, Recorded};
use crate::engine::Snapshot;
use crate::engine::snapshot::{
    DeliveryState, DetectorView, Health, IncidentView, MaintenanceView, PlaybookState, Snooze, Storm,
};
use crate::text::clean_line;

/// What is older than this when it first shows is history and no news, in milliseconds.
const NEWS: u64 = 60_000;

/// What changed, the most telling first: events of incidents, then what no event told.
#[must_use]
pub fn changes(before: &Snapshot, after: &Snapshot, zone: &TimeZone) -> Vec<String> {
    let now = after.now.wall;
    let events = events(before, after);
    let told: Vec<&Key> = events.iter().map(|(incident, _)| &incident.key).collect();
    let mut said: Vec<(Timestamp, String)> = events
        .iter()
        .map(|(incident, recorded)| {
            let said = incident.numbers().sentence(&recorded.event);
            (recorded.wall, format!("{} {}: {said}", incident.id, incident.key.target))
        })
        .collect();
    let silent = [
        recording(before, after),
        storm(before, after),
        pauses(before, after),
        held(before, after, zone),
        detectors(before, after, &told),
        breakers(before, after),
        playbooks(before, after),
    ];
    said.extend(silent.into_iter().flatten().map(|text| (now, text)));
    let known = before.messages.first();
    let messages = after.messages.iter().take_while(|message| Some(*message) != known);
    let mut messages: Vec<_> =
        messages.map(|message| (message.at, format!("{}: {}", message.about, message.text))).collect();
    messages.reverse();
    said.extend(messages);
    said.into_iter().map(|(at, text)| at_time(at, zone, &text)).collect()
}

/// A sentence with its time, on one line whatever it holds.
#[must_use]
pub fn at_time(at: Timestamp, zone: &TimeZone, text: &str) -> String {
    format!("{} {}", format::clock(at, zone), clean_line(text.trim_end()))
}

/// Events that were recorded since, in their order; single readings would drown the rest.
fn events<'a>(before: &Snapshot, after: &'a Snapshot) -> Vec<(&'a IncidentView, &'a Arc<Recorded>)> {
    let stories = |snapshot: &'a Snapshot| {
        snapshot
            .incidents
            .iter()
            .flat_map(|incident| incident.story.iter().map(move |recorded| (&**incident, recorded)))
    };
    let last = before.incidents.iter().flat_map(|incident| &incident.story).map(|recorded| recorded.seq).max();
    let mut events: Vec<_> = stories(after)
        .filter(|(_, recorded)| {
            last.is_none_or(|last| recorded.seq > last)
                && recorded.mono.0 + NEWS >= before.now.mono.0
                && !matches!(recorded.event, Event::ReadingChanged { .. })
        })
        .collect();
    events.sort_by_key(|(_, recorded)| recorded.seq);
    events.dedup_by_key(|(_, recorded)| recorded.seq);
    events
}

fn recording(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    match (&before.recording, &after.recording) {
        (Ok(()), Err(why)) => vec![format!("the journal cannot be written, so no attempt runs: {why}")],
        (Err(_), Ok(())) => vec!["the journal can be written again".into()],
        _ => Vec::new(),
    }
}

/// A storm begins, its page is taken or acknowledged, or it is over.
fn storm(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let stands = |storm: &Storm| (matches!(storm.call, DeliveryState::Taken { .. }), storm.acknowledged.is_some());
    match (&before.storm, &after.storm) {
        (Some(_), None) => vec!["the storm ended".into()],
        (was, Some(storm)) if was.as_ref().map(stands) != Some(stands(storm)) => vec![format::storm(storm)],
        _ => Vec::new(),
    }
}

fn pauses(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let is_in = |pauses: &[crate::engine::snapshot::PauseView], pause: &crate::engine::snapshot::PauseView| {
        pauses.iter().any(|other| other.scope == pause.scope && other.since == pause.since)
    };
    let ended = before.pauses.iter().filter(|pause| !is_in(&after.pauses, pause));
    let ended = ended.filter(|pause| !after.pauses.iter().any(|other| other.scope == pause.scope));
    let begun = after.pauses.iter().filter(|pause| !is_in(&before.pauses, pause));
    ended
        .map(|pause| format!("{} is no longer paused", pause.scope))
        .chain(begun.map(|pause| self::pause(pause, after.now.mono)))
        .collect()
}

/// A pause in one sentence.
#[must_use]
pub fn pause(pause: &crate::engine::snapshot::PauseView, now: Mono) -> String {
    let until =
        pause.until.map_or_else(|| "until resumed".into(), |until| format!("{} left", format::left(until, now)));
    let reason = if pause.reason.is_empty() { String::new() } else { format!(": {}", pause.reason) };
    format!("{} is paused by {}, {until}{reason}", pause.scope, pause.by)
}

/// What is planned or called off, and which targets are left alone or no longer are.
fn held(before: &Snapshot, after: &Snapshot, zone: &TimeZone) -> Vec<String> {
    let (wall, now) = (after.now.wall, after.now.mono);
    let same = |one: &MaintenanceView, other: &MaintenanceView| {
        one.id == other.id && one.until.is_some() == other.until.is_some()
    };
    let planned = after.maintenance.iter().filter(|window| !before.maintenance.iter().any(|it| same(it, window)));
    let over = before.maintenance.iter().filter(|window| !after.maintenance.iter().any(|it| it.id == window.id));
    let snoozed = after.snoozes.iter().filter(|snooze| !before.snoozes.iter().any(|it| it.key == snooze.key));
    let woken = before.snoozes.iter().filter(|snooze| !after.snoozes.iter().any(|it| it.key == snooze.key));
    planned
        .map(|window| maintenance(window, wall, now, zone))
        .chain(over.map(|window| format!("maintenance {} of {} ended", window.id, window.scope)))
        .chain(snoozed.map(|snooze| self::snooze(snooze, now)))
        .chain(woken.map(|snooze| format!("{} is no longer snoozed", snooze.key.target)))
        .collect()
}

/// A maintenance window in one sentence.
#[must_use]
pub fn maintenance(window: &MaintenanceView, wall: Timestamp, now: Mono, zone: &TimeZone) -> String {
    let stands = match window.until {
        Some(until) => format!("is active, {} left", format::left(until, now)),
        None => format!("begins {}", format::ahead(window.from, wall, zone)),
    };
    format!("maintenance {} of {} by {} {stands}: {}", window.id, window.scope, window.by, window.reason)
}

/// A target that is left alone, in one sentence.
#[must_use]
pub fn snooze(snooze: &Snooze, now: Mono) -> String {
    let left = format::left(snooze.until, now);
    format!("{} is snoozed by {}, {left} left: {}", snooze.key.target, snooze.by, snooze.reason)
}

fn detectors(before: &Snapshot, after: &Snapshot, told: &[&Key]) -> Vec<String> {
    let known: HashMap<(&str, &str), &DetectorView> =
        before.detectors.iter().map(|row| ((&*row.playbook, &*row.target), row)).collect();
    let news = rows::detectors(after, "").into_iter().filter(|row| {
        let was = known.get(&(&*row.detector.playbook, &*row.detector.target)).copied();
        row.detector.key.as_ref().is_none_or(|key| !told.contains(&key)) && is_news(was, row.detector)
    });
    news.map(|row| detector(row.detector, after)).collect()
}

/// Is this more than the same again? A first look that finds all well is what everybody expects.
fn is_news(was: Option<&DetectorView>, is: &DetectorView) -> bool {
    match was {
        Some(was) if was.health != Health::Waiting => {
            let paged = |row: &DetectorView| matches!(row.call, Some(DeliveryState::Taken { .. }));
            format::health_short(&was.health) != format::health_short(&is.health) || paged(was) != paged(is)
        }
        _ => rows::class(&is.health) < Urgency::Ok && is.health != Health::Waiting,
    }
}

/// A watched key in one sentence.
#[must_use]
pub fn detector(row: &DetectorView, snapshot: &Snapshot) -> String {
    let seen = row.seen.as_ref().map_or_else(String::new, |seen| format!(", {seen} ({})", row.condition));
    format!("{}, {}{seen}: {}", row.target, row.playbook, format::standing(row, snapshot, snapshot.now.mono))
}

fn breakers(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let was = |key: &Key| rows::breaker_of(before, key).map_or("closed", |breaker| breaker.state.word());
    let changed = after.breakers.iter().filter(|breaker| was(&breaker.key) != breaker.state.word());
    let closed = before
        .breakers
        .iter()
        .filter(|was| was.state != BreakerState::Closed && rows::breaker_of(after, &was.key).is_none());
    let closed = closed.map(|was| format!("the breaker of {} ({}) is closed", was.key.target, was.playbook));
    changed.map(breaker).chain(closed).collect()
}

/// A breaker in one sentence.
#[must_use]
pub fn breaker(breaker: &crate::engine::snapshot::BreakerView) -> String {
    let (target, playbook) = (&breaker.key.target, &breaker.playbook);
    format!("the breaker of {target} ({playbook}) is {}: {}", breaker.state.word(), breaker.why)
}

fn playbooks(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    // the first reading of the folders is no news but for what was rejected
    let first = before.playbooks.is_empty();
    let mut said = Vec::new();
    for playbook in &after.playbooks {
        let was = before.playbooks.iter().find(|other| other.name == playbook.name).map(|other| &other.state);
        match (&playbook.state, was) {
            (state, Some(was)) if state == was => {}
            (PlaybookState::Rejected { .. }, _) => said.push(rejected(&playbook.name)),
            (PlaybookState::InForce { in_force, .. }, Some(PlaybookState::InForce { in_force: was, .. }))
                if in_force == was => {}
            (PlaybookState::InForce { in_force, .. }, _) if !first => {
                said.push(format!("playbook {} is in force: {}", playbook.name, in_force.word()));
            }
            (PlaybookState::InForce { .. }, _) => {}
        }
    }
    let gone = before.playbooks.iter().filter(|was| !after.playbooks.iter().any(|is| is.name == was.name));
    said.extend(gone.map(|playbook| format!("playbook {} was removed", playbook.name)));
    said
}

/// A playbook that is not accepted, in one sentence.
#[must_use]
pub fn rejected(name: &str) -> String {
    format!("playbook {name} is rejected: `salve playbook check` shows why")
}
