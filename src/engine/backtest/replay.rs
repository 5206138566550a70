//! Kept readings, fed to a core of their own, on the clock of the past.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::run::{BacktestRun, DueEvent};
use super::{BacktestMark, FaultSeen};
use crate::core::machine::input::{ArmingPolicy, Binding, Resolution};
use crate::core::{CheckRole, Config, DetectorState, Input, Mono, Plan, Reading};
use crate::playbook::{Playbook, Target};

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
    /// Begin and end of the period, on the running clock.
    pub span: (Mono, Mono),
}

impl TargetPast<'_> {
    pub(super) fn wall(&self, mono: Mono) -> Timestamp {
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
    pub(super) fn at(&self, at: Mono) -> FaultSeen {
        let verdicts = self.detectors().map(|track| latest(track, at).map(|reading| &reading.verdict));
        match DetectorState::of(verdicts) {
            DetectorState::Broken => FaultSeen::Fault,
            DetectorState::Clear => FaultSeen::Well,
            DetectorState::Waiting | DetectorState::Unknown => FaultSeen::Unknown,
        }
    }

    /// What the core would have done.
    pub fn would(&self, config: Config) -> Vec<(Timestamp, BacktestMark, String)> {
        self.run(config).into_marks()
    }

    /// The whole period, run through a core of its own.
    pub(super) fn run(&self, config: Config) -> BacktestRun<'_> {
        let mut run = BacktestRun::new(self, config);
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
        run
    }
}

/// The reading of a track that was in force at a moment; none before its first.
pub(super) fn latest(track: &Track, at: Mono) -> Option<&Reading> {
    track.readings.iter().rev().find(|reading| reading.began <= at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;
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
