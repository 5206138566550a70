//! The open calls, by the key that each goes out under: which incidents stand under it, who was called, who answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salve::core::event::Event;
use salve::core::id::{IncidentId, PageId};
use salve::core::incident::Cause;
use salve::core::time::Mono;

/// One open call.
#[derive(Debug, Clone, Default)]
pub struct CallBook {
    /// Incidents for which a human is called.
    pub escalated: BTreeSet<IncidentId>,
    /// Incidents whose request for approval it announces.
    pub announced: BTreeSet<IncidentId>,
    pub called: BTreeSet<Arc<str>>,
    pub answered: Option<Mono>,
    /// The pages that carry it.
    pub pages: BTreeSet<PageId>,
    /// It stands for all that cannot be seen because systemd answers nobody.
    pub silent: bool,
    /// It was opened by a request for approval.
    pub approvals: bool,
    pub storm: bool,
}

impl CallBook {
    /// All that stand under it.
    pub fn all(&self) -> impl Iterator<Item = &IncidentId> {
        self.escalated.iter().chain(&self.announced)
    }

    /// News that goes to all who were called wants a new answer.
    fn renew(&mut self, to: &[Arc<str>]) {
        let default: Arc<str> = "tickets".into();
        if self.called.iter().all(|name| to.contains(name) || to.is_empty() && *name == default) {
            self.answered = None;
        }
    }

    /// Somebody is called who takes the place of nobody: the ticket folder where no channel is named.
    fn call(&mut self, page: PageId, to: &[Arc<str>]) {
        let default: Arc<str> = "tickets".into();
        self.called.extend(if to.is_empty() { vec![default] } else { to.to_vec() });
        self.pages.insert(page);
    }

    /// No incident stands under it any more.
    pub fn is_forsaken(&self) -> bool {
        !self.storm && self.escalated.is_empty() && self.announced.is_empty()
    }
}

#[derive(Debug, Default)]
pub struct CallBooks(BTreeMap<Arc<str>, CallBook>);

impl CallBooks {
    pub fn get(&self, dedup: &str) -> Option<&CallBook> {
        self.0.get(dedup)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &CallBook)> {
        self.0.iter()
    }

    /// The call that this incident's escalation stands under.
    pub fn of(&self, incident: IncidentId) -> Option<&CallBook> {
        self.0.values().find(|call| call.escalated.contains(&incident))
    }

    pub fn storm(&self) -> Option<&CallBook> {
        self.0.values().find(|call| call.storm)
    }

    pub fn apply(&mut self, event: &Event, now: Mono, named_nobody: bool) {
        match event {
            Event::Escalated { incident, page, cause, dedup, to } => {
                let call = self.0.entry(dedup.clone()).or_default();
                call.call(*page, to);
                call.silent = matches!(cause, Cause::SystemdSilent { .. });
                call.storm = matches!(cause, Cause::Storm { .. });
                if !call.storm {
                    call.escalated.insert(*incident);
                }
            }
            Event::Joined { incident, page, dedup, to, .. } => {
                let call = self.0.entry(dedup.clone()).or_default();
                call.escalated.insert(*incident);
                call.announced.remove(incident);
                if let Some(page) = page {
                    call.renew(to);
                    call.call(*page, to);
                }
            }
            Event::Announced { incident, page, dedup, to, .. } => {
                let fresh = !self.0.contains_key(dedup);
                let call = self.0.entry(dedup.clone()).or_default();
                call.approvals |= fresh;
                call.announced.insert(*incident);
                if let Some(page) = page {
                    call.renew(to);
                    call.call(*page, to);
                }
            }
            Event::Left { incident, dedup } => {
                if let Some(call) = self.0.get_mut(dedup) {
                    call.announced.remove(incident);
                    call.escalated.remove(incident);
                }
            }
            Event::EscalationWidened { page, dedup, to, .. } => {
                if let Some(call) = self.0.get_mut(dedup) {
                    call.call(*page, to);
                }
            }
            Event::CalledAgain { page, dedup, .. } => {
                if let Some(call) = self.0.get_mut(dedup) {
                    call.answered = None;
                    call.pages.insert(*page);
                }
            }
            Event::AckForwarded { dedup, .. } => {
                if let Some(call) = self.0.get_mut(dedup) {
                    call.answered = Some(now);
                }
            }
            Event::Delivered { page, channel, .. } if !named_nobody => {
                // whoever took a call, the ticket folder as its last resort too, is to hear of its end
                if let Some(call) = self.0.values_mut().find(|call| call.pages.contains(page)) {
                    call.called.insert(channel.clone());
                }
            }
            Event::Resolved { dedup, .. } => drop(self.0.remove(dedup)),
            Event::Intent { incident, .. } => self.0.values_mut().for_each(|call| {
                call.announced.remove(incident);
            }),
            Event::Closed { incident, .. } => self.0.values_mut().for_each(|call| {
                call.announced.remove(incident);
                call.escalated.remove(incident);
            }),
            _ => {}
        }
    }
}
