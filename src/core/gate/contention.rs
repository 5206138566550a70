//! Remedies that break each other's targets. An attempt on A, and the fault of B begins while it is under way; then an
//! attempt on B, and the fault of A begins: both playbooks are held, and one page names the pair. It is over once both
//! have been well for an hour, when a playbook of the pair changes, or when an operator resets the breaker of either.

use std::sync::Arc;
use std::time::Duration;

use crate::core::detector::Detector;
use crate::core::detector::reading::Verdict;
use crate::core::event::Event;
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::incident::Attempt;
use crate::core::machine::Core;
use crate::core::time::Mono;
use crate::playbook::Check;

/// The second half of a round counts for so long after the first; and so long both must be well before it is over.
const REMEMBERED: Duration = Duration::from_hours(1);
/// What an attempt breaks shows within this time after its end.
const AFTERMATH: Duration = Duration::from_secs(10);
/// A check that looks less often than this is taken to have looked so long ago.
const LONGEST_LAG: Duration = Duration::from_mins(5);

/// What is known of playbooks whose remedies break each other's targets; part of the durable state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contentions {
    suspicions: Vec<Suspicion>,
    pairs: Vec<Pair>,
}

/// A fault of `harmed` began while an attempt of `acting` was under way.
#[derive(Debug, Clone, PartialEq)]
struct Suspicion {
    acting: Key,
    harmed: Key,
    at: Mono,
}

/// Two keys that have broken each other's targets.
#[derive(Debug, Clone, PartialEq)]
struct Pair {
    keys: [Key; 2],
    /// Since when neither has an open incident.
    rested: Option<Mono>,
}

impl Pair {
    fn rival(&self, key: &Key) -> Option<&Key> {
        let [one, other] = &self.keys;
        match key {
            _ if key == one => Some(other),
            _ if key == other => Some(one),
            _ => None,
        }
    }

    fn lasts(&self, now: Mono) -> bool {
        self.rested.is_none_or(|at| now.since(at) <= REMEMBERED)
    }
}

impl Contentions {
    /// The keys that contend with this one at this moment.
    pub fn rivals<'c>(&'c self, key: &'c Key, now: Mono) -> impl Iterator<Item = &'c Key> {
        self.pairs.iter().filter(move |pair| pair.lasts(now)).filter_map(move |pair| pair.rival(key))
    }

    /// A fault of `harmed` began while an attempt of `acting` was under way. Where the contrary was seen before, that
    /// is a round: the two contend.
    pub(in crate::core) fn suspect(&mut self, acting: &Key, harmed: &Key, at: Mono) {
        self.suspicions.retain(|one| at.since(one.at) <= REMEMBERED);
        let back = self.suspicions.iter().any(|one| one.acting == *harmed && one.harmed == *acting);
        if !back {
            self.suspicions.push(Suspicion { acting: acting.clone(), harmed: harmed.clone(), at });
            return;
        }
        self.forget_suspicions(acting, harmed);
        if !self.rivals(acting, at).any(|rival| rival == harmed) {
            self.pairs.push(Pair { keys: [acting.clone(), harmed.clone()], rested: None });
        }
    }

    fn forget_suspicions(&mut self, one: &Key, other: &Key) {
        let of_both =
            |it: &Suspicion| [&it.acting, &it.harmed] == [one, other] || [&it.harmed, &it.acting] == [one, other];
        self.suspicions.retain(|it| !of_both(it));
    }

    /// An incident of this key opened.
    pub(in crate::core) fn opened(&mut self, key: &Key, at: Mono) {
        self.pairs.retain(|pair| pair.lasts(at));
        for pair in self.pairs.iter_mut().filter(|pair| pair.rival(key).is_some()) {
            pair.rested = None;
        }
    }

    /// An incident of this key is over; has the other one of a pair an open incident still?
    pub(in crate::core) fn closed(&mut self, key: &Key, at: Mono, open: impl Fn(&Key) -> bool) {
        for pair in &mut self.pairs {
            if pair.rival(key).is_some_and(|rival| !open(rival)) {
                pair.rested = Some(at);
            }
        }
    }

    /// An operator has looked after this key.
    pub(in crate::core) fn forget(&mut self, key: &Key) {
        self.pairs.retain(|pair| pair.rival(key).is_none());
        self.suspicions.retain(|one| one.acting != *key && one.harmed != *key);
    }
}

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
    let of = |check: &Check| match check {
        Check::Unit(_) | Check::Process(_) => Duration::ZERO,
        check => check.every(),
    };
    let checks = watched.playbook.detect.checks.iter().enumerate();
    checks.filter(|(index, _)| holds(*index)).map(|(_, check)| of(check)).max().unwrap_or_default().min(LONGEST_LAG)
}
