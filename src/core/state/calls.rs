//! Folds the events of calls for a human: they move the calls and the incidents that stand under them.

use std::sync::Arc;

use super::State;
use crate::core::escalation::escalations::PageSent;
use crate::core::event::Event;
use crate::core::id::IncidentId;
use crate::core::incident::{Cause, Escalation};
use crate::core::time::Mono;

impl State {
    /// Folds what happened to a call for a human.
    pub(super) fn apply_to_calls(&mut self, event: &Event, at: Mono) {
        let sent = |page, dedup, to| PageSent { page, dedup, to, at };
        match event {
            Event::Escalated { incident, page, cause, dedup, to } => {
                self.escalations.opened(*incident, cause, sent(*page, dedup, to));
                // one page stands for the whole storm, and no incident for it
                if !matches!(cause, Cause::Storm { .. }) {
                    self.escalate(*incident, cause, dedup, at);
                }
            }
            Event::Joined { incident, page, cause, dedup, to } => {
                if let Some(page) = page {
                    self.escalations.widened(sent(*page, dedup, to));
                }
                self.escalate(*incident, cause, dedup, at);
            }
            Event::Announced { incident, page, why, dedup, to } => {
                if let Some(page) = page {
                    let cause = Cause::AwaitingApproval { why: why.clone() };
                    self.escalations.announced(*incident, &cause, sent(*page, dedup, to));
                }
                self.incidents.announced(*incident, dedup);
            }
            Event::Left { incident, dedup } => {
                self.incidents.left(*incident, dedup);
                self.hand_over(*incident, dedup);
            }
            Event::EscalationWidened { page, dedup, to, .. } => self.escalations.widened(sent(*page, dedup, to)),
            Event::CalledAgain { incident, page, cause, dedup, to } => {
                self.escalations.called_again(cause, sent(*page, dedup, to));
                self.incidents.called_again(*incident, dedup, cause);
            }
            Event::AckForwarded { page, by, dedup, to, .. } => self.escalations.seen(by, sent(*page, dedup, to)),
            Event::Resolved { page, dedup, to, .. } => {
                self.escalations.resolved(sent(*page, dedup, to));
                self.incidents.resolved(dedup);
            }
            Event::Delivered { page, channel, .. } => self.escalations.delivered(*page, channel, at),
            Event::Acknowledged { incident, by } => self.incidents.acknowledged(*incident, by),
            Event::Started { .. }
            | Event::RecordsLost { .. }
            | Event::Adopted { .. }
            | Event::Opened { .. }
            | Event::ReadingChanged { .. }
            | Event::Denied { .. }
            | Event::ShadowPlan { .. }
            | Event::Asked { .. }
            | Event::Approved { .. }
            | Event::FirstApproved { .. }
            | Event::Withdrawn { .. }
            | Event::Intent { .. }
            | Event::AttemptFinished { .. }
            | Event::Indeterminate { .. }
            | Event::Verified { .. }
            | Event::NotVerified { .. }
            | Event::Closed { .. }
            | Event::Relapsed { .. }
            | Event::Breaker { .. }
            | Event::Suspected { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::Scheduled { .. }
            | Event::MaintenanceBegan { .. }
            | Event::MaintenanceEnded { .. }
            | Event::Snoozed { .. }
            | Event::Unsnoozed { .. }
            | Event::Flapping { .. }
            | Event::Armed { .. }
            | Event::Disarmed { .. }
            | Event::Notice { .. } => {}
        }
    }

    fn escalate(&mut self, id: IncidentId, cause: &Cause, dedup: &Arc<str>, at: Mono) {
        // a fix that did help, once too often: its soak is over, and the incident stays open for a human
        if self.incidents.is_soaking(id) {
            self.locks.release(id);
        }
        let escalation = Escalation { cause: cause.clone(), dedup: Arc::clone(dedup) };
        let Some(incident) = self.incidents.escalated(id, escalation) else { return };
        if let Some(place) = self.success.escalated(incident, cause, at) {
            self.incidents.counted(id, place);
        }
    }

    /// An incident no longer stands under a call.
    pub(super) fn hand_over(&mut self, id: IncidentId, dedup: &str) {
        let next = self.incidents.under(dedup).map(|incident| incident.id).find(|other| *other != id);
        self.escalations.handed_over(id, dedup, next);
    }
}
