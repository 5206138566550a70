//! `needs`: a playbook waits while what it stands on is not healthy.
//!
//! A need that names no target means the one target that both playbooks share, else the only target that the needed
//! playbook has. Where it has several and shares none, the need names nothing, and nothing is waited for: to wait for
//! all of them would let an unrelated failure hold up every remediation. Reading the playbooks warns of such a need.

use std::collections::HashSet;
use std::sync::Arc;

use crate::core::detector::DetectorState;
use crate::core::id::{IncidentId, Key};
use crate::core::machine::Core;
use crate::core::machine::input::Needed;
use crate::playbook::{Need, Playbook, Target};

impl Core {
    /// The first playbook that this key needs, and whose needed target is not healthy. One that in turn needs this one
    /// is not waited for: they would wait for each other for ever.
    pub(in crate::core) fn unhealthy_need(&self, key: &Key, playbook: &Playbook) -> Option<Arc<str>> {
        let watched = self.keys.get(key)?;
        watched.needs.iter().find_map(|need| {
            let needed = self.needed_keys(need, &key.target);
            let broken = needed.iter().any(|needed| needed.content != playbook.content && self.is_unhealthy(needed));
            (broken && !self.needs_back(&need.playbook, playbook)).then(|| Arc::clone(&need.playbook))
        })
    }

    /// Is a human called for the target that this incident waits for, or is it held on purpose until a time?
    pub(in crate::core) fn need_is_called(&self, id: IncidentId) -> bool {
        let Some(watched) = self.incident(id).and_then(|incident| self.keys.get(&incident.key)) else { return false };
        let Some(target) = self.incident(id).map(|incident| &incident.key.target) else { return false };
        // nobody is called for what somebody holds on purpose
        let held = |key: &Key| {
            let paused = self.keys.get(key).and_then(|watched| self.paused(&watched.playbook));
            self.quiet(key) || paused.is_some_and(|halt| halt.until.is_some())
        };
        let called = |key: &&Key| {
            let incident = self.state.incident_of(key);
            held(key) || incident.is_some_and(|incident| incident.escalation.is_some() || incident.announced.is_some())
        };
        watched.needs.iter().any(|need| self.needed_keys(need, target).iter().any(called))
    }

    fn is_unhealthy(&self, key: &Key) -> bool {
        self.state.incidents().is_open(key)
            || self.keys.get(key).is_some_and(|watched| watched.fault == DetectorState::Broken)
    }

    /// What a need of a playbook on `own` comes to.
    fn needed_keys(&self, need: &Needed, own: &Target) -> Vec<&Key> {
        let keys = self.named.get(&need.playbook).map_or(&[][..], Vec::as_slice);
        match &need.targets {
            Some(targets) => keys.iter().filter(|key| targets.contains(&key.target)).collect(),
            None if keys.len() == 1 => keys.iter().collect(),
            None => keys.iter().filter(|key| key.target == *own).collect(),
        }
    }

    /// Does `need`, directly or not, need this playbook?
    fn needs_back(&self, need: &str, playbook: &Playbook) -> bool {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut stack = vec![need];
        while let Some(name) = stack.pop() {
            if !seen.insert(name) {
                continue;
            }
            let first = self.named.get(name).and_then(|keys| keys.first()).and_then(|key| self.keys.get(key));
            if let Some(book) = first.map(|watched| &watched.playbook) {
                if book.content == playbook.content {
                    return true;
                }
                stack.extend(book.needs.iter().map(Need::playbook));
            }
        }
        false
    }
}
