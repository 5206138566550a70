//! Forms that hold something back, and that let it go again: pauses, maintenance windows, snoozes.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Field, Form, FormPurpose, Value, choice, text};
use crate::console::canvas::line::Line;
use crate::console::content::context::ViewContext;
use crate::console::content::format;
use crate::console::content::suppressions::Suppression;
use crate::core::incident::Denial;
use crate::core::time::parse_time;
use crate::core::{Key, Mono, Scope};
use crate::engine::Snapshot;
use crate::engine::snapshot::{Health, MaintenanceView, PlaybookState, Snooze};
use crate::playbook::value::Period;

/// How long a pause, a window or a snooze can last; none is until resumed.
const LENGTHS: [(&str, Option<u64>); 9] = [
    ("5 minutes", Some(5 * 60)),
    ("15 minutes", Some(15 * 60)),
    ("30 minutes", Some(30 * 60)),
    ("1 hour", Some(3600)),
    ("2 hours", Some(2 * 3600)),
    ("4 hours", Some(4 * 3600)),
    ("12 hours", Some(12 * 3600)),
    ("1 day", Some(86_400)),
    ("until resumed", None),
];
/// What is offered first.
const USUAL: usize = 2;

impl Form {
    /// The question that ends this suppression; none where it is over already.
    #[must_use]
    pub fn ending(held: &Suppression<'_>, world: &ViewContext<'_>) -> Option<Self> {
        match held {
            Suppression::Pause(pause) => Self::resume(world.snapshot, &pause.scope, world.mono),
            Suppression::Maintenance(window) => Some(Self::unschedule(world.snapshot, window, world.mono, world.zone)),
            Suppression::Snooze(snooze) => Some(Self::unsnooze(snooze, world.mono)),
        }
    }

    /// No new attempts: on the host, or by one playbook; the one that is looked at stands first.
    #[must_use]
    pub fn pause(snapshot: &Snapshot, playbook: Option<Arc<str>>, now: Mono) -> Self {
        let mut about = vec![
            Line::plain("No new attempt starts while paused. Detection continues."),
            Line::plain("A running attempt finishes and is verified."),
        ];
        about.extend(in_force(snapshot, now));
        let (scopes, what) = scopes(snapshot, playbook, First::Looked);
        Self::new("Pause", about, vec![what, lengths(LENGTHS.len()), text("reason")], FormPurpose::Pause(scopes))
    }

    /// A pause that begins by itself.
    #[must_use]
    pub fn schedule(snapshot: &Snapshot, playbook: Option<Arc<str>>, now: Mono) -> Self {
        let mut about = vec![Line::plain("No new attempt starts from then until it ends.")];
        about.extend(in_force(snapshot, now));
        let (scopes, what) = scopes(snapshot, playbook, First::Host);
        let from = Field { label: "from", value: Value::Moment { typed: String::new(), means: String::new() } };
        // a window always ends by itself
        let fields = vec![what, from, lengths(LENGTHS.len() - 1), text("reason")];
        Self { at: 1, ..Self::new("Plan maintenance", about, fields, FormPurpose::Schedule(scopes)) }
    }

    /// The end of a pause in force.
    #[must_use]
    pub fn resume(snapshot: &Snapshot, scope: &Scope, now: Mono) -> Option<Self> {
        let pause = snapshot.pauses.iter().find(|pause| pause.scope == *scope)?;
        let since = format::age(now.since(pause.since));
        let mut about = vec![Line::plain(format!(
            "{scope} was paused {since} ago by {}, {}.",
            pause.by,
            format::until(pause.until, now)
        ))];
        about.extend(reason(&pause.reason));
        about.push(waiting(snapshot, "resumed"));
        Some(Self::new(format!("Resume {scope}?"), about, vec![], FormPurpose::Resume(scope.clone())))
    }

    /// The end of a maintenance window, begun or not.
    #[must_use]
    pub fn unschedule(snapshot: &Snapshot, window: &MaintenanceView, now: Mono, zone: &TimeZone) -> Self {
        let MaintenanceView { id, scope, by, .. } = window;
        let (verb, stands) = match window.until {
            Some(until) => ("End", format!("It pauses {scope}, {} left.", format::left(until, now))),
            None => ("Cancel", format!("It will pause {scope} from {}.", format::date(window.from, zone))),
        };
        let mut about = vec![Line::plain(format!("Planned by {by}. {stands}"))];
        about.extend(reason(&window.reason));
        about.extend(window.until.map(|_| waiting(snapshot, "ended")));
        Self::new(format!("{verb} maintenance {id}?"), about, vec![], FormPurpose::Unschedule(*id))
    }

    /// Leave one key alone for a time.
    #[must_use]
    pub fn snooze(playbook: &str, key: &Key) -> Self {
        let about = vec![Line::plain(format!("{playbook} ignores {} for this long, firing or not.", key.target))];
        // a snooze always ends by itself
        let fields = vec![lengths(LENGTHS.len() - 1), text("reason")];
        Self::new(format!("Snooze {}", key.target), about, fields, FormPurpose::Snooze(key.clone()))
    }

    /// The end of a snooze.
    #[must_use]
    pub fn unsnooze(snooze: &Snooze, now: Mono) -> Self {
        let Snooze { key, playbook, until, by, .. } = snooze;
        let mut about = vec![Line::plain(format!("It is snoozed by {by}, {} left.", format::left(*until, now)))];
        about.extend(reason(&snooze.reason));
        about.push(Line::plain(format!("{playbook} may act on it again immediately.")));
        Self::new(format!("End the snooze of {}?", key.target), about, vec![], FormPurpose::Unsnooze(key.clone()))
    }

    pub(super) fn length(&self) -> Option<Period> {
        let field = self.fields.iter().position(|field| field.label == LENGTH)?;
        LENGTHS.get(self.chosen(field)).and_then(|(_, seconds)| seconds.map(Period::from_secs))
    }

    /// The moment that was typed.
    pub(in crate::console) fn moment(&self, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
        let typed = self.fields.iter().find_map(|field| match &field.value {
            Value::Moment { typed, .. } => Some(typed.as_str()),
            _ => None,
        });
        parse_time::parse(typed.unwrap_or_default(), now, zone)
    }

    /// Says beside what was typed which moment it means.
    pub fn tell_moment(&mut self, now: Timestamp, zone: &TimeZone) {
        let meant = self.moment(now, zone);
        for field in &mut self.fields {
            if let Value::Moment { typed, means } = &mut field.value {
                *means = match &meant {
                    _ if typed.trim().is_empty() => String::new(),
                    Ok(moment) => format::ahead(*moment, now, zone),
                    Err(_) => "no valid time yet".to_owned(),
                };
            }
        }
    }
}

/// The snooze of this key.
#[must_use]
pub fn snooze_of<'a>(snapshot: &'a Snapshot, key: &Key) -> Option<&'a Snooze> {
    snapshot.snoozes.iter().find(|snooze| snooze.key == *key)
}

const LENGTH: &str = "how long";

fn lengths(count: usize) -> Field {
    let options = LENGTHS.iter().take(count).map(|(words, _)| (*words).to_owned()).collect();
    Field { label: LENGTH, value: Value::Choice { options, at: USUAL } }
}

/// Which scope Enter alone takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// The playbook that is looked at, for a pause.
    Looked,
    /// The host, for planned maintenance.
    Host,
}

/// What can be paused: the host and what is looked at, then every other playbook in force.
fn scopes(snapshot: &Snapshot, here: Option<Arc<str>>, first: First) -> (Vec<Scope>, Field) {
    let mut others: Vec<Arc<str>> = snapshot
        .playbooks
        .iter()
        .filter(|book| matches!(book.state, PlaybookState::InForce { .. }) && here.as_ref() != Some(&book.name))
        .map(|book| Arc::clone(&book.name))
        .collect();
    others.sort();
    let mut scopes: Vec<Scope> = here.map(Scope::Playbook).into_iter().chain([Scope::Host]).collect();
    if first == First::Host {
        scopes.reverse();
    }
    scopes.extend(others.into_iter().map(Scope::Playbook));
    let options = scopes.iter().map(ToString::to_string).collect();
    (scopes, choice("what", options))
}

fn reason(reason: &str) -> Option<Line> {
    (!reason.is_empty()).then(|| Line::plain("Reason: ").text(reason))
}

/// What is paused or planned already.
fn in_force(snapshot: &Snapshot, now: Mono) -> Vec<Line> {
    let pauses = snapshot
        .pauses
        .iter()
        .map(|pause| format!("{} is paused by {}, {}.", pause.scope, pause.by, format::until(pause.until, now)));
    let windows = snapshot.maintenance.iter().map(|window| {
        if let Some(until) = window.until {
            return format!("Maintenance {} pauses {}, {} left.", window.id, window.scope, format::left(until, now));
        }
        let ahead = window.from.duration_since(snapshot.now.wall).unsigned_abs();
        format!("Maintenance {} of {} begins in {}.", window.id, window.scope, format::age(ahead))
    });
    pauses.chain(windows).map(|words| Line::new().with(crate::console::theme::Role::Asked, words)).collect()
}

fn waiting(snapshot: &Snapshot, when: &str) -> Line {
    let waiting = snapshot.detectors.iter().filter(|d| matches!(d.health, Health::Held(Denial::Paused { .. })));
    Line::plain(format!(
        "{} as soon as it is {when}.",
        match waiting.count() {
            0 => "No attempt starts".to_owned(),
            1 => "An attempt may start on 1 firing target".to_owned(),
            many => format!("Attempts may start on {many} firing targets"),
        }
    ))
}
