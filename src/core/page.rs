//! Calling a human: one open escalation per key, under a key that stays the same, resolved when the fault clears.

use std::sync::Arc;

use super::effect::Effect;
use super::event::Event;
use super::id::{IncidentId, Key, PageId};
use super::incident::Cause;
use super::machine::Core;

/// The channel that pages go to which name none.
pub const TICKETS: &str = "tickets";

/// Characters of the content's hash in a dedup key.
const SHORT: usize = 12;

/// Under which key a pager joins what belongs together: `salve/<content>/<kind>/<name>`.
#[must_use]
pub fn dedup(key: &Key) -> Arc<str> {
    let short: String = key.content.0.chars().take(SHORT).collect();
    format!("salve/{short}/{}/{}", key.target.kind(), key.target.name()).into()
}

impl Core {
    /// Calls a human, unless one has been called for this incident, or the playbook is in shadow and has done nothing.
    pub(super) fn escalate(&mut self, id: IncidentId, cause: Cause) {
        let Some(incident) = self.incident(id) else { return };
        let silent = incident.attempts.is_empty() && !self.may_page(&incident.key);
        if incident.escalation.is_some() || silent {
            return;
        }
        let key = incident.key.clone();
        if !matches!(cause, Cause::CannotSee { .. } | Cause::SystemdSilent { .. }) {
            self.relapsed(id, &key);
        }
        let dedup = dedup(&key);
        let (to, page) = (self.channels(id), PageId(self.state.last.page + 1));
        self.record(Event::Escalated { incident: id, page, cause, dedup, to });
        self.deliver(page);
        self.await_answers();
    }

    /// Tells whoever was called that it is over.
    pub(super) fn resolve(&mut self, id: IncidentId) {
        let Some(escalation) = self.incident(id).and_then(|incident| incident.escalation.clone()) else { return };
        let page = PageId(self.state.last.page + 1);
        self.record(Event::Resolved { incident: id, page, dedup: escalation.dedup, to: escalation.to });
        self.deliver(page);
    }

    pub(super) fn deliver(&mut self, page: PageId) {
        self.out.push(Effect::Deliver(page));
    }

    /// Through which channels this incident's playbook calls.
    pub(super) fn channels(&self, id: IncidentId) -> Vec<Arc<str>> {
        let playbook = self.book_of(id);
        playbook.iter().flat_map(|playbook| &playbook.escalate.to).map(|name| Arc::from(name.as_str())).collect()
    }

    /// A page that was sent to `channel` was taken, by that channel or by `instead`.
    pub(super) fn delivered(&mut self, page: PageId, channel: Arc<str>, instead: Option<Arc<str>>) {
        if self.state.outbox.contains_key(&page) {
            self.record(Event::Delivered { page, channel, instead });
        }
    }
}
