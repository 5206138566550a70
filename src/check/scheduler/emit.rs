//! Evaluates an observation for every watch of its subject, and emits the readings that changed.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Dispatch, LastEmitted, Watch};
use crate::check::registry::judge;
use crate::check::report::{ObservationChange, ProbeResult};
use crate::check::subject::{Observation, Subject};
use crate::core::{CheckRole, Reading, Verdict, WatchId};
use crate::playbook::Check;
use crate::text::clean_line;

/// How often at most a figure that changes within one verdict is emitted.
const FIGURES: Duration = Duration::from_secs(1);

impl Dispatch {
    /// Evaluates a probe's result for every watch of the subject, and emits changed readings and the observation.
    pub(super) fn emit_observation(&mut self, subject: &Subject, probed: &ProbeResult) {
        let Some(entry) = self.entries.get_mut(subject) else { return };
        // An event may have overtaken a probe that began before it.
        if entry.latest.is_some_and(|latest| latest > probed.began) {
            return;
        }
        let mut turned = false;
        for watch in &entry.watches {
            let Some(watched) = self.watches.get_mut(watch) else { continue };
            let reading = reading(&watched.check, probed);
            let emitted = watched.emitted.as_ref();
            let same_verdict = emitted.is_some_and(|emitted| emitted.verdict == reading.verdict);
            turned |= !same_verdict;
            let same_words =
                emitted.is_some_and(|emitted| emitted.seen == reading.seen && emitted.unit == reading.unit);
            let only_figure = emitted.is_some_and(|emitted| emitted.has_figure && reading.figure.is_some());
            if watch.role == CheckRole::Verifier || !same_verdict {
                watched.held = None;
                self.held.remove(watch);
                emit_reading(&self.readings, watch, watched, reading);
            } else if same_words {
                watched.held = None;
                self.held.remove(watch);
            } else if !only_figure || watched.emitted_at.elapsed() >= FIGURES {
                emit_reading(&self.readings, watch, watched, reading);
            } else {
                let when = watched.emitted_at + FIGURES;
                self.flush = Some(self.flush.map_or(when, |flush| flush.min(when)));
                watched.held = Some(Box::new(reading));
                self.held.insert(watch.clone());
            }
        }
        let observation = match &probed.result {
            Ok(observation) => observation.clone(),
            Err(why) => Observation::Unseen(why.to_string()),
        };
        let news = entry.kept.as_ref().is_none_or(|kept| turned || !observation.is_insignificant(kept));
        if news && entry.kept.as_ref() != Some(&observation) {
            let text = serde_json::to_string(&observation).unwrap_or_default().into();
            let at = self.prober.clock.now();
            let _ = self.kept.send(ObservationChange { subject: subject.canonical(), at, observation: text });
            entry.kept = Some(observation);
        }
        entry.latest = Some(probed.began);
    }
}

pub(super) fn emit_reading(
    readings: &mpsc::UnboundedSender<(WatchId, Reading)>,
    watch: &WatchId,
    watched: &mut Watch,
    reading: Reading,
) {
    let (verdict, seen) = (reading.verdict.clone(), reading.seen.clone());
    watched.emitted = Some(LastEmitted { verdict, seen, has_figure: reading.figure.is_some(), unit: reading.unit });
    watched.emitted_at = Instant::now();
    let _ = readings.send((watch.clone(), reading));
}

/// The reading of a check from a probe's result; a failed probe gives an unknown one.
pub fn reading(check: &Check, probed: &ProbeResult) -> Reading {
    let (began, since) = (probed.began, probed.since);
    match &probed.result {
        Ok(observation) => {
            let judgement = judge(check, observation);
            let seen = clean_line(&judgement.seen).as_ref().into();
            Reading {
                verdict: judgement.verdict,
                seen,
                figure: judgement.figure,
                unit: observation.unit_run(),
                began,
                since,
            }
        }
        Err(why) => Reading {
            verdict: Verdict::Unknown(why.clone()),
            seen: why.clone(),
            figure: None,
            unit: None,
            began,
            since,
        },
    }
}
