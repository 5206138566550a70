//! Acknowledgements of pages: if nobody acknowledges in time, further channels are paged; once somebody does, every
//! channel that was paged is told.

use std::sync::Arc;

use super::calls::{Call, STORM};
use crate::core::command::{Operator, Refusal};
use crate::core::event::Event;
use crate::core::id::{IncidentId, PageId};
use crate::core::incident::{Denial, Phase};
use crate::core::machine::Core;
use crate::core::time::timers::Timer;

impl Core {
    /// Sets a deadline for every call that others hear of where nobody acknowledges it.
    pub(in crate::core) fn await_answers(&mut self) {
        let mut due = Vec::new();
        for call in self.state.escalations().calls() {
            for (name, at) in call.called.iter().filter(|_| call.seen.is_none()) {
                if let Some(second) = self.config.second_calls.get(name)
                    && second.to.iter().any(|to| !call.called.contains_key(to))
                {
                    due.push((Timer::Unanswered(call.page, Arc::clone(name)), *at + second.after));
                }
            }
            if let Some(seen) = call.seen_at {
                due.push((Timer::Again(call.page), seen + self.config.again));
            }
        }
        for (timer, at) in due {
            self.timers.set(timer, at);
        }
    }

    /// A person saw the call long ago, and it is still not fixed: the same call goes out again, to all who were called.
    pub(in crate::core) fn still_unfixed(&mut self, page: PageId) {
        let open = |call: &&Call| call.page == page && call.seen.is_some();
        let Some(Call { incident, cause, dedup, to, .. }) = self.state.escalations().calls().find(open).cloned() else {
            return;
        };
        let own = self.incident(incident).and_then(|incident| incident.escalation.as_ref());
        let cause = own.map_or(cause, |escalation| escalation.cause.clone());
        let page = self.next_page();
        self.record(Event::CalledAgain { incident, page, cause, dedup, to });
        self.deliver(page);
        self.await_answers();
    }

    /// The time for an answer has passed.
    pub(in crate::core) fn unanswered(&mut self, page: PageId, name: &Arc<str>) {
        let open = |call: &&Call| call.page == page && call.seen.is_none();
        let Some(call) = self.state.escalations().calls().find(open) else { return };
        let Some(second) = self.config.second_calls.get(name) else { return };
        let to: Vec<Arc<str>> = second.to.iter().filter(|to| !call.called.contains_key(*to)).cloned().collect();
        if to.is_empty() {
            return;
        }
        let (incident, cause, dedup) = (call.incident, call.cause.clone(), Arc::clone(&call.dedup));
        let page = self.next_page();
        self.record(Event::EscalationWidened { incident, page, cause, dedup, to, unanswered: Arc::clone(name) });
        self.deliver(page);
        // whoever is called now may have a second call of their own
        self.await_answers();
    }

    /// A person has seen the pages of an incident; the first time, all who were called are told.
    pub(in crate::core) fn acknowledge(&mut self, by: &Operator, id: IncidentId) -> Result<String, Refusal> {
        let under = |call: &&Call| {
            let stormed =
                || self.incident(id).is_some_and(|one| matches!(one.phase(), Phase::Held(Denial::Storm { .. })));
            call.incident == id
                || self.incident(id).is_some_and(|incident| incident.is_under(&call.dedup))
                || (*call.dedup == *STORM && stormed())
        };
        let calls: Vec<Call> = self.state.escalations().calls().filter(under).cloned().collect();
        if calls.is_empty() {
            self.opened(id)?;
            return Err(Refusal::Denied(Arc::from("no page is open for it")));
        }
        if self.incident(id).is_some() {
            self.record(Event::Acknowledged { incident: id, by: by.clone() });
        }
        for call in calls.into_iter().filter(|call| call.seen.is_none()) {
            let page = self.next_page();
            let by = by.clone();
            self.record(Event::AckForwarded { incident: id, page, by, dedup: call.dedup, to: call.to });
            self.deliver(page);
        }
        self.await_answers();
        Ok(format!("incident {id}: acknowledged"))
    }
}
