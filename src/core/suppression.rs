//! What keeps an incident waiting for reasons outside it: pauses, storms, locks.

use std::collections::HashMap;
use std::sync::Arc;

use super::calls::{Call, STORM};
use super::command::Scope;
use super::detector::DetectorState;
use super::event::Event;
use super::event::reasons::PageEndReason;
use super::gate::ActivePause;
use super::id::{IncidentId, Key};
use super::incident::Cause;
use super::machine::{BlockedOn, Core, FIRST_LOOK};
use super::state::Pause;
use super::time::Mono;
use crate::playbook::{Mode, Playbook, Target};

/// How many keys a target has that count; a storm is of targets, however many playbooks watch each.
#[derive(Debug, Clone, Default)]
pub(super) struct TargetCounts(HashMap<Target, usize>);

impl TargetCounts {
    pub fn add(&mut self, target: &Target) {
        match self.0.get_mut(target) {
            Some(count) => *count += 1,
            None => {
                self.0.insert(target.clone(), 1);
            }
        }
    }

    pub fn remove(&mut self, target: &Target) {
        if let Some(count) = self.0.get_mut(target) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(target);
            }
        }
    }

    /// Targets that have any.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Core {
    /// The pause or maintenance window in force for a playbook, the host's first.
    pub(super) fn paused(&self, playbook: &Playbook) -> Option<ActivePause> {
        [Scope::Host, Scope::Playbook(Arc::clone(&playbook.name))]
            .into_iter()
            .find_map(|scope| self.pause_of(&scope).or_else(|| self.maintained(&scope)))
    }

    fn pause_of(&self, scope: &Scope) -> Option<ActivePause> {
        let Pause { until, by, reason, .. } = self.state.pauses.get(scope)?;
        let halt = || ActivePause { scope: scope.clone(), by: by.clone(), until: *until, reason: reason.clone() };
        until.is_none_or(|until| until > self.now.mono).then(halt)
    }

    /// Is this key left alone on purpose, or does it fail for another's sake? Then no page goes out for it.
    pub(super) fn quiet(&self, key: &Key) -> bool {
        let now = self.now.mono;
        let Some(playbook) = self.keys.get(key).map(|watched| &watched.playbook) else { return true };
        self.state.snoozes.get(key).is_some_and(|(_, until, _)| *until > now)
            || playbook.only_between.is_some_and(|window| !window.contains(self.now.minute_of_day))
            || self.unhealthy_need(key, playbook).is_some()
    }

    /// So many fail of so many watched, where that makes a storm.
    #[must_use]
    pub fn storm(&self) -> Option<(usize, usize)> {
        let (failing, of) = (self.failing.len(), self.watching.len());
        (of >= self.config.storm_least && failing * 100 > of * self.config.storm_percent).then_some((failing, of))
    }

    /// One page for the whole storm, carried by the first incident that it held back.
    pub(super) fn page_storm(&mut self, id: IncidentId, failing: usize, of: usize) {
        if self.state.storm().is_some() {
            return;
        }
        let (to, page) = (self.channels(id), self.next_page());
        let cause = Cause::Storm { failing, of };
        self.record(Event::Escalated { incident: id, page, cause, dedup: Arc::from(STORM), to });
        self.deliver(page);
        self.await_answers();
    }

    /// After a start nothing has been read yet: a storm that was open then is on until everything has, or should have.
    pub(super) fn storm_in_force(&self) -> Option<(usize, usize)> {
        let early = self.now.mono.since(self.resumed) < FIRST_LOOK && self.is_unread();
        let before = |call: &&Call| early && call.called.values().any(|at| *at < self.resumed);
        let known = || match &self.state.storm().filter(before)?.cause {
            Cause::Storm { failing, of } => Some((*failing, *of)),
            _ => None,
        };
        self.storm().or_else(known)
    }

    /// Has something that is watched not been read yet?
    fn is_unread(&self) -> bool {
        self.keys.values().any(|watched| watched.fault == DetectorState::Waiting && watched.playbook.mode != Mode::Off)
    }

    /// Ends the storm once so few fail that it is none, as far as everything has been read.
    pub(super) fn end_storm_if_over(&mut self) {
        if self.storm_in_force().is_none() {
            self.storm_over();
        }
    }

    /// The storm is over: its page is resolved and who waited asks the gate again.
    pub(super) fn storm_over(&mut self) {
        if let Some(storm) = self.state.storm().cloned() {
            let page = self.next_page();
            let (incident, dedup, to) = (storm.first, storm.dedup, storm.to);
            let why = Some(PageEndReason::StormEnded);
            self.record(Event::Resolved { incident, page, dedup, to, ended: None, why });
            self.deliver(page);
        }
        self.wake(BlockedOn::Storm);
    }

    /// A lock was released, or who was next did not take it: of those that wait, the most severe goes first, then the
    /// oldest; one at a time for each target.
    pub(super) fn wake_locked(&mut self) {
        let mut queue: Vec<(std::cmp::Reverse<crate::playbook::Risk>, Mono, IncidentId)> = self
            .waiting(BlockedOn::Lock)
            .into_iter()
            .filter_map(|id| {
                let incident = self.incident(id)?;
                let risk = self.book(&incident.key.content)?.risk;
                Some((std::cmp::Reverse(risk), incident.opened, id))
            })
            .collect();
        queue.sort_unstable();
        let mut taken: Vec<Target> = Vec::new();
        for (_, _, id) in queue {
            let Some(target) = self.incident(id).map(|incident| incident.key.target.clone()) else { continue };
            let free = self.state.lock_against(&target, id).is_none() && self.state.quarantined(&target).is_none();
            if free && !taken.iter().any(|other| other.conflicts(&target)) {
                taken.push(target);
                self.advance(id);
            }
        }
    }

    /// Does this playbook do, or ask for, anything here? What is in shadow calls nobody.
    pub(super) fn may_page(&self, key: &Key) -> bool {
        matches!(self.standing(key).0, Mode::Auto | Mode::Ask)
    }
}
