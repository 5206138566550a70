//! What is known of each watched key: its latest readings, the fault they come to, its figures and its timeline.

pub mod flapping;
pub mod reading;
pub(super) mod readings;
pub(super) mod silence;
mod watches;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use flapping::alternation::Alternation;
use reading::{Reading, Verdict};

use super::id::IncidentId;
use super::machine::input::{ArmingPolicy, Needed};
use super::time::Mono;
use crate::playbook::Playbook;

/// Figures kept for the sparkline.
const KEPT_FIGURES: usize = 120;
/// How far back the timeline goes.
const KEPT_MARKS: Duration = Duration::from_hours(1);

/// One key that is watched.
#[derive(Debug, Clone)]
pub struct Detector {
    /// The playbook whose detector and verifier watch this key, in the version that is in force.
    pub playbook: Arc<Playbook>,
    /// What its mode needs.
    pub standing: ArmingPolicy,
    /// What must be healthy before anything is done here.
    pub needs: Arc<[Needed]>,
    /// The detector checks' latest readings.
    pub detector: Vec<Option<Reading>>,
    /// What the watch of each told last. A watch tells changes only, so where a survey saw something else in between,
    /// silence does not mean that what was surveyed still holds.
    pub told: Vec<Option<Verdict>>,
    /// Whether the readings of the detector show a fault.
    pub fault: DetectorState,
    /// Since when they come to that.
    pub since: Mono,
    /// The first holding reading without a break.
    pub holding: Option<Mono>,
    /// Its latest incident.
    pub last: Option<IncidentId>,
    /// Left alone until it has cleared once: a person has said no to this very fault.
    pub muted: bool,
    /// Readings that began before this tell of a time before the last attempt was over.
    pub stale_before: Mono,
    /// How its fault comes and goes.
    pub alternation: Alternation,
    /// What the timeline shows.
    pub marks: VecDeque<(Mono, Moment)>,
    /// What the sparkline shows.
    pub figures: VecDeque<(Mono, f64)>,
}

/// What the detector says as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetectorState {
    /// Some check has not been read yet, and none holds.
    Waiting,
    /// Every check of the detector was read, and none shows the fault.
    Clear,
    /// At least one check of the detector shows the fault.
    Broken,
    /// None holds, and some cannot be seen.
    Unknown,
}

impl DetectorState {
    /// What the verdicts of a detector's checks come to; none where a check has not been read.
    pub fn of<'a>(verdicts: impl IntoIterator<Item = Option<&'a Verdict>>) -> Self {
        let mut fault = Self::Clear;
        for verdict in verdicts {
            match verdict {
                Some(Verdict::Holds) => return Self::Broken,
                Some(Verdict::Unknown(_)) => fault = Self::Unknown,
                None if fault == Self::Clear => fault = Self::Waiting,
                Some(Verdict::DoesNotHold) | None => {}
            }
        }
        fault
    }
}

/// What happened to a key at one moment, for its timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Its fault changed.
    Fault(DetectorState),
    /// From here on nobody watched it: no engine ran.
    Unwatched,
    /// An operator's approval was requested.
    Asked,
    /// An attempt was started on the target.
    Fixing,
    /// An attempt was verified.
    Verified,
    /// An attempt failed.
    Failed,
    /// A human was called.
    Escalated,
}

impl Detector {
    /// A watched key of which nothing has been read yet.
    pub fn new(playbook: Arc<Playbook>, standing: ArmingPolicy, now: Mono) -> Self {
        Self {
            detector: vec![None; playbook.detect.checks.len()],
            told: vec![None; playbook.detect.checks.len()],
            playbook,
            standing,
            needs: Arc::from([]),
            fault: DetectorState::Waiting,
            since: now,
            holding: None,
            last: None,
            muted: false,
            stale_before: Mono(0),
            alternation: Alternation::default(),
            marks: VecDeque::new(),
            figures: VecDeque::new(),
        }
    }

    /// The check that says most.
    pub fn telling(&self) -> usize {
        telling(&self.detector)
    }

    /// When its fault will have lasted for the hold time; none where no fault is there, or it is left alone.
    #[must_use]
    pub fn fires_at(&self) -> Option<Mono> {
        let pending = self.fault == DetectorState::Broken && !self.muted;
        self.holding.filter(|_| pending).map(|start| start + self.playbook.detect.hold.0)
    }

    /// What the telling check cannot see, in words.
    pub fn why_unknown(&self) -> Arc<str> {
        match self.detector.get(self.telling()).and_then(Option::as_ref).map(|reading| &reading.verdict) {
            Some(Verdict::Unknown(why)) => Arc::clone(why),
            _ => Arc::from("not read"),
        }
    }

    /// What the latest readings come to. While it flaps, a good reading does not end the fault.
    pub(super) fn judge(&self, flaps: bool) -> DetectorState {
        match self.read_fault() {
            DetectorState::Clear if flaps => DetectorState::Broken,
            fault => fault,
        }
    }

    /// Takes a reading, if it is newer than what is known.
    pub(super) fn take(&mut self, index: usize, reading: Reading, open: bool) -> ReadingChange {
        let telling = self.telling();
        let Some(slot) = self.detector.get_mut(index) else { return ReadingChange::Old };
        let former = slot.as_ref();
        // While its incident is open, a fault seen a moment too early still counts as one: nothing acts on it unasked.
        let stale = reading.began < self.stale_before;
        let counts = open && former.is_none() && reading.verdict == Verdict::Holds;
        if former.is_some_and(|former| reading.began < former.began) {
            return ReadingChange::Old;
        }
        if stale && !counts {
            // What is too old to count makes what is older still, and says otherwise, no better.
            let void = slot.take_if(|former| !alike(&former.verdict, &reading.verdict)).is_some();
            return if void { ReadingChange::Void } else { ReadingChange::Old };
        }
        let changed = former.is_none_or(|former| !alike(&former.verdict, &reading.verdict));
        if let Some(figure) = reading.figure.filter(|_| index == telling || changed) {
            if self.figures.len() == KEPT_FIGURES {
                self.figures.pop_front();
            }
            self.figures.push_back((reading.began, figure));
        }
        *slot = Some(reading);
        if changed { ReadingChange::Changed } else { ReadingChange::Same }
    }

    /// Puts what earlier engines saw before what this one has seen since it `resumed`.
    pub(super) fn recall(&mut self, marks: Vec<(Mono, Moment)>, figures: Vec<(Mono, f64)>, resumed: Mono) {
        let earlier = marks.into_iter().filter(|(at, _)| *at < resumed);
        self.marks = earlier.chain(self.marks.drain(..)).collect();
        let first = self.figures.front().map_or(resumed, |(at, _)| *at);
        let mut earlier: Vec<_> = figures.into_iter().filter(|(at, _)| *at < first).collect();
        earlier.drain(..earlier.len().saturating_sub(KEPT_FIGURES.saturating_sub(self.figures.len())));
        self.figures = earlier.into_iter().chain(self.figures.drain(..)).collect();
    }

    pub(super) fn mark(&mut self, at: Mono, moment: Moment) {
        while self.marks.get(1).is_some_and(|(next, _)| at.since(*next) > KEPT_MARKS) {
            self.marks.pop_front();
        }
        self.marks.push_back((at, moment));
    }
}

/// Of a detector's checks the one that says most: one that holds, else one that cannot be seen, else the first.
#[must_use]
pub fn telling(readings: &[Option<Reading>]) -> usize {
    let find = |wanted: fn(&Verdict) -> bool| {
        readings.iter().position(|reading| reading.as_ref().is_some_and(|reading| wanted(&reading.verdict)))
    };
    find(|verdict| *verdict == Verdict::Holds)
        .or_else(|| find(|verdict| matches!(verdict, Verdict::Unknown(_))))
        .unwrap_or(0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadingChange {
    Old,
    /// Too old to count, and what was known is older still and says otherwise: nothing is known now.
    Void,
    Same,
    Changed,
}

/// The same verdict, whatever the words.
pub(super) fn alike(one: &Verdict, other: &Verdict) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}
