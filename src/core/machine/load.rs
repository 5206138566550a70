//! The playbooks in force change: what is watched follows, and incidents whose playbook is gone are superseded.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::effect::Cadence;
use super::input::{ArmingPolicy, Binding, Resolution};
use super::{BlockedOn, Core};
use crate::core::detector::{Detector, DetectorState};
use crate::core::event::Event;
use crate::core::id::{CheckRole, IncidentId, Key};
use crate::core::incident::{Cause, Phase};
use crate::core::time::timers::Timer;
use crate::playbook::{self, ContentKey, Mode, Origin, Playbook};
use crate::text::redact::HIDDEN;

/// The playbook of an earlier run, from the text that the journal kept; none where this version of salve reads
/// another meaning from it.
pub(in crate::core) fn read_again(content: &ContentKey, name: &Arc<str>, source: &Arc<str>) -> Option<Arc<Playbook>> {
    let read = playbook::read::read(name, name, Origin::Shipped, source);
    let mut playbook = read.playbook?;
    // The record has no secrets, so its own key is another one. What needs them cannot be done any more, and says so.
    if source.contains(HIDDEN) {
        playbook.content = content.clone();
    }
    Some(playbook).filter(|playbook| playbook.content == *content).map(Arc::new)
}

/// Was a human called for what held the attempts back, and not for what they came to?
const fn asks_again(cause: &Cause) -> bool {
    cause.leaves_automation_on() || matches!(cause, Cause::Contention { .. })
}

impl Core {
    /// Replaces the set in force.
    pub(in crate::core) fn load(&mut self, bindings: Vec<Binding>) {
        let mut here: Vec<(Key, Binding)> = Vec::new();
        let mut seen: HashSet<Key> = HashSet::new();
        self.absent.clear();
        self.loaded = true;
        for binding in bindings {
            self.adopt(&binding.playbook);
            match &binding.resolution {
                Resolution::Here(target) => {
                    let key = Key { content: binding.playbook.content.clone(), target: target.clone() };
                    if seen.insert(key.clone()) {
                        here.push((key, binding));
                    }
                }
                Resolution::NotApplicable { .. } | Resolution::Unresolved { .. } => self.absent.push(binding),
            }
        }
        let mut gone: Vec<Key> = self.keys.keys().filter(|key| !seen.contains(*key)).cloned().collect();
        gone.sort_unstable();
        for key in gone {
            self.unbind(&key);
        }
        for (key, Binding { playbook, standing, needs, .. }) in here {
            self.bind(&key, playbook, standing);
            if let Some(watched) = self.keys.get_mut(&key) {
                watched.needs = needs;
            }
        }
        self.date_absent();
        self.storms.watch_only(self.keys.keys().map(|key| &key.target));
        self.name_keys();
        self.settle_incidents();
        self.forget_books();
        self.end_storm_if_over();
        // Pauses are of names, and a file may have another name now.
        for wait in [BlockedOn::Pause, BlockedOn::Mode, BlockedOn::Need] {
            self.wake(wait);
        }
    }

    /// Since when what is absent has been so, as far as this process has seen.
    fn date_absent(&mut self) {
        let now = self.now.mono;
        let former = std::mem::take(&mut self.absent_since);
        let place = |binding: &Binding| (binding.playbook.content.clone(), binding.resolution.written());
        let dated = self.absent.iter().map(place).map(|place| {
            let since = former.get(&place).copied().unwrap_or(now);
            (place, since)
        });
        self.absent_since = dated.collect();
    }

    fn adopt(&mut self, playbook: &Arc<Playbook>) {
        if self.state.adopted_name(&playbook.content).is_none() {
            let (content, name) = (playbook.content.clone(), Arc::clone(&playbook.name));
            let source = playbook::library::record::without_secrets(&playbook.source).into();
            self.record(Event::Adopted { content, name, source });
        }
        self.books.insert(playbook.content.clone(), Arc::clone(playbook));
    }

    fn bind(&mut self, key: &Key, playbook: Arc<Playbook>, standing: ArmingPolicy) {
        if let Some(watched) = self.keys.get_mut(key) {
            watched.playbook = playbook;
            watched.standing = standing;
            return;
        }
        let watches = playbook.mode != Mode::Off;
        let mut fresh = Detector::new(playbook, standing, self.now.mono);
        self.resume_flapping(key, &mut fresh);
        self.keys.insert(key.clone(), fresh);
        if watches {
            self.watch(key, CheckRole::Detector, Cadence::Steady);
        }
    }

    fn unbind(&mut self, key: &Key) {
        let Some(watched) = self.keys.remove(key) else { return };
        if watched.fault == DetectorState::Broken {
            self.storms.mended(&key.target);
        }
        self.timers.cancel(&Timer::Hold(key.clone()));
        self.timers.cancel(&Timer::Blind(key.clone()));
        self.timers.cancel(&Timer::Look(key.clone()));
        self.timers.cancel(&Timer::Alternation(key.clone()));
        self.timers.cancel(&Timer::Settle(key.clone()));
        self.end_flapping(key);
        if watched.playbook.mode != Mode::Off {
            self.unwatch(key, CheckRole::Detector, watched.detector.len());
        }
    }

    /// A content that nothing uses any more need not be kept.
    fn forget_books(&mut self) {
        let open = self.state.incidents().open().map(|incident| &incident.key);
        let used: HashSet<ContentKey> = self.keys.keys().chain(open).map(|key| key.content.clone()).collect();
        self.books.retain(|content, _| used.contains(content));
    }

    fn name_keys(&mut self) {
        let mut named: HashMap<Arc<str>, Vec<Key>> = HashMap::new();
        for (key, watched) in &self.keys {
            named.entry(Arc::clone(&watched.playbook.name)).or_default().push(key.clone());
            if watched.playbook.title != watched.playbook.name {
                named.entry(Arc::clone(&watched.playbook.title)).or_default().push(key.clone());
            }
        }
        // Equal inputs give equal effects: no order may come from a hash.
        for keys in named.values_mut() {
            keys.sort_unstable();
        }
        self.named = named;
    }

    /// After a change of the set (or a start): each open incident goes on, or is superseded.
    fn settle_incidents(&mut self) {
        let open: Vec<IncidentId> = self.state.incidents().open().map(|incident| incident.id).collect();
        for id in open {
            self.settle(id);
        }
    }

    fn settle(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let bound = self.keys.contains_key(&incident.key);
        if bound {
            self.bound_again(id);
        }
        let Some(incident) = self.incident(id) else { return };
        let known = self.live.contains_key(&id);
        match incident.phase().clone() {
            Phase::Firing | Phase::Held(_) | Phase::Asking(_) | Phase::Escalated(_) if !bound => self.unbound(id),
            Phase::Firing => self.advance(id),
            Phase::Held(_) if !known => self.advance(id),
            Phase::Asking(request) if !known => {
                self.live(id);
                self.timers.set(Timer::Incident(id), request.expires);
            }
            Phase::Verifying { .. } | Phase::Soaking { .. } if self.verifier_readings(id).is_empty() => {
                self.verify_again(id);
            }
            // what waited in memory for the end of a hold is asked anew
            Phase::Escalated(cause) if !known && asks_again(&cause) => self.advance(id),
            Phase::Escalated(_) if !known => self.probe_if_half_open(id),
            Phase::Held(_)
            | Phase::Asking(_)
            | Phase::Remediating(_)
            | Phase::Verifying { .. }
            | Phase::Soaking { .. }
            | Phase::Escalated(_)
            | Phase::Closed { .. } => {}
        }
    }
}
