//! The console without a screen: sentences that are only ever added, for screen readers, logs and dumb terminals.
//!
//! What changes is said as one sentence with its time. Where somebody sits at a terminal, lines are taken as well:
//! Enter tells how the host stands, `a` leads to a request, and a yes is given by number under the rules of the
//! request's page.

pub mod changes;
mod listen;
mod output;
pub mod prompt;
mod session;

use std::time::Duration;

use jiff::tz::TimeZone;
use termprofile::TermProfile;

use super::canvas::RenderOptions;
use super::canvas::glyphs::Glyphs;
use super::content::context::{ConsoleTime, ViewContext};
use super::content::{format, rows};
use super::theme::Theme;
use super::view::headline;
use crate::core::incident::BreakerState;
use crate::engine::Snapshot;
use crate::engine::snapshot::{IncidentStage, PlaybookState, paged};
use crate::text::clean_line;

pub use session::run;

/// How the host stands: the headline, then every row that is not well, what needs a person, and breakers in the way.
#[must_use]
pub fn status(snapshot: &Snapshot) -> String {
    let look = look();
    stand(&world(snapshot, &look, &TimeZone::system(), ConsoleTime(0), Duration::ZERO)).join("\n")
}

/// In ASCII and without colours: what is read out should not hold signs.
fn look() -> RenderOptions {
    RenderOptions { glyphs: Glyphs::ASCII, styles: Theme::standard().on(TermProfile::NoColor) }
}

fn world<'a>(
    snapshot: &'a Snapshot,
    look: &'a RenderOptions,
    zone: &'a TimeZone,
    at: ConsoleTime,
    age: Duration,
) -> ViewContext<'a> {
    ViewContext { snapshot, mono: snapshot.now.mono, wall: snapshot.now.wall, zone, age, at, look, themes: &[] }
}

/// Line 1 as a person says it.
fn summary(world: &ViewContext<'_>) -> String {
    headline(world).replace("  ", ", ").to_lowercase()
}

/// How the host stands, a sentence each.
fn stand(world: &ViewContext<'_>) -> Vec<String> {
    let snapshot = world.snapshot;
    let now = world.mono;
    let mut lines = vec![format!("{}: {}", snapshot.host, summary(world))];
    if let Err(why) = &snapshot.recording {
        lines.push(format!("the journal cannot be written, so no attempt runs: {why}"));
    }
    if let Some(why) = &snapshot.systemd_silent {
        lines.push(format!("systemd does not respond, so units cannot be checked: {why}"));
    }
    lines.extend(snapshot.pauses.iter().map(|pause| changes::pause(pause, now)));
    lines.extend(snapshot.maintenance.iter().map(|window| changes::maintenance(window, world.wall, now, world.zone)));
    lines.extend(snapshot.snoozes.iter().map(|snooze| changes::snooze(snooze, now)));
    for row in rows::detectors(snapshot, "").iter().filter(|row| row.class < rows::Urgency::Ok) {
        let since = format::age(now.since(row.detector.since));
        lines.push(format!("{}, for {since}", changes::detector(row.detector, snapshot)));
    }
    lines.extend(snapshot.storm.as_ref().map(format::storm));
    for incident in rows::needs_action(snapshot).into_iter().filter_map(rows::Needy::incident) {
        let what = match &incident.stage {
            IncidentStage::Asking(request) => {
                format!("awaiting approval, expires in {}", format::left(request.expires, now))
            }
            IncidentStage::Escalated(cause) => paged(incident.call.as_ref(), cause),
            _ => continue,
        };
        lines.push(format!("incident {} on {}: {what}", incident.id, incident.key.target));
    }
    let stops = rows::breakers(snapshot).into_iter().filter(|breaker| breaker.state != BreakerState::Closed);
    lines.extend(stops.map(changes::breaker));
    let rejected = snapshot.playbooks.iter().filter(|book| matches!(book.state, PlaybookState::Rejected { .. }));
    lines.extend(rejected.map(|playbook| changes::rejected(&playbook.name)));
    lines.iter().map(|line| clean_line(line).into_owned()).collect()
}
