//! Calls, and their way through the outbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::closing::actor;
use crate::core::automation_gaps::Lack;
use crate::core::calls::Call;
use crate::core::command::Operator;
use crate::core::escalation::TICKETS;
use crate::core::event::{Event, Recorded};
use crate::core::id::{IncidentId, PageId};
use crate::core::incident::Cause;
use crate::core::state::{Escalation, Outgoing, RequestAnswer, State, Step};
use crate::core::success_counters::{CountedOutcome, Disposition};
use crate::core::time::Mono;

impl State {
    pub(super) fn page(&mut self, recorded: &Recorded) {
        let at = recorded.mono;
        match &recorded.event {
            Event::Escalated { incident, page, cause, dedup, to } => {
                self.post(*page, to);
                self.open_call(*incident, *page, cause, dedup, to, at);
                if !matches!(cause, Cause::Storm { .. }) {
                    self.escalate(*incident, Escalation { cause: cause.clone(), dedup: Arc::clone(dedup) }, at);
                }
            }
            Event::Joined { incident, page, cause, dedup, to } => {
                self.widen(*page, dedup, to, at);
                self.escalate(*incident, Escalation { cause: cause.clone(), dedup: Arc::clone(dedup) }, at);
            }
            Event::Announced { incident, page, why, dedup, to } => {
                if let (Some(page), false) = (page, self.calls.contains_key(dedup)) {
                    self.post(*page, to);
                    self.open_call(*incident, *page, &Cause::AwaitingApproval { why: why.clone() }, dedup, to, at);
                } else {
                    self.widen(*page, dedup, to, at);
                }
                if let Some(incident) = self.open.get_mut(incident) {
                    incident.announced = Some(Arc::clone(dedup));
                    incident.answer = RequestAnswer::Open;
                }
            }
            Event::Left { incident, dedup } => {
                if let Some(one) = self.open.get_mut(incident) {
                    one.announced.take_if(|announced| *announced == *dedup);
                    one.escalation.take_if(|escalation| escalation.dedup == *dedup);
                }
                self.hand_over(*incident, dedup);
            }
            Event::EscalationWidened { page, dedup, to, .. } => self.widen(Some(*page), dedup, to, at),
            Event::CalledAgain { incident, page, cause, dedup, to } => {
                self.post(*page, to);
                self.call_again(*incident, *page, cause, dedup, at);
            }
            Event::AckForwarded { page, by, dedup, to, .. } => {
                self.post(*page, to);
                if let Some(call) = self.calls.get_mut(dedup) {
                    (call.seen, call.seen_at) = (Some(by.clone()), Some(at));
                }
            }
            Event::Resolved { page, dedup, to, .. } => {
                self.post(*page, to);
                self.calls.remove(dedup);
                for incident in self.open.values_mut().filter(|incident| incident.is_under(dedup)) {
                    incident.escalation.take_if(|escalation| escalation.dedup == *dedup);
                    incident.announced.take_if(|announced| *announced == *dedup);
                }
            }
            Event::Delivered { page, channel, .. } => {
                self.taken(*page, channel, at);
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

    fn open_call(
        &mut self,
        incident: IncidentId,
        page: PageId,
        cause: &Cause,
        dedup: &Arc<str>,
        to: &[Arc<str>],
        at: Mono,
    ) {
        let mut call = Call {
            page,
            first: incident,
            incident,
            cause: cause.clone(),
            dedup: Arc::clone(dedup),
            to: Vec::new(),
            called: BTreeMap::new(),
            seen: None,
            seen_at: None,
            pages: BTreeSet::from([page]),
            taken: BTreeSet::new(),
        };
        call.widen(to, at);
        if to.is_empty() {
            call.called.insert(TICKETS.into(), at);
        }
        self.calls.insert(Arc::clone(dedup), call);
    }

    /// The same call goes out through more channels.
    fn widen(&mut self, page: Option<PageId>, dedup: &Arc<str>, to: &[Arc<str>], at: Mono) {
        let Some(page) = page else { return };
        self.post(page, to);
        if let Some(call) = self.calls.get_mut(dedup) {
            // news that goes to all who were called wants a new answer
            let told = |name: &Arc<str>| to.contains(name) || to.is_empty() && **name == *TICKETS;
            if call.called.keys().all(told) {
                (call.seen, call.seen_at) = (None, None);
                call.taken.clear();
            }
            if call.to.is_empty() && !to.is_empty() {
                call.to.push(TICKETS.into());
            }
            call.widen(to, at);
            call.pages.insert(page);
        }
    }

    /// The same call goes out once more, to all that were called; perhaps because more is known of one incident.
    fn call_again(&mut self, id: IncidentId, page: PageId, cause: &Cause, dedup: &Arc<str>, at: Mono) {
        if let Some(call) = self.calls.get_mut(dedup) {
            (call.seen, call.seen_at) = (None, None);
            call.called.values_mut().for_each(|called| *called = at);
            call.pages.insert(page);
            call.taken.clear();
            call.cause = cause.clone();
        }
        for incident in self.open.values_mut().filter(|incident| incident.is_under(dedup)) {
            incident.acknowledged = None;
        }
        let Some(incident) = self.open.get_mut(&id) else { return };
        incident.answer = if *cause == Cause::Expired { RequestAnswer::Expired } else { RequestAnswer::Open };
        let rests = incident.rests() && !matches!(incident.step, Step::Asking(_));
        if let Some(escalation) = incident.escalation.as_mut().filter(|escalation| escalation.cause != *cause) {
            escalation.cause = cause.clone();
            if rests {
                incident.step = Step::Escalated(cause.clone());
            }
        }
    }

    /// A channel took a call. The ticket folder, where it stepped in for another, hears of the end as well.
    fn taken(&mut self, page: PageId, channel: &Arc<str>, at: Mono) {
        if let Some(call) = self.calls.values_mut().find(|call| call.pages.contains(&page)) {
            call.taken.insert(Arc::clone(channel));
            if !call.to.is_empty() {
                call.widen(&[Arc::clone(channel)], at);
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
        incident.denied_since = None;
        if escalation.cause == Cause::Expired {
            incident.answer = RequestAnswer::Expired;
        }
        if incident.rests() || settled {
            incident.step = Step::Escalated(escalation.cause.clone());
        }
        // its request for approval goes on under the same call
        incident.announced.take_if(|announced| *announced == escalation.dedup);
        incident.escalation = Some(escalation);
        if incident.place.is_none() && !incident.blind {
            let verdict = CountedOutcome { hands: actor(incident), end: Disposition::Unhealed };
            incident.place = Some(self.tally.push(at, &incident.playbook, verdict));
        }
    }

    /// A person has seen the call that this incident stands under.
    pub(super) fn acknowledge(&mut self, id: IncidentId, by: &Operator) {
        let Some(incident) = self.open.get(&id) else { return };
        let under = incident.escalation.as_ref().map(|escalation| Arc::clone(&escalation.dedup));
        let shares = |other: &&mut crate::core::state::Incident| {
            other.id == id || under.as_ref().is_some_and(|dedup| other.is_under(dedup))
        };
        for incident in self.open.values_mut().filter(shares) {
            incident.acknowledged = Some(by.clone());
        }
    }

    /// An incident no longer stands under a call: it goes on in the name of the oldest that does.
    pub(super) fn hand_over(&mut self, id: IncidentId, dedup: &str) {
        let next = self.under(dedup).map(|incident| incident.id).find(|other| *other != id);
        if let (Some(call), Some(next)) = (self.calls.get_mut(dedup).filter(|call| call.incident == id), next) {
            call.incident = next;
        }
    }
}
