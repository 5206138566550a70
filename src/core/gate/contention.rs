//! Remedies that break each other's targets. An attempt on A, and the fault of B begins while it is under way; then an
//! attempt on B, and the fault of A begins: both playbooks are held, and one page names the pair. It is over once both
//! have been well for an hour, when a playbook of the pair changes, or when an operator resets the breaker of either.

mod suspicion;

use std::time::Duration;

use crate::core::id::Key;
use crate::core::time::Mono;

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
