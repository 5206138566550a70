//! A question with fields, over the page: what it says first, what can be chosen, and the command that it comes to.

mod answer;
mod arms;
mod holds;
mod run;

use std::sync::Arc;

use super::canvas::line::Line;
use super::content::{format, rows};
use super::keys::guard::Guard;
use super::theme::Role;
use crate::core::incident::BreakerState;
use crate::core::{IncidentId, Key, MaintenanceId, Mono, Scope};
use crate::engine::Snapshot;
use crate::engine::snapshot::{BreakerView, IncidentStage};

pub use answer::FormResult;
pub use arms::powerless;
pub use holds::snooze_of;
pub use run::{DryRunResult, Preview};

/// A question to the operator, with what has been filled in so far.
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
    pub purpose: FormPurpose,
    /// The plan that has to be seen before it is answered.
    pub preview: Option<Preview>,
    /// How far a question is scrolled that does not fit.
    pub scroll: usize,
    /// Keeps an answer out that was not meant for it.
    pub guard: Guard,
}

/// Something to choose or to type.
#[derive(Debug, Clone)]
pub struct Field {
    /// The words before the field on the screen.
    pub label: &'static str,
    /// What it holds.
    pub value: Value,
}

/// What a field holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// One of several.
    Choice { options: Vec<String>, at: usize },
    /// Words that the operator types, such as a reason.
    Text(String),
    /// A moment as people write it, and what it means.
    Moment { typed: String, means: String },
    /// This word must be typed.
    Word { expected: Arc<str>, typed: String },
}

/// What becomes of a form.
#[derive(Debug, Clone)]
pub enum FormPurpose {
    /// No new attempts in one of these scopes.
    Pause(Vec<Scope>),
    /// The end of a pause.
    Resume(Scope),
    /// No new attempts in one of these scopes, later.
    Schedule(Vec<Scope>),
    /// The end of a maintenance window.
    Unschedule(MaintenanceId),
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

impl Form {
    fn new(title: impl Into<String>, about: Vec<Line>, fields: Vec<Field>, purpose: FormPurpose) -> Self {
        Self { title: title.into(), about, fields, at: 0, purpose, preview: None, scroll: 0, guard: Guard::default() }
    }

    /// Is it answered with `y`, and not with Enter?
    #[must_use]
    pub fn wants_yes(&self) -> bool {
        self.fields.is_empty()
    }

    /// No to a request, and why.
    #[must_use]
    pub fn decline(incident: IncidentId, plan: &str) -> Self {
        let about = vec![
            Line::plain("Not run: ").text(plan),
            Line::plain("The incident closes as declined. A new request is made if it fires again."),
        ];
        Self::new(format!("Decline {incident}"), about, vec![text("reason")], FormPurpose::Decline(incident))
    }

    /// An open incident's end by hand.
    #[must_use]
    pub fn close(incident: IncidentId, target: &str) -> Self {
        let about = vec![Line::plain(format!("Closes the incident on {target} without an attempt."))];
        Self::new(format!("Close {incident}"), about, vec![text("reason"), word("close")], FormPurpose::Close(incident))
    }

    /// A breaker is closed, or latched, by hand.
    #[must_use]
    pub fn breaker(breaker: &BreakerView, now: Mono) -> Self {
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
            about.push(Line::plain(format!("It tries one probe automatically in {}.", format::left(until, now))));
        }
        let mut fields = vec![text("reason"), word("reset")];
        match breaker.state {
            BreakerState::Closed => fields = vec![text("reason"), word(LATCH)],
            BreakerState::Latched { .. } => {}
            BreakerState::Open { .. } | BreakerState::HalfOpen { .. } => {
                fields.insert(1, choice("what", vec!["reset".to_owned(), LATCH.to_owned()]));
            }
        }
        let purpose = match breaker.state {
            BreakerState::Closed => FormPurpose::LatchBreaker(breaker.key.clone()),
            _ => FormPurpose::ResetBreaker(breaker.key.clone()),
        };
        let effects = [
            ("Reset: attempts may start again immediately.", !matches!(breaker.state, BreakerState::Closed)),
            ("Latch: no attempts until an operator resets it.", !matches!(breaker.state, BreakerState::Latched { .. })),
        ];
        about.extend(effects.into_iter().filter(|(_, offered)| *offered).map(|(effect, _)| Line::plain(effect)));
        Self::new(format!("Breaker of {target} ({})", breaker.playbook), about, fields, purpose)
    }

    /// A choice was made: where it decides what is done, the word that confirms it is another one.
    pub fn settle(&mut self) {
        let (FormPurpose::ResetBreaker(key) | FormPurpose::LatchBreaker(key)) = &self.purpose else { return };
        let key = key.clone();
        let chosen = self.fields.iter().find_map(|field| match &field.value {
            Value::Choice { options, at } => options.get(*at).cloned(),
            _ => None,
        });
        let Some(chosen) = chosen else { return };
        self.purpose = if chosen == LATCH { FormPurpose::LatchBreaker(key) } else { FormPurpose::ResetBreaker(key) };
        for field in &mut self.fields {
            if let Value::Word { expected, typed } = &mut field.value {
                (*expected, *typed) = (chosen.as_str().into(), String::new());
            }
        }
    }

    /// A playbook's arming, or its end.
    #[must_use]
    pub fn arming(
        snapshot: &Snapshot,
        playbook: &Arc<str>,
        (title, mode): (&str, &str),
        arm: bool,
        powerless: bool,
    ) -> Self {
        let (verb, effect, purpose) = if arm {
            let effect = format!("With exactly this content it acts in its mode: {mode}.");
            ("Arm", effect, FormPurpose::Arm(Arc::clone(playbook)))
        } else {
            let effect = "It goes back to shadow mode: it detects, and records what it would have done.".to_owned();
            ("Disarm", effect, FormPurpose::Disarm(Arc::clone(playbook)))
        };
        let mut about = vec![Line::plain(format!("Title: {title}")), Line::plain(effect)];
        if arm {
            about.extend(arms::what_runs(snapshot, playbook));
            about.extend(powerless.then(arms::powerless));
        }
        Self::new(format!("{verb} {playbook}?"), about, vec![], purpose)
    }

    /// The end of an embedded console, which is the end of healing.
    #[must_use]
    pub fn quit(snapshot: &Snapshot) -> Self {
        let mut about = vec![Line::plain("Remediation runs inside this console and stops with it.")];
        about.extend(running(snapshot).map(|words| Line::new().with(Role::Fixing, words)));
        about.push(Line::plain("To keep it running without a console: salve daemon."));
        Self::new("Quit?", about, vec![], FormPurpose::Quit)
    }
}

/// Attempts that run now, in words.
fn running(snapshot: &Snapshot) -> Option<String> {
    let running =
        snapshot.incidents.iter().filter(|incident| matches!(incident.stage, IncidentStage::Remediating { .. }));
    let targets: Vec<String> = running.map(|incident| incident.key.target.to_string()).collect();
    (!targets.is_empty())
        .then(|| format!("An attempt is running on {}: it finishes and is recorded first.", targets.join(", ")))
}

/// The breaker to be reset or latched for a key: the one that is shown, or a closed one that was never needed.
#[must_use]
pub fn breaker_for(snapshot: &Snapshot, playbook: &Arc<str>, key: &Key) -> BreakerView {
    rows::breaker_of(snapshot, key).cloned().unwrap_or_else(|| BreakerView {
        key: key.clone(),
        playbook: Arc::clone(playbook),
        state: BreakerState::Closed,
        invocations: 0,
        limit: 0,
        why: "no attempt yet".into(),
    })
}

/// What confirms that a breaker is latched.
const LATCH: &str = "latch";

fn choice(label: &'static str, options: Vec<String>) -> Field {
    Field { label, value: Value::Choice { options, at: 0 } }
}

fn text(label: &'static str) -> Field {
    Field { label, value: Value::Text(String::new()) }
}

fn word(expected: &str) -> Field {
    Field { label: "to confirm", value: Value::Word { expected: expected.into(), typed: String::new() } }
}
