//! The state in sentences, one per line: for pipes, logs and screen readers.

use std::time::Duration;

use jiff::tz::TimeZone;
use termprofile::TermProfile;

use super::canvas::Look;
use super::glyphs::Glyphs;
use super::model::At;
use super::theme::Theme;
use super::view::{World, headline};
use super::{rows, say};
use crate::core::incident::BreakerState;
use crate::engine::Snapshot;
use crate::engine::snapshot::{PlaybookState, Stage};
use crate::text::clean_line;

/// How the host stands: the headline, then every row that is not well, what needs a person, and breakers in the way.
#[must_use]
pub fn status(snapshot: &Snapshot) -> String {
    let look = Look { glyphs: Glyphs::ASCII, styles: Theme::standard().on(TermProfile::NoColor) };
    let world = World {
        snapshot,
        mono: snapshot.now.mono,
        wall: snapshot.now.wall,
        zone: &TimeZone::system(),
        age: Duration::ZERO,
        at: At(0),
        look: &look,
        themes: &[],
    };
    let mut lines = vec![format!("{}: {}", snapshot.host, headline(&world))];
    if let Err(why) = &snapshot.recording {
        lines.push(format!("the journal cannot be written, so nothing acts: {why}"));
    }
    let now = snapshot.now.mono;
    for pause in &snapshot.pauses {
        let until =
            pause.until.map_or_else(|| "until resumed".into(), |until| format!("{} left", say::left(until, now)));
        lines.push(format!("{} is paused by {}, {until}: {}", pause.scope, pause.by, pause.reason));
    }
    for window in &snapshot.maintenance {
        let stands = match window.until {
            Some(until) => format!("is on, {} left", say::left(until, now)),
            None => format!("begins {}", say::ahead(window.from, snapshot.now.wall, world.zone)),
        };
        lines.push(format!(
            "maintenance {} of {} by {} {stands}: {}",
            window.id, window.scope, window.by, window.reason
        ));
    }
    for snooze in &snapshot.snoozes {
        let left = say::left(snooze.until, now);
        lines.push(format!("{} is snoozed by {}, {left} left: {}", snooze.key.target, snooze.by, snooze.reason));
    }
    for row in rows::detectors(snapshot, "") {
        if row.class >= rows::Class::Ok {
            continue;
        }
        let detector = row.detector;
        let seen =
            detector.seen.as_ref().map_or_else(String::new, |seen| format!(" sees {seen} ({})", detector.condition));
        let health = say::health(&detector.health, now);
        lines.push(format!(
            "{}{seen}: {health} [{}, for {}]",
            detector.target,
            detector.playbook,
            say::age(now.since(detector.since))
        ));
    }
    for incident in rows::needs_you(snapshot) {
        let what = match &incident.stage {
            Stage::Asking(request) => format!("asks for a yes, expires in {}", say::left(request.expires, now)),
            Stage::Escalated(cause) => format!("called a human: {cause}"),
            _ => continue,
        };
        lines.push(format!("incident {} on {} {what}", incident.id, incident.key.target));
    }
    for breaker in rows::breakers(snapshot) {
        if breaker.state != BreakerState::Closed {
            lines.push(format!(
                "the breaker of {} ({}) is {}: {}",
                breaker.key.target,
                breaker.playbook,
                breaker.state.word(),
                breaker.why
            ));
        }
    }
    for playbook in &snapshot.playbooks {
        if matches!(playbook.state, PlaybookState::Rejected { .. }) {
            lines.push(format!("playbook {} is rejected: salve playbook check says why", playbook.name));
        }
    }
    lines.iter().map(|line| clean_line(line).into_owned()).collect::<Vec<_>>().join("\n")
}
