//! What folds ask an event for most often, each a narrow view of its concern.

use super::Event;
use super::concern::{AttemptEvent, CallEvent, Concern, IncidentEvent, PageEvent, ReadingEvent, RuleEvent};
use crate::core::id::{CheckRole, PageId};

impl Event {
    /// The step of an attempt that this tells, if it tells one.
    #[must_use]
    pub fn attempt(&self) -> Option<AttemptEvent<'_>> {
        match self.concern() {
            Concern::Attempt(attempt) => Some(attempt),
            Concern::Engine(_)
            | Concern::Incident(_)
            | Concern::Reading(_)
            | Concern::Decision(_)
            | Concern::Page(_)
            | Concern::Call(_)
            | Concern::Rule(_) => None,
        }
    }

    /// What goes out through channels with this, if anything does.
    #[must_use]
    pub fn paging(&self) -> Option<PageEvent<'_>> {
        match self.concern() {
            Concern::Page(page) => Some(page),
            Concern::Engine(_)
            | Concern::Incident(_)
            | Concern::Reading(_)
            | Concern::Decision(_)
            | Concern::Attempt(_)
            | Concern::Call(_)
            | Concern::Rule(_) => None,
        }
    }

    /// The page that goes out with this, if one does.
    #[must_use]
    pub fn page(&self) -> Option<PageId> {
        self.paging().and_then(|paging| paging.page)
    }

    /// The change of a check's verdict that this tells, if it tells one.
    #[must_use]
    pub fn reading_change(&self) -> Option<ReadingEvent<'_>> {
        match self.concern() {
            Concern::Reading(reading) => Some(reading),
            Concern::Engine(_)
            | Concern::Incident(_)
            | Concern::Decision(_)
            | Concern::Attempt(_)
            | Concern::Page(_)
            | Concern::Call(_)
            | Concern::Rule(_) => None,
        }
    }

    /// What it tells of each check: those of the detector when an incident opens, then every change.
    #[must_use]
    pub fn readings(&self) -> Vec<ReadingEvent<'_>> {
        let role = CheckRole::Detector;
        match self.concern() {
            Concern::Incident(IncidentEvent::Opened { readings, .. }) => {
                readings.iter().enumerate().map(|(index, reading)| ReadingEvent { role, index, reading }).collect()
            }
            Concern::Reading(reading) => vec![reading],
            Concern::Incident(
                IncidentEvent::Closed { .. } | IncidentEvent::Relapsed { .. } | IncidentEvent::Suspected,
            )
            | Concern::Engine(_)
            | Concern::Decision(_)
            | Concern::Attempt(_)
            | Concern::Page(_)
            | Concern::Call(_)
            | Concern::Rule(_) => Vec::new(),
        }
    }

    /// Whether a breaker changed its state.
    #[must_use]
    pub fn is_breaker(&self) -> bool {
        match self.concern() {
            Concern::Rule(RuleEvent::Breaker(_)) => true,
            Concern::Rule(
                RuleEvent::Snooze(_)
                | RuleEvent::Flapping(_)
                | RuleEvent::Pause(_)
                | RuleEvent::Maintenance
                | RuleEvent::Arming(_),
            )
            | Concern::Engine(_)
            | Concern::Incident(_)
            | Concern::Reading(_)
            | Concern::Decision(_)
            | Concern::Attempt(_)
            | Concern::Page(_)
            | Concern::Call(_) => false,
        }
    }

    /// The page that a channel took, if one did.
    #[must_use]
    pub fn delivered(&self) -> Option<PageId> {
        match self.concern() {
            Concern::Call(CallEvent::Delivered { page }) => Some(page),
            Concern::Call(CallEvent::Acknowledged | CallEvent::Left)
            | Concern::Engine(_)
            | Concern::Incident(_)
            | Concern::Reading(_)
            | Concern::Decision(_)
            | Concern::Attempt(_)
            | Concern::Page(_)
            | Concern::Rule(_) => None,
        }
    }
}
