//! The recorded past as a driver's ports: a clock that stands where it is set, a journal that accepts everything at once,
//! and a host whose checks say what was read then.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use jiff::Timestamp;

use super::marks::mark_of;
use super::past_clock::PastClock;
use super::replay::{TargetPast, Track, latest};
use crate::core::id::WatchId;
use crate::core::machine::effect::Cadence;
use crate::core::machine::input::{Facts, StopOrigin};
use crate::core::plan::{AttemptReport, ScopeLevel, StepReport, StepResult};
use crate::core::{
    AttemptId, CheckRole, Config, Core, Input, Key, Mono, PageId, Plan, Reading, Recorded, Refusal, RequestId, Verdict,
};
use crate::engine::backtest::{BacktestMark, FaultSeen};
use crate::engine::driver::Driver;
use crate::engine::driver::forgetful_journal::ForgetfulJournal;
use crate::engine::driver::ports::{AttemptRequest, HostPort, PreflightRequest};
use crate::playbook::Check;

/// How long a remediation is taken to run.
const RUN: Duration = Duration::from_secs(1);
/// How long a verifier is taken to take for its first reading.
const FIRST_READING: Duration = Duration::from_millis(1);

/// What comes at a moment.
#[derive(Debug)]
pub(super) enum DueEvent {
    Read {
        role: CheckRole,
        index: usize,
        reading: Reading,
    },
    Over {
        attempt: AttemptId,
        plan: Arc<Plan>,
    },
    /// A reading of a verifier of which nothing was kept: it is taken to hold where the fault is gone.
    Guess {
        watch: WatchId,
    },
}

/// One run of the core over a target's past.
pub(super) struct BacktestRun<'a> {
    driver: Driver<PastHost<'a>, ForgetfulJournal, PastClock<'a>>,
}

/// A host on which nothing is done: its checks say what was read then, and its attempts are taken to run.
struct PastHost<'a> {
    past: &'a TargetPast<'a>,
    /// Where the clock stands.
    at: Mono,
    due: BTreeMap<(Mono, u64), DueEvent>,
    count: u64,
    /// Answers that come at once.
    answers: VecDeque<Input>,
    /// Verifiers that are read now.
    watched: Vec<WatchId>,
    marks: Vec<(Timestamp, BacktestMark, String)>,
}

impl<'a> BacktestRun<'a> {
    pub(super) fn new(past: &'a TargetPast<'a>, config: Config) -> Self {
        let host = PastHost {
            past,
            at: Mono(0),
            due: BTreeMap::new(),
            count: 0,
            answers: VecDeque::new(),
            watched: Vec::new(),
            marks: Vec::new(),
        };
        Self { driver: Driver::new(Core::new(config), host, ForgetfulJournal, PastClock { past, at: Mono(0) }) }
    }

    /// The core as it stands after the run so far.
    #[cfg(test)]
    pub(super) fn core(&self) -> &Core {
        self.driver.core()
    }

    /// What happened in the run, oldest first.
    pub(super) fn into_marks(mut self) -> Vec<(Timestamp, BacktestMark, String)> {
        std::mem::take(&mut self.driver.host_mut().marks)
    }

    pub(super) fn later(&mut self, at: Mono, due: DueEvent) {
        self.driver.host_mut().later(at, due);
    }

    /// Hands one input over at a moment, with all that follows at once.
    pub(super) fn feed(&mut self, at: Mono, input: Input) {
        self.move_to(at);
        self.driver.handle(input);
        self.settle();
    }

    pub(super) fn until(&mut self, end: Mono) {
        loop {
            let next = self.driver.host().due.keys().next().map(|(at, _)| *at);
            let wake = self.driver.next_wake();
            let Some(at) = next.into_iter().chain(wake).min().filter(|at| *at <= end) else { return };
            if next.is_some_and(|next| next <= at) {
                let Some((_, due)) = self.driver.host_mut().due.pop_first() else { return };
                self.happen(at, due);
            } else {
                self.move_to(at);
                self.driver.wake();
                self.settle();
                // a deadline that stays would be one for ever
                if self.driver.next_wake().is_some_and(|again| again <= at) && next.is_none() {
                    return;
                }
            }
        }
    }

    fn move_to(&mut self, at: Mono) {
        self.driver.clock_mut().at = at;
        self.driver.host_mut().at = at;
    }

    fn settle(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            while self.driver.poll_write(&mut context).is_ready() {}
            let Some(answer) = self.driver.host_mut().answers.pop_front() else { return };
            self.driver.handle(answer);
        }
    }

    fn happen(&mut self, at: Mono, due: DueEvent) {
        match due {
            DueEvent::Read { role, index, reading } => {
                let host = self.driver.host();
                let watch = WatchId { key: host.key(), role, index };
                if role == CheckRole::Detector || host.watched.contains(&watch) {
                    self.feed(at, Input::Read { watch, reading });
                }
                self.driver.host_mut().guess_all(at);
            }
            DueEvent::Over { attempt, plan } => {
                self.feed(at, Input::AttemptEnded { attempt, report: Arc::new(report(&plan)) });
            }
            DueEvent::Guess { watch } => {
                let host = self.driver.host();
                if host.watched.contains(&watch) {
                    let reading = host.verifier(&watch, at);
                    self.feed(at, Input::Read { watch, reading });
                }
            }
        }
    }
}

/// Every step is taken to have been done.
fn report(plan: &Plan) -> AttemptReport {
    let took_ms = u64::try_from(RUN.as_millis()).unwrap_or(u64::MAX);
    let step = |sentence: &Arc<str>| StepReport {
        sentence: Arc::clone(sentence),
        result: StepResult::Done("taken to be done".into()),
        output: "".into(),
        took_ms,
    };
    let steps = plan.steps.iter().map(|planned| step(&planned.sentence)).collect();
    AttemptReport { steps, scope: ScopeLevel::None, scope_empty: true, took_ms }
}

impl PastHost<'_> {
    fn later(&mut self, at: Mono, due: DueEvent) {
        self.count += 1;
        self.due.insert((at, self.count), due);
    }

    /// Verifiers without readings of their own are read whenever something was.
    fn guess_all(&mut self, at: Mono) {
        for watch in self.watched.clone() {
            if !self.is_kept(&watch) {
                self.later(at, DueEvent::Guess { watch });
            }
        }
    }

    fn is_kept(&self, watch: &WatchId) -> bool {
        let of = |track: &&Track| track.role == watch.role && track.index == watch.index;
        self.past.tracks.iter().find(of).is_some_and(|track| !track.readings.is_empty())
    }

    /// What a verifier says now: as it was read, else as the fault stands.
    fn verifier(&self, watch: &WatchId, at: Mono) -> Reading {
        let of = |track: &&Track| track.role == watch.role && track.index == watch.index;
        let read = self.past.tracks.iter().find(of).and_then(|track| latest(track, at));
        let verdict = match (read, self.past.at(at)) {
            (Some(reading), _) => reading.verdict.clone(),
            (None, FaultSeen::Well) => Verdict::Holds,
            (None, FaultSeen::Fault) => Verdict::DoesNotHold,
            (None, FaultSeen::Unknown) => Verdict::Unknown("nothing was read then".into()),
        };
        let seen = read.map_or_else(|| "as the fault stood".into(), |reading| Arc::clone(&reading.seen));
        Reading { verdict, seen, figure: None, unit: None, began: at, since: at }
    }

    fn key(&self) -> Key {
        Key { content: self.past.playbook.content.clone(), target: self.past.target.clone() }
    }

    fn facts(&self, at: Mono, rung: usize, verifier: bool) -> Facts {
        let detector = self.past.playbook.detect.checks.iter().enumerate().map(|(index, _)| {
            let of = |track: &&Track| track.role == CheckRole::Detector && track.index == index;
            let read = self.past.tracks.iter().find(of).and_then(|track| latest(track, at));
            let unknown = || Reading {
                verdict: Verdict::Unknown("nothing was kept".into()),
                seen: "nothing was kept".into(),
                figure: None,
                unit: None,
                began: at,
                since: at,
            };
            Reading { began: at, ..read.cloned().unwrap_or_else(unknown) }
        });
        let plan = self.past.plans.get(rung).cloned().unwrap_or_else(|| Err("the ladder has no such rung".into()));
        let checks = 0..self.past.playbook.verify.checks.len();
        let verifier = checks.filter(|_| verifier).map(|index| {
            let watch = WatchId { key: self.key(), role: CheckRole::Verifier, index };
            self.verifier(&watch, at)
        });
        Facts {
            detector: detector.collect(),
            verifier: verifier.collect(),
            busy: None,
            stop: StopOrigin::Nobody,
            plan,
            began: at,
        }
    }
}

impl HostPort for PastHost<'_> {
    fn note(&mut self, recorded: &Arc<Recorded>) {
        if let Some((mark, words)) = mark_of(&recorded.event) {
            self.marks.push((recorded.wall, mark, words));
        }
    }

    fn watch(&mut self, watch: WatchId, _check: Arc<Check>, _cadence: Cadence) {
        match watch.role {
            CheckRole::Detector => {}
            CheckRole::Verifier => {
                if !self.watched.contains(&watch) {
                    self.watched.push(watch.clone());
                }
                self.later(self.at + FIRST_READING, DueEvent::Guess { watch });
            }
        }
    }

    fn unwatch(&mut self, watch: &WatchId) {
        self.watched.retain(|other| other != watch);
    }

    fn preflight(&mut self, request: PreflightRequest) {
        let PreflightRequest { incident, survey, rung, verifier, .. } = request;
        let facts = self.facts(self.at, rung, verifier);
        self.answers.push_back(Input::Surveyed { incident, survey, facts });
    }

    fn start(&mut self, request: AttemptRequest) {
        let AttemptRequest { attempt, plan, .. } = request;
        self.later(self.at + RUN, DueEvent::Over { attempt, plan });
    }

    // its journal never fails, and it is never wound down
    fn refuse(&mut self, _request: AttemptRequest, _why: &str) {}

    fn empty_scope(&mut self, attempt: AttemptId) {
        self.answers.push_back(Input::ScopeEmptied { attempt, empty: true });
    }

    // a page of the past has nobody to go to
    fn deliver(&mut self, _page: PageId, _core: &Core) {}

    // and no operator asks for anything
    fn reply(&mut self, _request: RequestId, _answer: Result<Arc<str>, Refusal>) {}
}
