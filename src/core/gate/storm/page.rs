//! The one page for a storm, and the end of it.

use std::sync::Arc;

use crate::core::detector::DetectorState;
use crate::core::escalation::calls::{Call, STORM};
use crate::core::event::Event;
use crate::core::event::reasons::PageEndReason;
use crate::core::id::IncidentId;
use crate::core::incident::Cause;
use crate::core::machine::{BlockedOn, Core, FIRST_LOOK};
use crate::playbook::Mode;

impl Core {
    /// So many fail of so many watched, where that makes a storm.
    #[must_use]
    pub fn storm(&self) -> Option<(usize, usize)> {
        self.storms.judge(&self.config)
    }

    /// One page for the whole storm, carried by the first incident that it held back.
    pub(in crate::core) fn page_storm(&mut self, id: IncidentId, failing: usize, of: usize) {
        if self.state.escalations().storm().is_some() {
            return;
        }
        let (to, page) = (self.channels(id), self.next_page());
        let cause = Cause::Storm { failing, of };
        self.record(Event::Escalated { incident: id, page, cause, dedup: Arc::from(STORM), to });
        self.deliver(page);
        self.await_answers();
    }

    /// After a start nothing has been read yet: a storm that was open then is on until everything has, or should have.
    pub(in crate::core) fn storm_in_force(&self) -> Option<(usize, usize)> {
        let early = self.now.mono.since(self.resumed) < FIRST_LOOK && self.is_unread();
        let before = |call: &&Call| early && call.called.values().any(|at| *at < self.resumed);
        let known = || match &self.state.escalations().storm().filter(before)?.cause {
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
    pub(in crate::core) fn end_storm_if_over(&mut self) {
        if self.storm_in_force().is_none() {
            self.storm_over();
        }
    }

    /// The storm is over: its page is resolved and who waited asks the gate again.
    pub(in crate::core) fn storm_over(&mut self) {
        if let Some(storm) = self.state.escalations().storm().cloned() {
            let page = self.next_page();
            let (incident, dedup, to) = (storm.first, storm.dedup, storm.to);
            let why = Some(PageEndReason::StormEnded);
            self.record(Event::Resolved { incident, page, dedup, to, ended: None, why });
            self.deliver(page);
        }
        self.wake(BlockedOn::Storm);
    }
}
