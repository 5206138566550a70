//! What was watched at a moment, and what was seen of it: from the kept readings, judged again under the conditions
//! of that time, and from what incidents recorded themselves.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::checkpoints::Fold;
use super::serve::HistoryContext;
use crate::check::{Observation, Subject, judge};
use crate::core::machine::history_view::PastDetector;
use crate::core::machine::input::{ArmingPolicy, Binding, Resolution};
use crate::core::{CheckRole, DetectorState, Key, Moment, Mono, Reading, Verdict};
use crate::journal::{JournalReader, ReadError};
use crate::playbook::{Check, Playbook, Target};
use crate::text::clean_line;

/// How far back the timeline goes.
const HOUR: Duration = Duration::from_hours(1);
/// Figures that the sparkline draws.
const FIGURES: usize = 120;
/// Read ahead of and behind a moment, so that most steps need no second look into the file.
const AROUND: Duration = Duration::from_mins(30);
/// The latest readings may not have been written yet: what is read of them now is read again for the next step.
const UNWRITTEN: Duration = Duration::from_secs(10);
/// Changes of one subject that are read for one stretch.
const MOST: usize = 2000;

/// A key that was watched, under which version of its playbook, and what its mode needed.
type WatchedKey = (Key, Arc<Playbook>, ArmingPolicy);
/// One check of a key, as its readings are filed.
type CheckOfKey = (Key, CheckRole, usize);

/// Readings of a stretch of time, judged.
#[derive(Debug, Default)]
pub(super) struct HistoricalReadings {
    from: Mono,
    to: Mono,
    series: HashMap<CheckOfKey, Arc<[Reading]>>,
}

impl HistoricalReadings {
    /// What was watched and seen at the fold's moment; what came to nothing stands apart. `last` is the latest moment
    /// of which there can be readings.
    pub(super) fn at(
        &mut self,
        reader: &JournalReader,
        fold: &Fold,
        today: &HistoryContext,
        last: Mono,
    ) -> Result<(Vec<PastDetector>, Vec<Binding>), ReadError> {
        let now = fold.at.0;
        if now > self.to || now - HOUR < self.from {
            let (from, to) = (now - HOUR - AROUND, (now + AROUND).min(last - UNWRITTEN));
            *self = Self { from, to, series: HashMap::new() };
        }
        let (watched, absent) = watched(fold, today);
        self.read(reader, &watched, self.to.max(now))?;
        let detectors = watched.into_iter().map(|(key, book, standing)| self.past_detector(fold, key, book, standing));
        Ok((detectors.collect(), absent))
    }

    /// Reads the series that are wanted and not known yet.
    fn read(&mut self, reader: &JournalReader, watched: &[WatchedKey], to: Mono) -> Result<(), ReadError> {
        let mut places: Vec<(CheckOfKey, &Check)> = Vec::new();
        let mut subjects: Vec<Arc<str>> = Vec::new();
        for (key, book, _) in watched {
            for (role, index, check) in checks(book) {
                let place = (key.clone(), role, index);
                if self.series.contains_key(&place) {
                    continue;
                }
                match Subject::of(check, &key.target) {
                    Ok(subject) => {
                        subjects.push(subject.canonical());
                        places.push((place, check));
                    }
                    Err(_) => drop(self.series.insert(place, Arc::default())),
                }
            }
        }
        let seen = reader.seen(&subjects, self.from, to, MOST)?;
        for ((place, check), kept) in places.into_iter().zip(seen) {
            let readings = kept.iter().map(|kept| {
                let observation: Observation = serde_json::from_str(&kept.observation)
                    .unwrap_or_else(|error| Observation::Unseen(format!("what was kept cannot be read: {error}")));
                let judged = judge(check, &observation);
                let seen = clean_line(&judged.seen).as_ref().into();
                Reading {
                    verdict: judged.verdict,
                    seen,
                    figure: judged.figure,
                    unit: None,
                    began: kept.mono,
                    since: kept.mono,
                }
            });
            self.series.insert(place, readings.collect());
        }
        Ok(())
    }

    fn past_detector(&self, fold: &Fold, key: Key, playbook: Arc<Playbook>, standing: ArmingPolicy) -> PastDetector {
        let now = fold.at.0;
        let upto = |role, index| -> &[Reading] {
            let all = self.series.get(&(key.clone(), role, index)).map_or(&[][..], |series| series);
            &all[..all.partition_point(|reading| reading.began <= now)]
        };
        let recorded = recorded(fold, &key);
        let latest = |role, index| {
            let kept = upto(role, index).last();
            let own = recorded.get(&(role, index)).copied();
            kept.into_iter().chain(own).max_by_key(|reading| reading.began).cloned()
        };
        let detector: Vec<_> =
            (0..playbook.detect.checks.len()).map(|index| latest(CheckRole::Detector, index)).collect();
        let verifier = (0..playbook.verify.checks.len()).map(|index| latest(CheckRole::Verifier, index)).collect();
        let telling = crate::core::telling(&detector);
        let figures =
            upto(CheckRole::Detector, telling).iter().filter_map(|reading| Some((reading.began, reading.figure?)));
        let mut figures: Vec<_> = figures.collect();
        figures.drain(..figures.len().saturating_sub(FIGURES));
        let series: Vec<&[Reading]> =
            (0..playbook.detect.checks.len()).map(|index| upto(CheckRole::Detector, index)).collect();
        let mut marks = turns(&series, now - HOUR);
        let own = fold.marks.get(&key).into_iter().flatten().filter(|(at, _)| now.since(*at) <= HOUR);
        marks.extend(own.copied());
        let mut marks = with_gaps(marks, &fold.gaps);
        marks.sort_by_key(|(at, _)| *at);
        PastDetector { key, playbook, standing, detector, verifier, marks, figures }
    }
}

fn checks(playbook: &Playbook) -> impl Iterator<Item = (CheckRole, usize, &Check)> {
    let detector = playbook.detect.checks.iter().enumerate().map(|(index, check)| (CheckRole::Detector, index, check));
    let verifier = playbook.verify.checks.iter().enumerate().map(|(index, check)| (CheckRole::Verifier, index, check));
    detector.chain(verifier)
}

/// When a detector's verdict changed: what held at `from` first, then every change.
fn turns(series: &[&[Reading]], from: Mono) -> Vec<(Mono, Moment)> {
    let mut all: Vec<(Mono, usize, &Verdict)> = series
        .iter()
        .enumerate()
        .flat_map(|(index, readings)| readings.iter().map(move |reading| (reading.began, index, &reading.verdict)))
        .collect();
    all.sort_by_key(|(at, ..)| *at);
    let mut held: Vec<Option<&Verdict>> = vec![None; series.len()];
    let mut turns: Vec<(Mono, Moment)> = Vec::new();
    let mut last = DetectorState::Waiting;
    for (at, index, verdict) in all {
        held[index] = Some(verdict);
        let fault = DetectorState::of(held.iter().copied());
        if fault != last {
            last = fault;
            turns.push((at, Moment::Fault(fault)));
        }
    }
    let old = turns.iter().filter(|(at, _)| *at < from).count();
    turns.drain(..old.saturating_sub(1));
    turns
}

/// The same with the times when nobody watched: what is seen after one is what was seen before it, until it changes.
fn with_gaps(mut marks: Vec<(Mono, Moment)>, gaps: &VecDeque<(Mono, Mono)>) -> Vec<(Mono, Moment)> {
    for &(from, until) in gaps {
        let known = marks.iter().filter(|(at, moment)| *at < until && matches!(moment, Moment::Fault(_)));
        // what was read last proves that somebody still watched
        let Some(&(read, state)) = known.max_by_key(|(at, _)| *at) else { continue };
        marks.extend([(from.max(read), Moment::Unwatched), (until, state)]);
    }
    marks
}

/// What the key's open incident recorded itself: where nothing was kept, it still knows.
fn recorded<'a>(fold: &'a Fold, key: &Key) -> HashMap<(CheckRole, usize), &'a Reading> {
    let mut known = HashMap::new();
    let Some(incident) = fold.core.state().incident_of(key) else { return known };
    for recorded in &incident.story {
        known.extend(recorded.event.readings().into_iter().map(|told| ((told.role, told.index), told.reading)));
    }
    known
}

/// What was watched then, as far as it can be known: of what is bound today, the version that was in force; and
/// whatever had an open incident.
fn watched(fold: &Fold, today: &HistoryContext) -> (Vec<WatchedKey>, Vec<Binding>) {
    let mut watched: Vec<WatchedKey> = Vec::new();
    let mut absent = Vec::new();
    for binding in &today.bindings {
        let Some(book) = version(fold, &binding.playbook) else { continue };
        match &binding.resolution {
            Resolution::Here(target) => add(&mut watched, &book, target, binding.standing),
            Resolution::NotApplicable { .. } | Resolution::Unresolved { .. } => {
                absent.push(Binding { playbook: book, ..binding.clone() });
            }
        }
    }
    for incident in fold.core.state().incidents().open() {
        if let Some(book) = fold.core.playbook(&incident.key.content) {
            add(&mut watched, book, &incident.key.target, ArmingPolicy::AsWritten);
        }
    }
    (watched, absent)
}

fn add(watched: &mut Vec<WatchedKey>, book: &Arc<Playbook>, target: &Target, standing: ArmingPolicy) {
    let key = Key { content: book.content.clone(), target: target.clone() };
    if !watched.iter().any(|(known, ..)| *known == key) {
        watched.push((key, Arc::clone(book), standing));
    }
}

/// The version of a playbook that was in force then; none where it had not come into force yet.
fn version(fold: &Fold, playbook: &Arc<Playbook>) -> Option<Arc<Playbook>> {
    if fold.core.state().adopted_name(&playbook.content).is_some() {
        return Some(Arc::clone(playbook));
    }
    fold.versions.get(&playbook.name).and_then(|content| fold.core.playbook(content)).cloned()
}
