//! The open calls for a human, and their pages' way out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::TICKETS;
use super::calls::{Call, STORM};
use crate::core::command::Operator;
use crate::core::id::{IncidentId, PageId};
use crate::core::incident::{Cause, Incident};
use crate::core::time::Mono;

/// A page on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// These channels have not taken it yet.
    To(BTreeSet<Arc<str>>),
    /// No channel was named: the first that takes it will do.
    Any,
}

/// One page with the call that it carries and the channels that it goes to.
#[derive(Debug, Clone, Copy)]
pub struct PageSent<'a> {
    /// The page's number.
    pub page: PageId,
    /// Under which key the call goes out and is resolved.
    pub dedup: &'a Arc<str>,
    /// The channels named; none means the ticket folder.
    pub to: &'a [Arc<str>],
    /// When that was recorded.
    pub at: Mono,
}

/// The open calls and the outbox.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Escalations {
    /// The open calls for a human, by the key under which each goes out and is resolved.
    calls: BTreeMap<Arc<str>, Call>,
    /// Pages and the channels that have not taken them yet.
    outbox: BTreeMap<PageId, Outgoing>,
    /// Number of the latest page; 0 before the first.
    last_page: u64,
}

impl Escalations {
    /// Every open call, by its key.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// The open call of this key.
    pub fn call(&self, dedup: &str) -> Option<&Call> {
        self.calls.get(dedup)
    }

    /// The call that this incident's escalation stands under.
    pub fn call_of(&self, incident: &Incident) -> Option<&Call> {
        self.call(&incident.escalation.as_ref()?.dedup)
    }

    /// The storm's one call, while it is open.
    pub fn storm(&self) -> Option<&Call> {
        self.call(STORM)
    }

    /// Pages that some channel has not taken yet.
    pub fn undelivered(&self) -> impl ExactSizeIterator<Item = PageId> {
        self.outbox.keys().copied()
    }

    /// Which channels a page is still to reach; none where it has reached all.
    pub fn outgoing(&self, page: PageId) -> Option<&Outgoing> {
        self.outbox.get(&page)
    }

    /// The number that the next page gets.
    pub const fn next_page(&self) -> PageId {
        PageId(self.last_page + 1)
    }

    /// Lost records may have given out so many numbers.
    pub(in crate::core) const fn skip_numbers(&mut self, count: u64) {
        self.last_page += count;
    }

    /// A human was called with a call of its own.
    pub(in crate::core) fn opened(&mut self, incident: IncidentId, cause: &Cause, sent: PageSent<'_>) {
        self.post(sent);
        let mut call = Call {
            page: sent.page,
            first: incident,
            incident,
            cause: cause.clone(),
            dedup: Arc::clone(sent.dedup),
            to: Vec::new(),
            called: BTreeMap::new(),
            seen: None,
            seen_at: None,
            pages: BTreeSet::from([sent.page]),
            taken: BTreeSet::new(),
        };
        call.widen(sent.to, sent.at);
        if sent.to.is_empty() {
            call.called.insert(TICKETS.into(), sent.at);
        }
        self.calls.insert(Arc::clone(sent.dedup), call);
    }

    /// The same call goes out through more channels.
    pub(in crate::core) fn widened(&mut self, sent: PageSent<'_>) {
        self.post(sent);
        let Some(call) = self.calls.get_mut(sent.dedup) else { return };
        // news that goes to all who were called wants a new answer
        let told = |name: &Arc<str>| sent.to.contains(name) || sent.to.is_empty() && **name == *TICKETS;
        if call.called.keys().all(told) {
            (call.seen, call.seen_at) = (None, None);
            call.taken.clear();
        }
        if call.to.is_empty() && !sent.to.is_empty() {
            call.to.push(TICKETS.into());
        }
        call.widen(sent.to, sent.at);
        call.pages.insert(sent.page);
    }

    /// A request for approval was announced: with a call of its own, or under one that is open.
    pub(in crate::core) fn announced(&mut self, incident: IncidentId, cause: &Cause, sent: PageSent<'_>) {
        if self.calls.contains_key(sent.dedup) {
            self.widened(sent);
        } else {
            self.opened(incident, cause, sent);
        }
    }

    /// The same call goes out once more, to all that were called; perhaps because more is known of one incident.
    pub(in crate::core) fn called_again(&mut self, cause: &Cause, sent: PageSent<'_>) {
        self.post(sent);
        if let Some(call) = self.calls.get_mut(sent.dedup) {
            (call.seen, call.seen_at) = (None, None);
            call.called.values_mut().for_each(|called| *called = sent.at);
            call.pages.insert(sent.page);
            call.taken.clear();
            call.cause = cause.clone();
        }
    }

    /// A person has seen the call, and all who were called are told.
    pub(in crate::core) fn seen(&mut self, by: &Operator, sent: PageSent<'_>) {
        self.post(sent);
        if let Some(call) = self.calls.get_mut(sent.dedup) {
            (call.seen, call.seen_at) = (Some(by.clone()), Some(sent.at));
        }
    }

    /// The call is over, and all who were called are told.
    pub(in crate::core) fn resolved(&mut self, sent: PageSent<'_>) {
        self.post(sent);
        self.calls.remove(sent.dedup);
    }

    /// A channel took a page. The ticket folder, where it stepped in for another, hears of the end as well.
    pub(in crate::core) fn delivered(&mut self, page: PageId, channel: &Arc<str>, at: Mono) {
        if let Some(call) = self.calls.values_mut().find(|call| call.pages.contains(&page)) {
            call.taken.insert(Arc::clone(channel));
            if !call.to.is_empty() {
                call.widen(&[Arc::clone(channel)], at);
            }
        }
        let done = match self.outbox.get_mut(&page) {
            Some(Outgoing::To(left)) => {
                left.remove(channel);
                left.is_empty()
            }
            Some(Outgoing::Any) => true,
            None => false,
        };
        if done {
            self.outbox.remove(&page);
        }
    }

    /// An incident no longer stands under a call: it goes on in the name of the oldest that does.
    pub(in crate::core) fn handed_over(&mut self, from: IncidentId, dedup: &str, next: Option<IncidentId>) {
        if let (Some(call), Some(next)) = (self.calls.get_mut(dedup).filter(|call| call.incident == from), next) {
            call.incident = next;
        }
    }

    fn post(&mut self, sent: PageSent<'_>) {
        self.last_page = self.last_page.max(sent.page.0);
        let left: BTreeSet<_> = sent.to.iter().cloned().collect();
        self.outbox.insert(sent.page, if left.is_empty() { Outgoing::Any } else { Outgoing::To(left) });
    }
}
