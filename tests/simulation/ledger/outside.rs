//! What only the world knows: readings told, surveys answered, commands sent, scopes truly emptied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use salve::core::Command;
use salve::core::detector::reading::{Reading, Verdict};
use salve::core::id::{AttemptId, CheckRole, IncidentId, Key, RequestId, WatchId};
use salve::core::machine::input::{ArmingPolicy, Binding, Input, Resolution};
use salve::core::time::{Mono, Now};
use salve::playbook::{ContentKey, Playbook, Target};

use super::books::Books;

#[derive(Debug, Default)]
pub struct Outside {
    /// The last reading told of each check, in this life of the engine.
    seen: BTreeMap<Key, Seen>,
    /// The same without surveys: the machine may drop one that came too late.
    watched: BTreeMap<Key, Seen>,
    /// Since when each verifier check was last told to hold, without one told that it fails.
    holding: BTreeMap<(Key, usize), Mono>,
    /// Every content that was ever in force.
    pub contents: BTreeMap<ContentKey, Arc<Playbook>>,
    /// What is in force and resolves.
    pub bindings: BTreeMap<Key, (Arc<Playbook>, ArmingPolicy)>,
    /// Contents in force of which some target does not resolve, with the names as written.
    pub unresolved: BTreeSet<(ContentKey, Arc<str>)>,
    /// High risk needs the yes of two people.
    pub four_eyes: bool,
    /// Records can be written, as far as the core was told.
    pub cannot_record: bool,
    /// Since when the core was told that systemd answers nobody.
    pub silent_since: Option<Mono>,
    pub booted: Mono,
    /// When each attempt's scope was truly empty.
    pub empty_at: BTreeMap<AttemptId, Mono>,
    /// Commands without an answer.
    pub requests: BTreeSet<RequestId>,
    /// Incidents that were opened for a run by hand.
    pub by_hand: BTreeSet<IncidentId>,
    /// Keys that an operator asked to run by hand, since the last attempt or incident there ended that.
    pub hand_wanted: BTreeSet<Key>,
    /// This reload brought nothing new.
    pub same_load: bool,
    /// When this life of the engine began.
    pub life_began: Mono,
    last_load: Option<Vec<Binding>>,
}

#[derive(Debug, Default)]
struct Seen {
    detector: Vec<Option<Reading>>,
    verifier: Vec<Option<Reading>>,
    /// When some detector check was told to hold, and none had been before.
    onsets: Vec<Mono>,
}

impl Seen {
    fn side(&mut self, role: CheckRole) -> &mut Vec<Option<Reading>> {
        match role {
            CheckRole::Detector => &mut self.detector,
            CheckRole::Verifier => &mut self.verifier,
        }
    }
}

impl Outside {
    pub fn before(&mut self, now: Now, input: &Input, books: &Books) {
        match input {
            Input::Started { booted, .. } => (self.booted, self.life_began) = (*booted, now.mono),
            Input::Loaded(bindings) => self.loaded(bindings),
            Input::Read { watch, reading } => {
                self.verifier_told(now.mono, watch, reading);
                told(&mut self.seen, watch, reading);
                told(&mut self.watched, watch, reading);
            }
            Input::Surveyed { incident, facts, .. } => {
                if let Some(incident) = books.incident(*incident) {
                    for (index, reading) in facts.detector.iter().enumerate() {
                        let watch = WatchId { key: incident.key.clone(), role: CheckRole::Detector, index };
                        told(&mut self.seen, &watch, reading);
                    }
                    for (index, reading) in facts.verifier.iter().enumerate() {
                        let watch = WatchId { key: incident.key.clone(), role: CheckRole::Verifier, index };
                        self.verifier_told(now.mono, &watch, reading);
                        told(&mut self.seen, &watch, reading);
                    }
                }
            }
            Input::Command { request, .. } => drop(self.requests.insert(*request)),
            Input::Recording(outcome) => self.cannot_record = outcome.is_err(),
            Input::Systemd(Ok(())) => self.silent_since = None,
            Input::Systemd(Err(_)) => self.silent_since = self.silent_since.or(Some(now.mono)),
            _ => {}
        }
    }

    pub fn after(&mut self, input: &Input) {
        if matches!(input, Input::Loaded(_)) {
            self.same_load = false;
        }
        if let Input::Command { command: Command::RunNow { key }, .. } = input {
            self.hand_wanted.insert(key.clone());
        }
    }

    fn loaded(&mut self, bindings: &[Binding]) {
        let same = |a: &Binding, b: &Binding| {
            Arc::ptr_eq(&a.playbook, &b.playbook) && a.resolution == b.resolution && a.standing == b.standing
        };
        let alike =
            |last: &Vec<Binding>| last.len() == bindings.len() && last.iter().zip(bindings).all(|(a, b)| same(a, b));
        self.same_load = self.last_load.as_ref().is_some_and(alike);
        self.last_load = Some(bindings.to_vec());
        let former = std::mem::take(&mut self.bindings);
        // what nobody looked at for a while is not known to fail still
        for seen in [&mut self.seen, &mut self.watched] {
            seen.iter_mut().filter(|(key, _)| !former.contains_key(*key)).for_each(|(_, seen)| seen.detector.clear());
        }
        self.unresolved.clear();
        for binding in bindings {
            let content = &binding.playbook.content;
            self.contents.entry(content.clone()).or_insert_with(|| binding.playbook.clone());
            match &binding.resolution {
                Resolution::Here(target) => {
                    let key = Key { content: content.clone(), target: target.clone() };
                    self.bindings.insert(key, (binding.playbook.clone(), binding.standing));
                }
                Resolution::Unresolved { written, .. } | Resolution::NotApplicable { written, .. } => {
                    self.unresolved.insert((content.clone(), written.clone()));
                }
            }
        }
    }

    /// A new life: the machine has seen nothing yet, and owes no answers.
    pub fn crashed(&mut self) {
        self.seen.clear();
        self.watched.clear();
        self.holding.clear();
        self.requests.clear();
        self.hand_wanted.clear();
        self.last_load = None;
        self.cannot_record = false;
        self.silent_since = None;
    }

    fn verifier_told(&mut self, now: Mono, watch: &WatchId, reading: &Reading) {
        let late =
            self.reading(&watch.key, CheckRole::Verifier, watch.index).is_some_and(|it| it.began > reading.began);
        if watch.role == CheckRole::Detector || late {
            return;
        }
        let slot = (watch.key.clone(), watch.index);
        match reading.verdict {
            Verdict::Holds => drop(self.holding.entry(slot).or_insert(now)),
            Verdict::DoesNotHold => drop(self.holding.remove(&slot)),
            Verdict::Unknown(_) => {}
        }
    }

    /// How long every verifier of a key has been told to hold, at least; none where one has not been.
    pub fn verifier_held(&self, key: &Key, now: Mono) -> Option<Duration> {
        let checks = self.contents.get(&key.content)?.verify.checks.len();
        let since: Option<Vec<Mono>> =
            (0..checks).map(|index| self.holding.get(&(key.clone(), index)).copied()).collect();
        since?.into_iter().max().map(|at| now.since(at))
    }

    pub fn reading(&self, key: &Key, role: CheckRole, index: usize) -> Option<&Reading> {
        let seen = self.seen.get(key)?;
        let side = match role {
            CheckRole::Detector => &seen.detector,
            CheckRole::Verifier => &seen.verifier,
        };
        side.get(index)?.as_ref()
    }

    /// Some detector check was last told to hold.
    pub fn fault_seen(&self, key: &Key) -> bool {
        self.any(key, |reading| reading.verdict == Verdict::Holds)
    }

    /// Some detector check was last told to be unknown.
    pub fn blind(&self, key: &Key) -> bool {
        self.any(key, |reading| matches!(reading.verdict, Verdict::Unknown(_)))
    }

    fn any(&self, key: &Key, is: impl Fn(&Reading) -> bool) -> bool {
        let of = |seen: &BTreeMap<Key, Seen>| seen.get(key).is_some_and(|it| it.detector.iter().flatten().any(&is));
        of(&self.seen) || of(&self.watched)
    }

    /// Every detector check was told in this life, and last told not to hold.
    pub fn seen_clear(&self, key: &Key) -> bool {
        let Some(playbook) = self.contents.get(&key.content) else { return false };
        let clear = |seen: &BTreeMap<Key, Seen>, index: usize| {
            let told = seen.get(key).and_then(|it| it.detector.get(index)?.as_ref());
            told.is_some_and(|reading| reading.verdict == Verdict::DoesNotHold)
        };
        (0..playbook.detect.checks.len()).all(|index| clear(&self.seen, index) || clear(&self.watched, index))
    }

    /// A playbook in force names this target, and nothing is there.
    pub fn is_unresolved(&self, key: &Key) -> bool {
        self.unresolved.contains(&(key.content.clone(), key.target.to_string().into()))
    }

    /// Distinct targets that are watched, and those of them that are seen to fail.
    pub fn failing(&self) -> (usize, usize) {
        let watched: BTreeSet<&Target> = self.bindings.keys().map(|key| &key.target).collect();
        let failing: BTreeSet<&Target> =
            self.bindings.keys().filter(|key| self.fault_seen(key)).map(|key| &key.target).collect();
        (failing.len(), watched.len())
    }

    /// How often the fault of a key was told to begin within the last hour.
    pub fn onsets(&self, key: &Key, now: Mono) -> usize {
        let of = |seen: &BTreeMap<Key, Seen>| {
            let recent = |at: &&Mono| now.since(**at) <= Duration::from_mins(61);
            seen.get(key).map_or(0, |it| it.onsets.iter().filter(recent).count())
        };
        of(&self.seen).max(of(&self.watched))
    }

    pub fn playbook(&self, incident_key: &Key) -> &Arc<Playbook> {
        &self.contents[&incident_key.content]
    }
}

/// Keeps a reading, unless a later look is known.
fn told(seen: &mut BTreeMap<Key, Seen>, watch: &WatchId, reading: &Reading) {
    if !seen.contains_key(&watch.key) {
        seen.insert(watch.key.clone(), Seen::default());
    }
    let Some(seen) = seen.get_mut(&watch.key) else { return };
    let holds = |reading: &Reading| reading.verdict == Verdict::Holds;
    if watch.role == CheckRole::Detector && holds(reading) && !seen.detector.iter().flatten().any(holds) {
        seen.onsets.push(reading.began);
    }
    let side = seen.side(watch.role);
    if side.len() <= watch.index {
        side.resize(watch.index + 1, None);
    }
    // A look that began earlier and comes later is no news.
    if side[watch.index].as_ref().is_none_or(|former| former.began <= reading.began) {
        side[watch.index] = Some(reading.clone());
    }
}
