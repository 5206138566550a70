//! The machine: takes one input, decides, records what it decided, and says what it wants done.
//!
//! Every durable change is an event: [`Core::record`] numbers it, folds it into the [`State`] by the same `apply` that
//! a replay uses, and only then puts it among the effects. What is not in the state (readings, hold times, surveys,
//! watches, deadlines) is gathered anew after a start.

pub mod config;
mod deadlines;
pub mod effect;
pub mod history_view;
pub mod input;
pub(super) mod load;
pub(super) mod view;
mod volatile;
mod waiting;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use config::Config;
use effect::Effect;
use input::{Binding, Input};
use jiff::Timestamp;
pub(super) use volatile::{PreflightPurpose, Volatile};
pub(super) use waiting::BlockedOn;

use super::detector::Detector;
use super::detector::silence::SystemdSilence;
use super::event::{Event, Recorded};
use super::gate::storm::StormWatch;
use super::id::{IncidentId, Key, SurveyId};
use super::incident::{BreakerState, Incident};
use super::state::State;
use super::time::timers::{Timer, Timers};
use super::time::{Mono, Now};
use crate::playbook::{ContentKey, Playbook};
use crate::text::cut_line;
use crate::text::redact::redact;

/// What a note is about is never longer, in characters.
const LONGEST_SUBJECT: usize = 200;
/// After a start everything is taken to have been read once within this time.
pub(super) const FIRST_LOOK: std::time::Duration = std::time::Duration::from_mins(1);
/// No note is longer, in characters.
const LONGEST_NOTE: usize = 2000;

/// The pure state machine that decides everything: inputs go in, effects come out.
#[derive(Debug, Clone)]
pub struct Core {
    pub(super) config: Config,
    pub(super) state: State,
    /// Playbooks by content: those in force, and those that open incidents began with.
    pub(super) books: HashMap<ContentKey, Arc<Playbook>>,
    pub(super) keys: HashMap<Key, Detector>,
    /// Bindings that came to nothing here.
    pub(super) absent: Vec<Binding>,
    /// Since when, by content and the target as written.
    pub(super) absent_since: HashMap<(ContentKey, Arc<str>), Mono>,
    /// Keys by their playbook's name and title, for `needs`.
    pub(super) named: HashMap<Arc<str>, Vec<Key>>,
    pub(super) live: HashMap<IncidentId, Volatile>,
    pub(super) surveys: HashMap<SurveyId, PreflightPurpose>,
    pub(super) last_survey: u64,
    pub(super) waits: BTreeSet<(BlockedOn, IncidentId)>,
    pub(super) timers: Timers,
    pub(super) storms: StormWatch,
    pub(super) recording: Result<(), Arc<str>>,
    /// Since when systemd has not answered; none while it answers.
    pub(super) silence: Option<SystemdSilence>,
    /// The playbooks in force are known.
    pub(super) loaded: bool,
    /// When this process took up its work.
    pub(super) resumed: Mono,
    pub(super) now: Now,
    pub(super) out: Vec<Effect>,
}

impl Core {
    /// A machine that remembers nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            state: State::default(),
            books: HashMap::new(),
            keys: HashMap::new(),
            absent: Vec::new(),
            absent_since: HashMap::new(),
            named: HashMap::new(),
            live: HashMap::new(),
            surveys: HashMap::new(),
            last_survey: 0,
            waits: BTreeSet::new(),
            timers: Timers::default(),
            storms: StormWatch::default(),
            recording: Ok(()),
            silence: None,
            loaded: false,
            resumed: Mono(0),
            now: Now { mono: Mono(0), wall: Timestamp::UNIX_EPOCH, minute_of_day: 0 },
            out: Vec::new(),
        }
    }

    /// Folds one event of the journal, oldest first, before the first input.
    pub fn replay(&mut self, recorded: &Arc<Recorded>) {
        self.state.apply(recorded);
        if let Event::Adopted { content, name, source } = &recorded.event
            && let Some(book) = load::read_again(content, name, source)
        {
            self.books.insert(content.clone(), book);
        }
    }

    /// Takes one input; the effects begin with what must be made durable.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Effect> {
        let mono = now.mono.max(self.now.mono).max(self.state.clock());
        self.now = Now { mono, ..now };
        self.dispatch(input);
        self.begin_windows();
        self.run_due();
        let effects = std::mem::take(&mut self.out);
        let (mut records, rest): (Vec<_>, Vec<_>) =
            effects.into_iter().partition(|effect| matches!(effect, Effect::Record(_)));
        records.extend(rest);
        records
    }

    /// When it wants a [`Input::Tick`], at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.timers.next()
    }

    fn dispatch(&mut self, input: Input) {
        match input {
            Input::Started { version, boot_id, booted, watched_until } => {
                self.start_work(Event::Started { version, boot_id, booted, watched_until });
            }
            Input::Loaded(bindings) => self.load(bindings),
            Input::Read { watch, reading } => self.read(&watch, reading),
            Input::Surveyed { incident, survey, facts } => self.surveyed(incident, survey, &facts),
            Input::AttemptEnded { attempt, report } => self.attempt_ended(attempt, report),
            Input::ScopeEmptied { attempt, empty } => self.scope_emptied(attempt, empty),
            Input::Delivered { page, channel, instead } => self.delivered(page, channel, instead),
            Input::Command { by, authority, command, request } => self.command(&by, authority, command, request),
            Input::Note { about, text } => self.note(&about, &text),
            Input::Systemd(answers) => self.systemd_is(answers),
            Input::Recording(can) => self.recording_is(can),
            Input::Tick => {}
        }
    }

    /// Numbers an event, folds it in, and wants it durable.
    pub(super) fn record(&mut self, event: Event) {
        let Now { mono, wall, .. } = self.now;
        let recorded = Arc::new(Recorded { seq: self.state.seq() + 1, mono, wall, event });
        self.state.apply(&recorded);
        self.mark(&recorded.event);
        self.out.push(Effect::Record(recorded));
    }

    /// What comes up outside may say anything, so it is cut, and its secrets go, like everything else that becomes
    /// durable.
    pub(super) fn note(&mut self, about: &str, text: &str) {
        let about = cut_line(about, LONGEST_SUBJECT).as_ref().into();
        // A rejected file's line is quoted with what stands in it.
        let text = cut_line(&redact(text), LONGEST_NOTE).as_ref().into();
        self.record(Event::Notice { about, text });
    }

    /// Takes up the work after a replay: what was under way when the last process ended is settled first.
    fn start_work(&mut self, started: Event) {
        self.resumed = self.now.mono;
        let former = self.state.boot().id.clone();
        self.record(started);
        if former.is_some() && former != self.state.boot().id {
            self.void_approvals();
        }
        for attempt in self.state.locks().scopes() {
            self.empty_scope(attempt);
        }
        self.out.extend(self.state.escalations().undelivered().map(Effect::Deliver));
        self.end_forsaken_calls();
        if self.state.escalations().storm().is_some() {
            self.timers.set(Timer::Storm, self.resumed + FIRST_LOOK);
        }
        for (scope, pause) in self.state.suppressions().pauses() {
            if let Some(until) = pause.until {
                self.timers.set(Timer::Pause(scope.clone()), until);
            }
        }
        self.await_windows();
        self.await_answers();
        for (key, snooze) in self.state.suppressions().snoozes() {
            self.timers.set(Timer::Snooze(key.clone()), snooze.until);
        }
        for (key, breaker) in self.state.breakers().iter() {
            if let BreakerState::Open { until, .. } = breaker.state() {
                self.timers.set(Timer::Breaker(key.clone()), *until);
            }
        }
    }

    fn recording_is(&mut self, can: Result<(), Arc<str>>) {
        self.recording = can;
        if self.recording.is_ok() {
            self.wake(BlockedOn::Recording);
        }
    }

    pub(super) fn forget_survey(&mut self, id: IncidentId) {
        if let Some((survey, _)) = self.live.get_mut(&id).and_then(|live| live.survey.take()) {
            self.surveys.remove(&survey);
        }
    }

    pub(super) fn live(&mut self, id: IncidentId) -> &mut Volatile {
        self.live.entry(id).or_default()
    }

    pub(super) fn incident(&self, id: IncidentId) -> Option<&Incident> {
        self.state.incidents().get(id)
    }

    /// The version that this incident began with.
    pub(super) fn book(&self, content: &ContentKey) -> Option<Arc<Playbook>> {
        self.books.get(content).cloned()
    }

    pub(super) fn book_of(&self, id: IncidentId) -> Option<Arc<Playbook>> {
        self.incident(id).and_then(|incident| self.book(&incident.key.content))
    }
}
