//! What was seen, judged for everybody who watches it, and told if it is news.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Dispatch, LastEmitted, Watch};
use crate::check::judge::judge;
use crate::check::monitor::ObservationChange;
use crate::check::probe::ProbeResult;
use crate::check::subject::{Observation, Subject};
use crate::core::{CheckRole, Reading, UnitRun, Verdict, WatchId};
use crate::playbook::Check;
use crate::text::clean_line;

/// A figure that moves within one verdict is told at most this often.
const FIGURES: Duration = Duration::from_secs(1);

impl Dispatch {
    /// Judges what was seen for everybody who watches it.
    pub(super) fn seen(&mut self, subject: &Arc<Subject>, look: &ProbeResult) {
        let Some(entry) = self.entries.get_mut(subject) else { return };
        // An event may have overtaken a look that began before it.
        if entry.latest.is_some_and(|latest| latest > look.began) {
            return;
        }
        let mut turned = false;
        for watch in &entry.watches {
            let Some(watched) = self.watches.get_mut(watch) else { continue };
            let reading = reading(&watched.check, look);
            let told = watched.told.as_ref();
            let same_verdict = told.is_some_and(|told| told.verdict == reading.verdict);
            turned |= !same_verdict;
            let same_words = told.is_some_and(|told| told.seen == reading.seen && told.unit == reading.unit);
            let only_figure = told.is_some_and(|told| told.has_figure && reading.figure.is_some());
            if watch.role == CheckRole::Verifier || !same_verdict {
                watched.held = None;
                self.held.remove(watch);
                send(&self.readings, watch, watched, reading);
            } else if same_words {
                watched.held = None;
                self.held.remove(watch);
            } else if !only_figure || watched.told_at.elapsed() >= FIGURES {
                send(&self.readings, watch, watched, reading);
            } else {
                let when = watched.told_at + FIGURES;
                self.flush = Some(self.flush.map_or(when, |flush| flush.min(when)));
                watched.held = Some(Box::new(reading));
                self.held.insert(watch.clone());
            }
        }
        let observation = match &look.result {
            Ok(observation) => observation.clone(),
            Err(why) => Observation::Unseen(why.to_string()),
        };
        let news = entry.kept.as_ref().is_none_or(|kept| turned || !observation.is_insignificant(kept));
        if news && entry.kept.as_ref() != Some(&observation) {
            let text = serde_json::to_string(&observation).unwrap_or_default().into();
            let at = self.looker.clock.now();
            let _ = self.kept.send(ObservationChange { subject: subject.canonical(), at, observation: text });
            entry.kept = Some(observation);
        }
        entry.latest = Some(look.began);
    }
}

pub(super) fn send(
    readings: &mpsc::UnboundedSender<(WatchId, Reading)>,
    watch: &WatchId,
    watched: &mut Watch,
    reading: Reading,
) {
    let (verdict, seen) = (reading.verdict.clone(), reading.seen.clone());
    watched.told = Some(LastEmitted { verdict, seen, has_figure: reading.figure.is_some(), unit: reading.unit });
    watched.told_at = Instant::now();
    let _ = readings.send((watch.clone(), reading));
}

/// A look, judged.
pub fn reading(check: &Check, look: &ProbeResult) -> Reading {
    let (began, since) = (look.began, look.since);
    match &look.result {
        Ok(observation) => {
            let judged = judge(check, observation);
            let seen = clean_line(&judged.seen).as_ref().into();
            Reading { verdict: judged.verdict, seen, figure: judged.figure, unit: unit_run(observation), began, since }
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

/// What a look at a unit saw of its life; none of anything else.
fn unit_run(observation: &Observation) -> Option<UnitRun> {
    match observation {
        Observation::Unit(seen) => Some(seen.run()),
        _ => None,
    }
}
