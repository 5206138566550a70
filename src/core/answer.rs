//! Does anybody answer a call? Where nobody does in time, others are called; where somebody does, all who were called
//! are told.

use std::sync::Arc;

use super::command::{Operator, Refusal};
use super::event::Event;
use super::id::{IncidentId, PageId};
use super::machine::Core;
use super::state::Escalation;
use super::timers::Timer;

impl Core {
    /// Sets a deadline for every call that others hear of where nobody acknowledges it.
    pub(super) fn await_answers(&mut self) {
        let mut due = Vec::new();
        for escalation in self.state.escalations().filter(|escalation| escalation.seen.is_none()) {
            for (name, at) in &escalation.called {
                if let Some(second) = self.config.second_calls.get(name)
                    && second.to.iter().any(|to| !escalation.called.contains_key(to))
                {
                    due.push((Timer::Unanswered(escalation.page, Arc::clone(name)), *at + second.after));
                }
            }
        }
        for escalation in self.state.escalations() {
            if let Some(seen) = escalation.seen_at {
                due.push((Timer::Again(escalation.page), seen + self.config.again));
            }
        }
        for (timer, at) in due {
            self.timers.set(timer, at);
        }
    }

    /// A person saw the call long ago, and it is still not fixed: the same call goes out again, to all who were called.
    pub(super) fn still_unfixed(&mut self, page: PageId) {
        let open = |escalation: &&Escalation| escalation.page == page && escalation.seen.is_some();
        let Some(escalation) = self.state.escalations().find(open).cloned() else { return };
        let Escalation { incident, cause, dedup, to, .. } = escalation;
        let page = self.next_page();
        self.record(Event::CalledAgain { incident, page, cause, dedup, to });
        self.deliver(page);
        self.await_answers();
    }

    /// The time for an answer has passed.
    pub(super) fn unanswered(&mut self, page: PageId, name: &Arc<str>) {
        let open = |escalation: &&Escalation| escalation.page == page && escalation.seen.is_none();
        let Some(escalation) = self.state.escalations().find(open) else { return };
        let Some(second) = self.config.second_calls.get(name) else { return };
        let to: Vec<Arc<str>> = second.to.iter().filter(|to| !escalation.called.contains_key(*to)).cloned().collect();
        if to.is_empty() {
            return;
        }
        let (incident, cause, dedup) = (escalation.incident, escalation.cause.clone(), Arc::clone(&escalation.dedup));
        let page = self.next_page();
        self.record(Event::CalledBesides { incident, page, cause, dedup, to, unanswered: Arc::clone(name) });
        self.deliver(page);
        // whoever is called now may have a second call of their own
        self.await_answers();
    }

    /// A person has seen the pages of an incident; the first time, all who were called are told.
    pub(super) fn acknowledge(&mut self, by: &Operator, id: IncidentId) -> Result<String, Refusal> {
        let calls: Vec<Escalation> =
            self.state.escalations().filter(|escalation| escalation.incident == id).cloned().collect();
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
            self.record(Event::Relayed { incident: id, page, by, dedup: call.dedup, to: call.to });
            self.deliver(page);
        }
        self.await_answers();
        Ok(format!("incident {id}: acknowledged"))
    }

    fn next_page(&self) -> PageId {
        PageId(self.state.last.page + 1)
    }
}
