//! How a fault comes and goes: its onsets within the last hour, and the growth of systemd's own restart counter.
//!
//! An onset counts once the fault has lasted for longer than a debounce, and only where no job of a person or of salve
//! explains it. The restart counter tells of deaths that no look saw; it starts anew with an explicit start, so only
//! its growth counts, and a death that was seen is not counted twice.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::core::detector::reading::UnitRun;
use crate::core::time::Mono;

/// Onsets so far back count.
pub const WINDOW: Duration = Duration::from_hours(1);
/// So many onsets within the window are flapping.
pub const ONSETS: usize = 4;
/// A shorter fault is a blip.
pub const DEBOUNCE: Duration = Duration::from_secs(1);
/// What flaps has come to rest after so many of its periods...
const PERIODS: u32 = 3;
/// ...but not sooner than this...
const SHORTEST_CALM: Duration = Duration::from_secs(30);
/// ...and no later.
const LONGEST_CALM: Duration = Duration::from_hours(1);
/// So many of the latest gaps between onsets tell its period.
const LATEST: usize = 9;
/// More onsets say nothing more.
const KEPT: usize = 64;

/// How the fault of one key came and went.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alternation {
    /// Onsets that count, oldest first.
    onsets: VecDeque<Mono>,
    /// The fault was there at the last look.
    broken: bool,
    /// The latest onset, while it may still be a blip.
    young: Option<Mono>,
    /// When a job was last seen.
    job: Option<Mono>,
    /// The restart counter of each check, and when it was last seen.
    restarts: BTreeMap<usize, (u32, Mono)>,
    /// Onsets that were seen since a restart counter last grew.
    seen: u32,
}

impl Alternation {
    /// It flapped with this period when the last process ended.
    pub fn resumed(now: Mono, period: Duration) -> Self {
        let back = |times: usize| now - period.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX));
        Self { onsets: (0..ONSETS).rev().map(back).collect(), ..Self::default() }
    }

    /// The fault was looked at: is it there, since when, and does a job explain it?
    pub fn look(&mut self, now: Mono, broken: bool, since: Mono, job: bool) {
        self.mature(now);
        if job {
            self.job = Some(now);
        }
        match (self.broken, broken) {
            (false, true) if !job => {
                self.broken = true;
                self.young = Some(self.job.map_or(since, |job| since.max(job)).min(now));
                self.mature(now);
            }
            (true, false) => {
                self.broken = false;
                self.young = None;
            }
            // while a job goes on nothing is known of a fault of its own
            (false, true | false) | (true, true) => {}
        }
    }

    /// A look at a unit told how often systemd has restarted it by itself.
    pub fn counted(&mut self, now: Mono, check: usize, unit: UnitRun) {
        let Some(count) = unit.restarts else { return };
        let Some((before, when)) = self.restarts.insert(check, (count, now)) else { return };
        let growth = if count < before { count } else { count - before };
        if growth == 0 {
            return;
        }
        // a death that was seen, however short, is one of those that were counted
        if let Some(at) = self.young.take() {
            self.push(at);
        }
        let unseen = growth.saturating_sub(self.seen).min(u32::try_from(ONSETS).unwrap_or(u32::MAX));
        self.seen = 0;
        for nth in 1..=unseen {
            self.onsets.push_back(when + now.since(when) * nth / unseen);
        }
        self.trim(now);
    }

    /// An onset that has outlasted the debounce counts.
    pub fn mature(&mut self, now: Mono) {
        if let Some(at) = self.young.take_if(|at| now.since(*at) > DEBOUNCE) {
            self.push(at);
        }
        self.trim(now);
    }

    /// Does the fault begin again and again?
    pub fn alternates(&self) -> bool {
        self.onsets.len() >= ONSETS
    }

    /// How many onsets there were within the window.
    pub fn onsets(&self) -> usize {
        self.onsets.len()
    }

    /// The oldest onset that counts.
    pub fn first(&self) -> Option<Mono> {
        self.onsets.front().copied()
    }

    /// The usual time between two of the latest onsets, their median; none before the second.
    pub fn period(&self) -> Option<Duration> {
        let pairs = self.onsets.iter().rev().zip(self.onsets.iter().rev().skip(1));
        let mut gaps: Vec<Duration> = pairs.take(LATEST).map(|(later, earlier)| later.since(*earlier)).collect();
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).map(|gap| (*gap).max(Duration::from_secs(1)))
    }

    /// When it will have come to rest, if nothing happens until then.
    pub fn calm_at(&self, period: Duration) -> Mono {
        self.onsets.back().copied().unwrap_or(Mono(0)) + calm(period)
    }

    /// When the latest onset will count.
    pub fn matures_at(&self) -> Option<Mono> {
        self.young.map(|at| at + DEBOUNCE + Duration::from_millis(1))
    }

    /// What happened until now counts no more.
    pub fn forget_onsets(&mut self) {
        self.onsets.clear();
        self.young = None;
    }

    fn push(&mut self, at: Mono) {
        self.seen = self.seen.saturating_add(1);
        let at = self.onsets.back().map_or(at, |last| at.max(*last));
        self.onsets.push_back(at);
    }

    fn trim(&mut self, now: Mono) {
        while self.onsets.len() > KEPT || self.onsets.front().is_some_and(|at| now.since(*at) > WINDOW) {
            self.onsets.pop_front();
        }
    }
}

/// How long what flaps with this period must be well before it has come to rest.
pub fn calm(period: Duration) -> Duration {
    period.saturating_mul(PERIODS).clamp(SHORTEST_CALM, LONGEST_CALM)
}

/// How long an attempt on what flaps with this period must stay verified.
pub fn soak(period: Duration) -> Duration {
    period.saturating_mul(PERIODS).min(LONGEST_CALM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono(millis)
    }

    /// Up and down: broken from each moment on, for so long.
    fn faults(faults: &[(u64, u64)], job: bool) -> Alternation {
        let mut alternation = Alternation::default();
        for (start, length) in faults {
            alternation.look(at(*start), true, at(*start), job);
            alternation.look(at(start + length), false, at(start + length), false);
        }
        alternation
    }

    #[test]
    fn the_fourth_onset_within_an_hour_is_flapping() {
        let loops = |count: u64, period: u64| {
            let all: Vec<_> = (0..count).map(|nth| (nth * period, 2000)).collect();
            faults(&all, false)
        };
        assert!(!loops(3, 5000).alternates());
        assert!(loops(4, 5000).alternates());
        assert!(loops(4, 15 * 60_000).alternates());
        assert!(!loops(4, 25 * 60_000).alternates(), "two of them are longer ago than an hour");
        assert_eq!(loops(4, 5000).period(), Some(Duration::from_secs(5)));
    }

    #[test]
    fn blips_and_what_a_job_explains_do_not_count() {
        let blips: Vec<_> = (0..20).map(|nth| (nth * 5000, 900)).collect();
        assert_eq!(faults(&blips, false).onsets(), 0);
        let restarts: Vec<_> = (0..20).map(|nth| (nth * 5000, 3000)).collect();
        assert_eq!(faults(&restarts, true).onsets(), 0);
    }

    #[test]
    fn a_job_that_leaves_it_broken_is_an_onset_once_it_is_over() {
        let mut alternation = Alternation::default();
        alternation.look(at(0), true, at(0), true);
        alternation.look(at(5000), true, at(0), false);
        alternation.mature(at(6001));
        assert_eq!(alternation.onsets(), 1);
    }

    #[test]
    fn the_restart_counter_tells_of_deaths_that_no_look_saw() {
        let counted = |restarts| UnitRun { restarts: Some(restarts), ..UnitRun::default() };
        let mut alternation = Alternation::default();
        alternation.counted(at(0), 0, counted(7));
        assert_eq!(alternation.onsets(), 0, "what was counted before is not known");
        alternation.counted(at(60_000), 0, counted(9));
        assert_eq!(alternation.onsets(), 2);
        // an explicit start begins to count anew
        alternation.counted(at(70_000), 0, counted(0));
        assert_eq!(alternation.onsets(), 2);
        alternation.counted(at(80_000), 0, counted(1));
        assert_eq!(alternation.onsets(), 3);
    }

    #[test]
    fn a_death_that_was_seen_and_counted_is_one() {
        let mut alternation = Alternation::default();
        let counted = |restarts| UnitRun { restarts: Some(restarts), ..UnitRun::default() };
        alternation.counted(at(0), 0, counted(0));
        for nth in 1..=3_u32 {
            let start = u64::from(nth) * 5000;
            alternation.look(at(start), true, at(start), false);
            alternation.counted(at(start + 200), 0, counted(nth));
            alternation.look(at(start + 300), false, at(start + 300), false);
        }
        assert_eq!(alternation.onsets(), 3);
    }

    #[test]
    fn it_comes_to_rest_after_three_periods_between_half_a_minute_and_an_hour() {
        let minutes = |count: u64| Duration::from_mins(count);
        assert_eq!(calm(Duration::from_secs(5)), Duration::from_secs(30));
        assert_eq!(calm(minutes(2)), minutes(6));
        assert_eq!(calm(minutes(50)), minutes(60));
        assert_eq!(soak(Duration::from_secs(5)), Duration::from_secs(15));
        assert_eq!(soak(minutes(50)), minutes(60));
        let resumed = Alternation::resumed(Mono(600_000), minutes(2));
        assert!(resumed.alternates());
        assert_eq!((resumed.period(), resumed.calm_at(minutes(2))), (Some(minutes(2)), Mono(960_000)));
    }
}
