//! Calls, and their way through the outbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::hands;
use crate::core::event::{Event, Recorded};
use crate::core::id::{IncidentId, PageId};
use crate::core::incident::Cause;
use crate::core::lacks::Lack;
use crate::core::page::TICKETS;
use crate::core::state::{Escalation, Outgoing, State, Step};
use crate::core::tally::{End, Verdict};
use crate::core::time::Mono;

impl State {
    pub(super) fn page(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::Escalated { incident, page, cause, dedup, to } => {
                self.post(*page, to);
                let mut escalation = Escalation {
                    page: *page,
                    incident: *incident,
                    cause: cause.clone(),
                    dedup: Arc::clone(dedup),
                    to: Vec::new(),
                    called: BTreeMap::new(),
                    seen: None,
                    seen_at: None,
                    pages: BTreeSet::from([*page]),
                    taken: BTreeSet::new(),
                };
                escalation.call(to, recorded.mono);
                if to.is_empty() {
                    escalation.called.insert(TICKETS.into(), recorded.mono);
                }
                if matches!(cause, Cause::Storm { .. }) {
                    self.storm = Some(escalation);
                } else {
                    self.escalate(*incident, escalation, recorded.mono);
                }
            }
            Event::CalledBesides { incident, page, dedup, to, .. } => {
                self.post(*page, to);
                if let Some(escalation) = self.escalation_mut(*incident, dedup) {
                    if escalation.to.is_empty() {
                        escalation.to.push(TICKETS.into());
                    }
                    escalation.call(to, recorded.mono);
                    escalation.pages.insert(*page);
                }
            }
            Event::CalledAgain { incident, page, dedup, to, .. } => {
                self.post(*page, to);
                if let Some(escalation) = self.escalation_mut(*incident, dedup) {
                    (escalation.seen, escalation.seen_at) = (None, None);
                    escalation.called.values_mut().for_each(|at| *at = recorded.mono);
                    escalation.pages.insert(*page);
                    escalation.taken.clear();
                }
                if let Some(incident) = self.open.get_mut(incident) {
                    incident.acknowledged = None;
                }
            }
            Event::Relayed { incident, page, by, dedup, to } => {
                self.post(*page, to);
                if let Some(escalation) = self.escalation_mut(*incident, dedup) {
                    (escalation.seen, escalation.seen_at) = (Some(by.clone()), Some(recorded.mono));
                }
            }
            Event::Resolved { incident, page, dedup, to } => {
                self.post(*page, to);
                if self.storm.as_ref().is_some_and(|storm| storm.dedup == *dedup) {
                    self.storm = None;
                } else if let Some(incident) = self.open.get_mut(incident) {
                    incident.escalation = None;
                }
            }
            Event::Delivered { page, channel, .. } => {
                self.taken(*page, channel, recorded.mono);
                let done = match self.outbox.get_mut(page) {
                    Some(Outgoing::To(left)) => {
                        left.remove(channel);
                        left.is_empty()
                    }
                    Some(Outgoing::Any) => true,
                    None => false,
                };
                if done {
                    self.outbox.remove(page);
                }
            }
            _ => {}
        }
    }

    /// A channel took a call. The ticket folder, where it stepped in for another, hears of the end as well.
    fn taken(&mut self, page: PageId, channel: &Arc<str>, at: Mono) {
        if let Some(escalation) = self.called_by_mut(page) {
            escalation.taken.insert(Arc::clone(channel));
            if !escalation.to.is_empty() {
                escalation.call(&[Arc::clone(channel)], at);
            }
        }
    }

    fn post(&mut self, page: PageId, to: &[Arc<str>]) {
        self.last.page = self.last.page.max(page.0);
        let left: BTreeSet<_> = to.iter().cloned().collect();
        self.outbox.insert(page, if left.is_empty() { Outgoing::Any } else { Outgoing::To(left) });
    }

    fn escalate(&mut self, id: IncidentId, escalation: Escalation, at: Mono) {
        // a fix that did help, once too often: its soak is over, and the incident stays open for a human
        let settled = self.open.get(&id).is_some_and(|incident| matches!(incident.step, Step::Soaking { .. }));
        if settled {
            self.unlock(id);
        }
        let Some(incident) = self.open.get_mut(&id) else { return };
        if let Some(lack) = Lack::of(&escalation.cause) {
            self.lacks.push(&incident.playbook, &incident.key.target, lack, id, at);
        }
        incident.expired |= escalation.cause == Cause::Expired;
        if incident.rests() || settled {
            incident.step = Step::Escalated(escalation.cause.clone());
        }
        incident.escalation = Some(escalation);
        if incident.place.is_none() && !incident.blind {
            let verdict = Verdict { hands: hands(incident), end: End::Unhealed };
            incident.place = Some(self.tally.push(at, &incident.playbook, verdict));
        }
    }
}
