//! Calling a human for an incident, and ending the call.

use std::sync::Arc;

use super::dedup;
use crate::core::event::Event;
use crate::core::event::reasons::PageEndReason;
use crate::core::id::{IncidentId, PageId};
use crate::core::incident::{Cause, Escalation};
use crate::core::machine::Core;
use crate::core::machine::effect::Effect;
use crate::core::time::timers::Timer;

impl Core {
    /// Calls a human, unless one has been called for this incident, or the playbook is in shadow and has done nothing.
    pub(in crate::core) fn escalate(&mut self, id: IncidentId, cause: Cause) {
        let Some(incident) = self.incident(id) else { return };
        let silent = incident.attempts.is_empty() && !self.may_page(&incident.key);
        if let Some(former) = incident.escalation.clone() {
            return self.escalate_further(id, &former, cause);
        }
        if silent {
            return;
        }
        let (key, announced) = (incident.key.clone(), incident.announced.clone());
        if !matches!(cause, Cause::CannotSee { .. } | Cause::SystemdSilent { .. }) {
            self.relapsed(id, &key);
        }
        // the channels heard of the request when it was made: that nobody answered is no news to them
        let known = announced.clone().filter(|_| cause == Cause::Expired);
        match known.or_else(|| self.call_to_join(&key, &cause)) {
            Some(dedup) => self.join(id, cause, dedup),
            None => self.call(id, cause, dedup(&key)),
        }
        self.timers.cancel(&Timer::Denied(id));
        self.end_announcement(id);
    }

    fn call(&mut self, id: IncidentId, cause: Cause, dedup: Arc<str>) {
        // what once was this key's own call may still be open for another
        if self.state.escalations().call(&dedup).is_some() {
            return self.join(id, cause, dedup);
        }
        let (to, page) = (self.channels(id), self.next_page());
        self.record(Event::Escalated { incident: id, page, cause, dedup, to });
        self.deliver(page);
        self.await_answers();
    }

    /// A human was called for something that left the automation on, and now it has come to its end: that is news.
    pub(in crate::core) fn escalate_further(&mut self, id: IncidentId, former: &Escalation, cause: Cause) {
        let asks = matches!(cause, Cause::AwaitingApproval { .. });
        let news = !cause.leaves_automation_on() || asks && former.cause != cause;
        if !former.cause.leaves_automation_on() || !news {
            return;
        }
        let key = self.incident(id).map(|incident| incident.key.clone());
        if let Some(dedup) = key.and_then(|key| self.call_to_join(&key, &cause)).filter(|dedup| *dedup != former.dedup)
        {
            self.leave(id, &former.dedup, Some(PageEndReason::MovedToTarget));
            return self.join(id, cause, dedup);
        }
        let dedup = Arc::clone(&former.dedup);
        let Some(to) = self.state.escalations().call(&dedup).map(|call| call.to.clone()) else { return };
        let page = self.next_page();
        self.record(Event::CalledAgain { incident: id, page, cause, dedup, to });
        self.deliver(page);
        self.await_answers();
    }

    /// Tells whoever was called that it is over, where it was the last incident of its call.
    pub(in crate::core) fn resolve(&mut self, id: IncidentId) {
        if let Some(dedup) = self.incident(id).and_then(|one| one.escalation.as_ref()).map(|one| Arc::clone(&one.dedup))
        {
            self.leave(id, &dedup, None);
        }
        if let Some(dedup) = self.incident(id).and_then(|incident| incident.announced.clone()) {
            self.leave(id, &dedup, None);
        }
    }

    pub(in crate::core) fn deliver(&mut self, page: PageId) {
        self.out.push(Effect::Deliver(page));
    }

    /// Through which channels this incident's playbook calls.
    pub(in crate::core) fn channels(&self, id: IncidentId) -> Vec<Arc<str>> {
        let playbook = self.book_of(id);
        playbook.iter().flat_map(|playbook| &playbook.escalate.to).map(|name| Arc::from(name.as_str())).collect()
    }

    /// A page that was sent to `channel` was taken, by that channel or by `instead`.
    pub(in crate::core) fn delivered(&mut self, page: PageId, channel: Arc<str>, instead: Option<Arc<str>>) {
        if self.state.escalations().outgoing(page).is_some() {
            self.record(Event::Delivered { page, channel, instead });
        }
    }
}
