//! What happened to units: their latest jobs, and the moments when they went down. Filled from systemd's signals as they
//! come, or afterwards from its messages in the journal; [`super::stop_origin`] reads from it who stopped a unit.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::host::systemd::{SystemdSignal, UnitStamps};

/// How many of a unit's latest jobs and stops are kept.
const KEPT: usize = 8;

/// How many units are remembered; of more, those with the latest events.
const UNITS: usize = 1024;

/// The jobs of one transaction get numbers in a row, the one that was asked for the lowest.
const TRANSACTION: u32 = 256;

/// A job that systemd queued for a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// systemd's number of the job, rising from boot on.
    pub id: u32,
    /// When its signal was received, in microseconds of `CLOCK_MONOTONIC`.
    pub began: u64,
    /// The unit's state before it, if known.
    before: Option<UnitStamps>,
    /// What became of it.
    pub end: JobEnd,
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// It is still running, as far as is known.
    UnderWay,
    /// A stop, and the unit was down at its end, whatever its exit code.
    Stopped,
    /// Anything else: a start, restart or reload that was done or failed, a job that was cancelled.
    Other,
}

/// One moment when a unit went down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Down {
    /// When it was down, in microseconds of `CLOCK_MONOTONIC`.
    pub at: u64,
    /// When it stopped being active.
    pub left: u64,
    /// The unit's job that was under way then; none where it ended by itself.
    pub job: Option<u32>,
}

/// What happened to one unit.
#[derive(Debug, Clone, Default)]
pub struct UnitRecord {
    last: Option<UnitStamps>,
    jobs: VecDeque<JobRecord>,
    downs: VecDeque<Down>,
    /// When the unit last came up according to the journal, in microseconds of `CLOCK_MONOTONIC`.
    up_at: u64,
    touched: u64,
}

/// What happened to all units.
#[derive(Debug, Clone, Default)]
pub struct UnitRecords {
    units: HashMap<Arc<str>, UnitRecord>,
    /// Since when signals are received without a break, in microseconds of `CLOCK_MONOTONIC`.
    since: u64,
    /// How far apart the signals of one transaction's jobs may arrive.
    together: Duration,
    touches: u64,
}

impl UnitRecords {
    /// No records yet; the signals of one transaction's jobs arrive within `together`.
    pub fn new(together: Duration) -> Self {
        Self { together, ..Self::default() }
    }

    /// Signals are received from now on. What happened before, since the last break, is unknown.
    pub fn begin(&mut self, now: u64) {
        self.since = now;
        for unit in self.units.values_mut() {
            unit.last = None;
            for job in unit.jobs.iter_mut().filter(|job| job.end == JobEnd::UnderWay) {
                job.end = JobEnd::Other;
            }
        }
    }

    /// Records a signal that was received at `now`.
    pub fn note(&mut self, change: &SystemdSignal, now: u64) {
        match change {
            SystemdSignal::Unit { id, state: Some(state) } => self.state(id, state),
            SystemdSignal::JobNew { id, unit } => self.job_began(unit, *id, now),
            SystemdSignal::JobRemoved { id, unit, result } => self.job_removed(unit, *id, &**result == "done"),
            SystemdSignal::Unit { state: None, .. } | SystemdSignal::Reloaded => {}
        }
    }

    /// A unit's state changed.
    fn state(&mut self, unit: &Arc<str>, state: &UnitStamps) {
        let since = self.since;
        let record = self.of(unit);
        let known = record.last.as_ref().map_or(since, |last| last.inactive_enter + 1);
        if state.inactive_enter >= known.max(1) {
            let left = if state.active_exit >= state.active_enter && state.active_exit > 0 {
                state.active_exit
            } else {
                state.inactive_enter
            };
            record.went_down(state.inactive_enter, left);
        }
        record.last = Some(state.clone());
    }

    /// A job was taken.
    pub fn job_began(&mut self, unit: &Arc<str>, id: u32, now: u64) {
        let record = self.of(unit);
        if record.job(id).is_none() {
            let before = record.last.clone();
            keep(&mut record.jobs, JobRecord { id, began: now, before, end: JobEnd::UnderWay });
        }
    }

    fn job_removed(&mut self, unit: &Arc<str>, id: u32, done: bool) {
        let record = self.of(unit);
        let stopped = done && record.job(id).is_some_and(|job| record.was_stopped_by(job));
        record.job_ended(id, if stopped { JobEnd::Stopped } else { JobEnd::Other });
    }

    /// A unit's record, created if there is none; the oldest one is dropped if there are too many.
    pub fn of(&mut self, unit: &Arc<str>) -> &mut UnitRecord {
        if self.units.len() >= UNITS && !self.units.contains_key(unit) {
            let oldest = self.units.iter().min_by_key(|(_, record)| record.touched).map(|(unit, _)| unit.clone());
            oldest.map(|oldest| self.units.remove(&oldest));
        }
        self.touches += 1;
        let record = self.units.entry(unit.clone()).or_default();
        record.touched = self.touches;
        record
    }

    /// What is known of a unit.
    pub fn get(&self, unit: &str) -> Option<&UnitRecord> {
        self.units.get(unit)
    }

    /// The unit's job that `later`, a job of another unit, came along with: of the same transaction, and asked for first.
    pub fn job_along(&self, unit: &str, later: &JobRecord) -> Option<&JobRecord> {
        let near = u64::try_from(self.together.as_micros()).unwrap_or(u64::MAX);
        self.get(unit)?.jobs.iter().rev().find(|job| {
            job.id < later.id && later.id - job.id <= TRANSACTION && job.began.abs_diff(later.began) <= near
        })
    }
}

impl UnitRecord {
    /// A job by its number.
    pub fn job(&self, id: u32) -> Option<&JobRecord> {
        self.jobs.iter().rev().find(|job| job.id == id)
    }

    /// The job that was queued last, over or not; none where none is on record.
    pub fn latest_job(&self) -> Option<&JobRecord> {
        self.jobs.back()
    }

    /// When it went down last, unless it came up again.
    pub fn latest_down(&self) -> Option<&Down> {
        self.downs.back().filter(|down| down.at >= self.up_at)
    }

    /// The moment when it went down by this job.
    pub fn latest_down_by(&self, job: u32) -> Option<&Down> {
        self.downs.iter().rev().find(|down| down.job == Some(job))
    }

    /// The moment when it stopped being active within this span, latest first.
    pub fn down_between(&self, from: u64, to: u64) -> Option<&Down> {
        self.downs.iter().rev().find(|down| (from..=to).contains(&down.left))
    }

    /// Whether it is known to be down now.
    pub fn is_down(&self) -> bool {
        self.last.as_ref().is_some_and(UnitStamps::is_down)
    }

    /// It came up at this moment: what took it down before says nothing of the next time.
    pub fn came_up(&mut self, at: u64) {
        self.up_at = at;
    }

    /// The job that is under way.
    pub fn job_under_way(&self) -> Option<&JobRecord> {
        self.jobs.iter().rev().find(|job| job.end == JobEnd::UnderWay)
    }

    /// It went down at this moment, having been left at that one.
    pub fn went_down(&mut self, at: u64, left: u64) {
        let job = self.job_under_way().map(|job| job.id);
        keep(&mut self.downs, Down { at, left, job });
    }

    /// A job is over.
    pub fn job_ended(&mut self, id: u32, end: JobEnd) {
        if let Some(job) = self.jobs.iter_mut().rev().find(|job| job.id == id) {
            job.end = end;
        }
    }

    /// A job is done: was it a stop? Signals do not say what a job does, but only a stop leaves down what had been up
    /// and did not start again meanwhile.
    fn was_stopped_by(&self, job: &JobRecord) -> bool {
        let Some(now) = self.last.as_ref().filter(|now| now.is_down()) else { return false };
        let went_down_in_it = self.latest_down().is_some_and(|down| down.job == Some(job.id));
        let had_been_active = now.active_enter >= now.inactive_exit && now.active_enter > 0;
        let had_been_starting =
            job.before.as_ref().is_some_and(|before| !before.is_down() && before.inactive_exit == now.inactive_exit);
        went_down_in_it && (had_been_active || had_been_starting)
    }
}

impl JobRecord {
    /// Whether systemd queued it by itself, to restart the unit automatically.
    pub fn restarts_automatically(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.sub.starts_with("auto-restart"))
    }
}

fn keep<T>(all: &mut VecDeque<T>, one: T) {
    if all.len() >= KEPT {
        all.pop_front();
    }
    all.push_back(one);
}

#[cfg(test)]
pub(super) mod tests;
