//! Which playbook may have broken the target of another one.

use std::sync::Arc;
use std::time::Duration;

use super::{AFTERMATH, LONGEST_LAG};
use crate::core::detector::Detector;
use crate::core::detector::reading::Verdict;
use crate::core::event::Event;
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::incident::Attempt;
use crate::core::machine::Core;
use crate::core::time::Mono;

impl Core {
    /// The key that contends with this one, while both are watched and may act.
    pub(in crate::core) fn rival<'c>(&'c self, key: &'c Key) -> Option<&'c Key> {
        self.state
            .contentions()
            .rivals(key, self.now.mono)
            .find(|rival| self.keys.contains_key(*rival) && self.may_page(rival))
    }

    /// The contending playbook and its target, in words.
    pub(in crate::core) fn rival_words(&self, key: &Key) -> Option<Arc<str>> {
        let rival = self.rival(key)?;
        let playbook = &self.keys.get(rival)?.playbook.name;
        Some(format!("{playbook} ({})", rival.target).into())
    }

    /// The fault of this incident has begun: was an attempt under way on another target then?
    pub(in crate::core) fn suspect(&mut self, id: IncidentId, since: Mono) {
        if self.storm().is_some() {
            return;
        }
        let Some(incident) = self.incident(id) else { return };
        let lag = self.keys.get(&incident.key).map_or(Duration::ZERO, lag);
        let key = &incident.key;
        let others = self.state.incidents().all().filter(|other| !other.key.target.conflicts(&key.target));
        let found: Vec<(IncidentId, AttemptId)> = others
            .filter_map(|other| {
                let attempt = other.attempts.iter().rev().find(|attempt| under_way(attempt, since, lag))?;
                Some((other.id, attempt.id))
            })
            .collect();
        for (of, attempt) in found {
            self.record(Event::Suspected { incident: id, attempt, of });
        }
    }
}

/// Was the attempt running at a moment that a look with this lag saw? What it does may take a moment to show.
fn under_way(attempt: &Attempt, since: Mono, lag: Duration) -> bool {
    let shows = lag.max(AFTERMATH);
    attempt.started <= since && attempt.ended.is_none_or(|at| since <= at + shows)
}

/// How long ago the fault may have begun that a look has just found. Events tell at once.
fn lag(watched: &Detector) -> Duration {
    let holds = |index: usize| {
        let reading = watched.detector.get(index).and_then(Option::as_ref);
        reading.is_some_and(|reading| reading.verdict == Verdict::Holds)
    };
    let checks = watched.playbook.detect.checks.iter().enumerate();
    checks
        .filter(|(index, _)| holds(*index))
        .map(|(_, check)| check.detection_delay())
        .max()
        .unwrap_or_default()
        .min(LONGEST_LAG)
}
