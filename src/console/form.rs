//! A question with fields, over the page: what it says first, what can be chosen, and the command that it comes to.

use std::sync::Arc;

use super::line::Line;
use super::rows;
use super::say;
use super::theme::Role;
use crate::core::incident::{BreakerState, Denial};
use crate::core::{Command, IncidentId, Key, Mono, Scope};
use crate::engine::Snapshot;
use crate::engine::snapshot::{Breaker, Health, Stage};
use crate::playbook::value::Period;

/// A question.
#[derive(Debug, Clone)]
pub struct Form {
    /// What it is about.
    pub title: String,
    /// What a person should know first.
    pub about: Vec<Line>,
    /// What can be chosen or typed.
    pub fields: Vec<Field>,
    /// Which field has the keys.
    pub at: usize,
    /// What becomes of it.
    pub purpose: Purpose,
}

/// Something to choose or to type.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub label: &'static str,
    /// What it holds.
    pub value: Value,
}

/// What a field holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// One of several.
    Choice { options: Vec<String>, at: usize },
    /// Free text.
    Text(String),
    /// This word must be typed.
    Word { expected: Arc<str>, typed: String },
}

/// What becomes of a form.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// No new attempts in one of these scopes.
    Pause(Vec<Scope>),
    /// The end of a pause.
    Resume(Scope),
    /// One key is left alone.
    Snooze(Key),
    /// The end of a snooze.
    Unsnooze(Key),
    /// No to a request.
    Decline(IncidentId),
    /// An incident's end by hand.
    Close(IncidentId),
    /// A breaker is closed by hand.
    ResetBreaker(Key),
    /// A breaker is latched by hand.
    LatchBreaker(Key),
    /// A playbook may act.
    Arm(Arc<str>),
    /// Back to shadow.
    Disarm(Arc<str>),
    /// The first rung, now.
    RunNow(Key),
    /// The end of the console.
    Quit,
}

/// What a form came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Ask the engine for this.
    Send(Command),
    /// End the console.
    Quit,
}

/// How long a pause or a snooze can last; none is until resumed.
const LENGTHS: [(&str, Option<u64>); 6] = [
    ("15 minutes", Some(15 * 60)),
    ("1 hour", Some(3600)),
    ("4 hours", Some(4 * 3600)),
    ("12 hours", Some(12 * 3600)),
    ("1 day", Some(86_400)),
    ("until resumed", None),
];

impl Form {
    fn new(title: impl Into<String>, about: Vec<Line>, fields: Vec<Field>, purpose: Purpose) -> Self {
        Self { title: title.into(), about, fields, at: 0, purpose }
    }

    /// Is it answered with `y`, and not with Enter?
    #[must_use]
    pub fn wants_yes(&self) -> bool {
        self.fields.is_empty()
    }

    /// No new attempts: on the host, or by one playbook.
    #[must_use]
    pub fn pause(playbook: Option<Arc<str>>) -> Self {
        let scopes: Vec<Scope> = [Scope::Host].into_iter().chain(playbook.map(Scope::Playbook)).collect();
        let about = vec![
            Line::plain("Nothing new is started while paused. Detection goes on."),
            Line::plain("An attempt that runs now is finished and verified."),
        ];
        let options = scopes.iter().map(ToString::to_string).collect();
        let fields = vec![choice("what", options), lengths(LENGTHS.len()), text("reason")];
        Self::new("Pause", about, fields, Purpose::Pause(scopes))
    }

    /// The end of a pause in force.
    #[must_use]
    pub fn resume(snapshot: &Snapshot, scope: &Scope, now: Mono) -> Option<Self> {
        let pause = snapshot.pauses.iter().find(|pause| pause.scope == *scope)?;
        let until =
            pause.until.map_or_else(|| "until resumed".to_owned(), |until| format!("{} left", say::left(until, now)));
        let since = say::age(now.since(pause.since));
        let mut about = vec![Line::plain(format!("{scope} was paused {since} ago by {}, {until}.", pause.by))];
        if !pause.reason.is_empty() {
            about.push(Line::plain("Reason: ").text(&pause.reason));
        }
        let waiting = snapshot.detectors.iter().filter(|d| matches!(d.health, Health::Held(Denial::Paused { .. })));
        about.push(Line::plain(format!(
            "{} acted upon as soon as it is resumed.",
            match waiting.count() {
                0 => "Nothing waits to be".to_owned(),
                1 => "1 broken target may be".to_owned(),
                many => format!("{many} broken targets may be"),
            }
        )));
        Some(Self::new(format!("Resume {scope}?"), about, vec![], Purpose::Resume(scope.clone())))
    }

    /// Leave one key alone for a time.
    #[must_use]
    pub fn snooze(playbook: &str, key: &Key) -> Self {
        let about = vec![Line::plain(format!("{playbook} leaves {} alone for so long, broken or not.", key.target))];
        // a snooze always ends by itself
        let fields = vec![lengths(LENGTHS.len() - 1), text("reason")];
        Self::new(format!("Snooze {}", key.target), about, fields, Purpose::Snooze(key.clone()))
    }

    /// The end of a snooze.
    #[must_use]
    pub fn unsnooze(playbook: &str, key: &Key, why: &str) -> Self {
        let about =
            vec![Line::plain(format!("It is {why}.")), Line::plain(format!("{playbook} may act on it again at once."))];
        Self::new(format!("End the snooze of {}?", key.target), about, vec![], Purpose::Unsnooze(key.clone()))
    }

    /// No to a request, and why.
    #[must_use]
    pub fn decline(incident: IncidentId, plan: &str) -> Self {
        let about = vec![
            Line::plain("Not run: ").text(plan),
            Line::plain("The incident ends as declined. It asks again if the fault comes back."),
        ];
        Self::new(format!("Decline {incident}"), about, vec![text("reason")], Purpose::Decline(incident))
    }

    /// An open incident's end by hand.
    #[must_use]
    pub fn close(incident: IncidentId, target: &str) -> Self {
        let about = vec![Line::plain(format!("Ends the incident on {target} without an attempt."))];
        Self::new(format!("Close {incident}"), about, vec![text("reason"), word("close")], Purpose::Close(incident))
    }

    /// A breaker is closed, or latched, by hand.
    #[must_use]
    pub fn breaker(breaker: &Breaker, now: Mono) -> Self {
        let target = &breaker.key.target;
        let stands = match breaker.limit {
            0 => format!("It is {}: {}.", breaker.state.word(), breaker.why),
            limit => format!(
                "It is {}, {} of {limit} attempts used: {}.",
                breaker.state.word(),
                breaker.invocations,
                breaker.why.trim_end_matches('.')
            ),
        };
        let mut about = vec![Line::plain(stands)];
        if let BreakerState::Open { until, .. } = breaker.state {
            about.push(Line::plain(format!("By itself it tries one probe in {}.", say::left(until, now))));
        }
        let closes = !matches!(breaker.state, BreakerState::Closed);
        let (verb, purpose, effect) = if closes {
            ("reset", Purpose::ResetBreaker(breaker.key.clone()), "Reset: attempts may start again at once.")
        } else {
            ("latch", Purpose::LatchBreaker(breaker.key.clone()), "Latch: no attempts at all until somebody resets it.")
        };
        about.push(Line::plain(effect));
        Self::new(
            format!("Breaker of {target} ({})", breaker.playbook),
            about,
            vec![text("reason"), word(verb)],
            purpose,
        )
    }

    /// A playbook's arming, or its end.
    #[must_use]
    pub fn arming(playbook: &Arc<str>, title: &str, mode: &str, arm: bool) -> Self {
        let (verb, effect, purpose) = if arm {
            let effect = format!("With exactly this content it may act as its mode says: {mode}.");
            ("Arm", effect, Purpose::Arm(Arc::clone(playbook)))
        } else {
            let effect = "It goes back to shadow: it detects, and records what it would have done.".to_owned();
            ("Disarm", effect, Purpose::Disarm(Arc::clone(playbook)))
        };
        let first = "The first live attempt of a new or changed playbook always asks.";
        let mut about = vec![Line::plain(format!("Its promise: {title}")), Line::plain(effect)];
        about.extend(arm.then(|| Line::plain(first)));
        Self::new(format!("{verb} {playbook}?"), about, vec![], purpose)
    }

    /// The first rung, now.
    #[must_use]
    pub fn run_now(playbook: &str, key: &Key) -> Self {
        let about = vec![
            Line::plain(format!("Opens an incident by hand and runs the first rung of {playbook} on {}.", key.target)),
            Line::plain(
                "It passes the whole gate but its mode: pauses, snoozes, the breaker, locks and approvals count.",
            ),
        ];
        Self::new(format!("Run {playbook} now?"), about, vec![], Purpose::RunNow(key.clone()))
    }

    /// The end of an embedded console, which is the end of healing.
    #[must_use]
    pub fn quit(snapshot: &Snapshot) -> Self {
        let mut about = vec![Line::plain("Healing runs inside this console and stops with it.")];
        about.extend(running(snapshot).map(|words| Line::new().with(Role::Fixing, words)));
        about.push(Line::plain("A daemon goes on without a screen: salve daemon."));
        Self::new("Quit?", about, vec![], Purpose::Quit)
    }

    /// What the answer is, or why there is none yet.
    ///
    /// # Errors
    /// In words, for the form's last line.
    pub fn answer(&self) -> Result<Answer, String> {
        for field in &self.fields {
            if let Value::Word { expected, typed } = &field.value
                && typed != &**expected
            {
                return Err(format!("type {expected} in the field {}", field.label));
            }
        }
        Ok(Answer::Send(match &self.purpose {
            Purpose::Quit => return Ok(Answer::Quit),
            Purpose::Pause(scopes) => {
                let scope = scopes.get(self.chosen(0)).cloned().unwrap_or(Scope::Host);
                Command::Pause { scope, length: self.length(1), reason: self.reason() }
            }
            Purpose::Resume(scope) => Command::Resume { scope: scope.clone() },
            Purpose::Snooze(key) => {
                let length = self.length(0).unwrap_or(Period::from_secs(15 * 60));
                Command::Snooze { key: key.clone(), length, reason: self.reason() }
            }
            Purpose::Unsnooze(key) => Command::Unsnooze { key: key.clone() },
            Purpose::Decline(incident) => Command::Decline { incident: *incident, reason: self.reason() },
            Purpose::Close(incident) => Command::Close { incident: *incident, reason: self.needed()? },
            Purpose::ResetBreaker(key) => Command::ResetBreaker { key: key.clone(), reason: self.needed()? },
            Purpose::LatchBreaker(key) => Command::LatchBreaker { key: key.clone(), reason: self.needed()? },
            Purpose::Arm(playbook) => Command::Arm { playbook: Arc::clone(playbook) },
            Purpose::Disarm(playbook) => Command::Disarm { playbook: Arc::clone(playbook) },
            Purpose::RunNow(key) => Command::RunNow { key: key.clone() },
        }))
    }

    fn chosen(&self, field: usize) -> usize {
        match self.fields.get(field).map(|field| &field.value) {
            Some(Value::Choice { at, .. }) => *at,
            _ => 0,
        }
    }

    fn length(&self, field: usize) -> Option<Period> {
        LENGTHS.get(self.chosen(field)).and_then(|(_, seconds)| seconds.map(Period::from_secs))
    }

    fn reason(&self) -> Arc<str> {
        let text = self.fields.iter().find_map(|field| match &field.value {
            Value::Text(text) => Some(text.trim()),
            _ => None,
        });
        text.unwrap_or_default().into()
    }

    fn needed(&self) -> Result<Arc<str>, String> {
        let reason = self.reason();
        if reason.is_empty() { Err("give a reason: it is recorded with your name".into()) } else { Ok(reason) }
    }
}

/// Attempts that run now, in words.
fn running(snapshot: &Snapshot) -> Option<String> {
    let running = snapshot.incidents.iter().filter(|incident| matches!(incident.stage, Stage::Remediating { .. }));
    let targets: Vec<String> = running.map(|incident| incident.key.target.to_string()).collect();
    (!targets.is_empty())
        .then(|| format!("An attempt runs on {}: it is finished and recorded first.", targets.join(", ")))
}

/// Is this key snoozed, and how is that said?
#[must_use]
pub fn snoozed(snapshot: &Snapshot, key: &Key, now: Mono) -> Option<String> {
    let detector = snapshot.detectors.iter().find(|detector| detector.key.as_ref() == Some(key))?;
    match &detector.health {
        Health::Held(denial @ Denial::Snoozed { .. }) => Some(say::denial_words(denial, now)),
        _ => None,
    }
}

/// The breaker to be reset or latched for a key: the one that is shown, or a closed one that was never needed.
#[must_use]
pub fn breaker_for(snapshot: &Snapshot, playbook: &Arc<str>, key: &Key) -> Breaker {
    rows::breaker_of(snapshot, key).cloned().unwrap_or_else(|| Breaker {
        key: key.clone(),
        playbook: Arc::clone(playbook),
        state: BreakerState::Closed,
        invocations: 0,
        limit: 0,
        why: "it was never needed".into(),
    })
}

fn choice(label: &'static str, options: Vec<String>) -> Field {
    Field { label, value: Value::Choice { options, at: 0 } }
}

fn lengths(count: usize) -> Field {
    choice("how long", LENGTHS.iter().take(count).map(|(words, _)| (*words).to_owned()).collect())
}

fn text(label: &'static str) -> Field {
    Field { label, value: Value::Text(String::new()) }
}

fn word(expected: &str) -> Field {
    Field { label: "to confirm", value: Value::Word { expected: expected.into(), typed: String::new() } }
}
