//! Kept readings, fed to a core of their own, on the clock of the past.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{BacktestMark, FaultSeen};
use crate::core::event::Event;
use crate::core::id::WatchId;
use crate::core::input::{ArmingPolicy, Binding, Facts, Resolution, StopOrigin};
use crate::core::plan::{AttemptReport, ScopeLevel, StepReport, StepResult};
use crate::core::{
    CheckRole, Config, Core, Effect, IncidentId, Input, Key, Mono, Now, Plan, Reading, Recorded, Verdict,
};
use crate::playbook::{Playbook, Target};

/// How long a remediation is taken to run, in milliseconds.
const RUN: u64 = 1000;

/// The readings of one check: moments, and what they said.
pub struct Track {
    pub role: CheckRole,
    pub index: usize,
    pub readings: Vec<Reading>,
}

/// What is known of one target's past.
pub struct TargetPast<'a> {
    pub playbook: &'a Arc<Playbook>,
    pub target: &'a Target,
    pub tracks: &'a [Track],
    /// What each rung would run, or why there is no plan.
    pub plans: &'a [Result<Arc<Plan>, Arc<str>>],
    /// A moment on both clocks.
    pub anchor: (Mono, Timestamp),
    /// From then until then.
    pub span: (Mono, Mono),
}

impl TargetPast<'_> {
    fn wall(&self, mono: Mono) -> Timestamp {
        let (at, wall) = self.anchor;
        let away = i64::try_from(at.0).unwrap_or(i64::MAX) - i64::try_from(mono.0).unwrap_or(i64::MAX);
        wall.checked_sub(SignedDuration::from_millis(away)).unwrap_or(wall)
    }

    /// What was to be seen, from each moment on, as often as it changed.
    pub fn seen(&self) -> Vec<(Timestamp, FaultSeen)> {
        let mut moments: Vec<Mono> = self.detectors().flat_map(|track| &track.readings).map(|one| one.began).collect();
        moments.sort();
        moments.dedup();
        let mut seen = vec![(self.wall(self.span.0), FaultSeen::Unknown)];
        for at in moments {
            let now = self.at(at);
            if seen.last().is_none_or(|(_, before)| *before != now) {
                seen.push((self.wall(at), now));
            }
        }
        seen
    }

    fn detectors(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.role == CheckRole::Detector)
    }

    /// Whether the fault was there at a moment: one check is enough.
    fn at(&self, at: Mono) -> FaultSeen {
        let latest = |track: &Track| latest(track, at).map(|reading| reading.verdict.clone());
        let verdicts: Vec<_> = self.detectors().map(latest).collect();
        match () {
            () if verdicts.contains(&Some(Verdict::Holds)) => FaultSeen::Fault,
            () if verdicts.contains(&Some(Verdict::DoesNotHold)) => FaultSeen::Well,
            () => FaultSeen::Unknown,
        }
    }

    /// What the core would have done.
    pub fn would(&self, config: Config) -> Vec<(Timestamp, BacktestMark, String)> {
        let mut run = BacktestRun {
            past: self,
            core: Core::new(config),
            due: BTreeMap::new(),
            count: 0,
            watched: Vec::new(),
            scope_empty: Mono(0),
            marks: Vec::new(),
        };
        let (from, to) = self.span;
        // the host was up long before: no grace after a boot
        let booted = Mono(0);
        run.feed(
            from,
            Input::Started { version: "backtest".into(), boot_id: "backtest".into(), booted, watched_until: None },
        );
        let here = Resolution::Here(self.target.clone());
        let binding = Binding::new(Arc::clone(self.playbook), here, ArmingPolicy::AsWritten);
        run.feed(from, Input::Loaded(vec![binding]));
        for track in self.tracks {
            for reading in &track.readings {
                run.later(
                    reading.began.max(from),
                    DueEvent::Read { role: track.role, index: track.index, reading: reading.clone() },
                );
            }
        }
        run.until(to);
        run.marks
    }
}

fn latest(track: &Track, at: Mono) -> Option<&Reading> {
    track.readings.iter().rev().find(|reading| reading.began <= at)
}

/// What comes at a moment.
enum DueEvent {
    Read {
        role: CheckRole,
        index: usize,
        reading: Reading,
    },
    Over {
        attempt: crate::core::AttemptId,
        plan: Arc<Plan>,
    },
    /// A look at a verifier that was never read: as the fault stands.
    Guess {
        watch: WatchId,
    },
}

struct BacktestRun<'a> {
    past: &'a TargetPast<'a>,
    core: Core,
    due: BTreeMap<(Mono, u64), DueEvent>,
    count: u64,
    /// Verifiers that are read now.
    watched: Vec<WatchId>,
    scope_empty: Mono,
    marks: Vec<(Timestamp, BacktestMark, String)>,
}

impl BacktestRun<'_> {
    fn later(&mut self, at: Mono, due: DueEvent) {
        self.count += 1;
        self.due.insert((at, self.count), due);
    }

    fn until(&mut self, end: Mono) {
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
                self.come(at, due);
            } else {
                self.feed(at, Input::Tick);
                // a deadline that stays would be one for ever
                if self.core.next_deadline().is_some_and(|again| again <= at) && next.is_none() {
                    return;
                }
            }
        }
    }

    fn come(&mut self, at: Mono, due: DueEvent) {
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

    fn feed(&mut self, at: Mono, input: Input) {
        let wall = self.past.wall(at);
        let local = wall.to_zoned(jiff::tz::TimeZone::system());
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
        let effects = self.core.handle(Now { mono: at, wall, minute_of_day: minute }, input);
        for effect in effects {
            self.carry(at, effect);
        }
    }

    fn carry(&mut self, at: Mono, effect: Effect) {
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
        if let Some((mark, words)) = told(&recorded.event) {
            self.marks.push((recorded.wall, mark, words));
        }
    }
}

/// What an event is on a timeline, and in words.
pub fn told(event: &Event) -> Option<(BacktestMark, String)> {
    let sentences =
        |plan: &Plan| plan.steps.iter().map(|step| step.sentence.to_string()).collect::<Vec<_>>().join(", then ");
    Some(match event {
        Event::Opened { incident: IncidentId(id), readings, .. } => {
            let seen = readings.iter().find(|reading| reading.verdict == Verdict::Holds);
            (BacktestMark::Fired, format!("incident #{id}: {}", seen.map_or("", |reading| &reading.seen)))
        }
        Event::Denied { denial, .. } => (BacktestMark::Stopped, denial.to_string()),
        Event::Asked { request, .. } => (BacktestMark::Asked, sentences(&request.plan)),
        Event::ShadowPlan { plan, .. } => (BacktestMark::Asked, format!("in shadow: {}", sentences(plan))),
        Event::Intent { plan, .. } => (BacktestMark::Acted, sentences(plan)),
        Event::Verified { .. } => (BacktestMark::Verified, "every verifier held".into()),
        Event::NotVerified { why, .. } => (BacktestMark::Failed, why.to_string()),
        Event::Escalated { cause, .. } => (BacktestMark::Called, cause.to_string()),
        Event::Closed { outcome, .. } => (BacktestMark::Ended, outcome.to_string()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Origin;
    use crate::playbook::read::read;

    const TEXT: &str = r#"
title  = "root has room"
target = { mount = "/" }
risk   = "low"
mode   = "auto"

[detect]
filesystem = { used = "> 85%" }
for        = "30s"

[[remediate]]
do      = [{ run = ["true"] }]
timeout = "10s"

[verify]
filesystem = { used = "< 80%" }
within     = "20s"

[escalate]
attempts = 2
window   = "1h"
"#;

    fn second(second: u64) -> Mono {
        Mono(1_000_000 + second * 1000)
    }

    fn track(role: CheckRole, readings: &[(u64, Verdict)]) -> Track {
        let reading = |(at, verdict): &(u64, Verdict)| {
            let at = second(*at);
            Reading { verdict: verdict.clone(), seen: "90%".into(), figure: None, unit: None, began: at, since: at }
        };
        Track { role, index: 0, readings: readings.iter().map(reading).collect() }
    }

    /// What would have been done, with the seconds after the beginning.
    fn would(text: &str, tracks: &[Track]) -> Vec<(u64, BacktestMark)> {
        let playbook = Arc::new(read("a.toml", "a", Origin::Shipped, text).playbook.unwrap());
        let plan = Plan {
            rung: 0,
            steps: Vec::new(),
            timeout_ms: 10_000,
            digest: serde_json::from_str(&format!("\"{}\"", "0".repeat(64))).unwrap(),
        };
        let wall = Timestamp::from_second(2_000_000).unwrap();
        let past = TargetPast {
            playbook: &playbook,
            target: &Target::Mount("/".into()),
            tracks,
            plans: &[Ok(Arc::new(plan))],
            anchor: (second(1000), wall),
            span: (second(0), second(1000)),
        };
        let begin = wall.as_second() - 1000;
        let marks = past.would(Config::default());
        marks.into_iter().map(|(at, mark, _)| (u64::try_from(at.as_second() - begin).unwrap(), mark)).collect()
    }

    #[test]
    fn it_fires_after_its_hold_time_acts_and_calls_where_nothing_helped() {
        use Verdict::{DoesNotHold, Holds};
        let detector = track(CheckRole::Detector, &[(0, DoesNotHold), (100, Holds), (400, DoesNotHold)]);
        let told = would(TEXT, &[detector, track(CheckRole::Verifier, &[])]);
        // the fault lasts 300 s; no attempt could have helped before its end
        assert_eq!(told[0], (130, BacktestMark::Fired));
        assert_eq!(told[1], (130, BacktestMark::Acted));
        let count = |wanted: BacktestMark| told.iter().filter(|(_, mark)| *mark == wanted).count();
        assert_eq!(
            (count(BacktestMark::Acted), count(BacktestMark::Failed), count(BacktestMark::Called)),
            (2, 2, 1),
            "{told:?}"
        );
        assert_eq!(told.last().unwrap().1, BacktestMark::Ended);
        assert!(told.last().unwrap().0 >= 400);
    }

    #[test]
    fn a_short_fault_does_not_fire_and_one_that_went_in_time_verifies() {
        use Verdict::{DoesNotHold, Holds};
        let short = track(CheckRole::Detector, &[(0, DoesNotHold), (100, Holds), (120, DoesNotHold)]);
        assert_eq!(would(TEXT, &[short, track(CheckRole::Verifier, &[])]), []);
        let healed = track(CheckRole::Detector, &[(0, DoesNotHold), (100, Holds), (140, DoesNotHold)]);
        let verifier = track(CheckRole::Verifier, &[(0, Holds), (100, DoesNotHold), (140, Holds)]);
        let told = would(TEXT, &[healed, verifier]);
        let marks: Vec<BacktestMark> = told.iter().map(|(_, mark)| *mark).collect();
        assert_eq!(
            marks,
            [BacktestMark::Fired, BacktestMark::Acted, BacktestMark::Verified, BacktestMark::Ended],
            "{told:?}"
        );
        assert_eq!(told[2].0, 140);
    }

    #[test]
    fn nothing_read_is_unknown_and_fires_nothing() {
        assert_eq!(would(TEXT, &[track(CheckRole::Detector, &[]), track(CheckRole::Verifier, &[])]), []);
    }
}
