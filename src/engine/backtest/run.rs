//! Runs a core of its own over the kept readings, on the clock of the past, and carries its effects out on paper.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::marks::mark_of;
use super::replay::{TargetPast, Track, latest};
use crate::core::id::WatchId;
use crate::core::machine::input::{Facts, StopOrigin};
use crate::core::plan::{AttemptReport, ScopeLevel, StepReport, StepResult};
use crate::core::{CheckRole, Config, Core, Effect, Input, Key, Mono, Now, Plan, Reading, Recorded, Verdict};
use crate::engine::backtest::{BacktestMark, FaultSeen};

/// How long a remediation is taken to run, in milliseconds.
const RUN: u64 = 1000;

/// What comes at a moment.
pub(super) enum DueEvent {
    Read {
        role: CheckRole,
        index: usize,
        reading: Reading,
    },
    Over {
        attempt: crate::core::AttemptId,
        plan: Arc<Plan>,
    },
    /// A reading of a verifier of which nothing was kept: it is taken to hold where the fault is gone.
    Guess {
        watch: WatchId,
    },
}

/// One run of the core over a target's past, and what came of it so far.
pub(super) struct BacktestRun<'a> {
    past: &'a TargetPast<'a>,
    core: Core,
    due: BTreeMap<(Mono, u64), DueEvent>,
    count: u64,
    /// Verifiers that are read now.
    watched: Vec<WatchId>,
    scope_empty: Mono,
    marks: Vec<(Timestamp, BacktestMark, String)>,
}

impl<'a> BacktestRun<'a> {
    pub(super) fn new(past: &'a TargetPast<'a>, config: Config) -> Self {
        Self {
            past,
            core: Core::new(config),
            due: BTreeMap::new(),
            count: 0,
            watched: Vec::new(),
            scope_empty: Mono(0),
            marks: Vec::new(),
        }
    }

    /// The core as it stands after the run so far.
    #[cfg(test)]
    pub(super) const fn core(&self) -> &Core {
        &self.core
    }

    /// What happened in the run, oldest first.
    pub(super) fn into_marks(self) -> Vec<(Timestamp, BacktestMark, String)> {
        self.marks
    }

    pub(super) fn later(&mut self, at: Mono, due: DueEvent) {
        self.count += 1;
        self.due.insert((at, self.count), due);
    }

    pub(super) fn until(&mut self, end: Mono) {
        loop {
            let next = self.due.keys().next().map(|(at, _)| *at);
            let deadline = self.core.next_deadline();
            let at = match (next, deadline) {
                (Some(next), Some(deadline)) => next.min(deadline),
                (next, deadline) => match next.or(deadline) {
                    Some(at) => at,
                    None => return,
                },
            };
            if at > end {
                return;
            }
            if next.is_some_and(|next| next <= at) {
                let Some((_, due)) = self.due.pop_first() else { return };
                self.happen(at, due);
            } else {
                self.feed(at, Input::Tick);
                // a deadline that stays would be one for ever
                if self.core.next_deadline().is_some_and(|again| again <= at) && next.is_none() {
                    return;
                }
            }
        }
    }

    fn happen(&mut self, at: Mono, due: DueEvent) {
        match due {
            DueEvent::Read { role, index, reading } => {
                let watch = WatchId { key: self.key(), role, index };
                if role == CheckRole::Detector || self.watched.contains(&watch) {
                    self.feed(at, Input::Read { watch, reading });
                }
                self.guess_all(at);
            }
            DueEvent::Over { attempt, plan } => {
                let step = |sentence: &Arc<str>| StepReport {
                    sentence: Arc::clone(sentence),
                    result: StepResult::Done("taken to be done".into()),
                    output: "".into(),
                    took_ms: RUN,
                };
                let steps = plan.steps.iter().map(|planned| step(&planned.sentence)).collect();
                let report = AttemptReport { steps, scope: ScopeLevel::None, scope_empty: true, took_ms: RUN };
                self.scope_empty = at;
                self.feed(at, Input::AttemptEnded { attempt, report: Arc::new(report) });
            }
            DueEvent::Guess { watch } => {
                if self.watched.contains(&watch) {
                    let reading = self.verifier(&watch, at);
                    self.feed(at, Input::Read { watch, reading });
                }
            }
        }
    }

    /// Verifiers without readings of their own are looked at whenever something was read.
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

    pub(super) fn feed(&mut self, at: Mono, input: Input) {
        let wall = self.past.wall(at);
        let local = wall.to_zoned(jiff::tz::TimeZone::system());
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
        let effects = self.core.handle(Now { mono: at, wall, minute_of_day: minute }, input);
        for effect in effects {
            self.carry_out(at, effect);
        }
    }

    fn carry_out(&mut self, at: Mono, effect: Effect) {
        match effect {
            Effect::Record(recorded) => self.note(&recorded),
            Effect::Watch { watch, .. } if watch.role == CheckRole::Verifier => {
                if !self.watched.contains(&watch) {
                    self.watched.push(watch.clone());
                }
                self.later(at + std::time::Duration::from_millis(1), DueEvent::Guess { watch });
            }
            Effect::Unwatch(watch) => self.watched.retain(|other| *other != watch),
            Effect::Survey { incident, survey, rung, verifier, .. } => {
                let facts = self.facts(at, rung, verifier);
                self.feed(at, Input::Surveyed { incident, survey, facts });
            }
            Effect::Start { attempt, plan, .. } => {
                self.later(at + std::time::Duration::from_millis(RUN), DueEvent::Over { attempt, plan });
            }
            Effect::EmptyScope { attempt } => self.feed(at, Input::ScopeEmptied { attempt, empty: true }),
            Effect::Watch { .. } | Effect::Deliver(_) | Effect::Reply { .. } => {}
        }
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

    fn note(&mut self, recorded: &Recorded) {
        if let Some((mark, words)) = mark_of(&recorded.event) {
            self.marks.push((recorded.wall, mark, words));
        }
    }
}
