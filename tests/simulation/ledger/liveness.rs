//! Once faults stop, nothing waits for ever, and everybody who was called has been told.

use std::collections::BTreeSet;
use std::time::Duration;

use salve::core::id::IncidentId;
use salve::core::incident::{BreakerState, Cause, Denial, Trip};
use salve::core::time::Now;

use super::books::IncidentBook;
use super::{Judged, Ledger, Stand, hold, pages};

impl Ledger {
    /// Faults have stopped a while ago, but what was broken may still be: nobody may wait without a reason.
    pub fn nobody_waits_for_nothing(&self, now: Now) -> Judged {
        for (index, incident) in self.books.incidents.iter().enumerate().filter(|(_, incident)| incident.open) {
            let id = IncidentId(index as u64 + 1);
            // Whatever the machine does by itself is done in this time.
            let recent = now.mono.since(incident.stood_since) < Duration::from_mins(15);
            // Whoever was called watches; the ladder below may be spent.
            let good = incident.escalated || self.waits_rightly(incident, now);
            hold!(good || recent, "6 every incident ends", "{id} since {}: {:?}", incident.stood_since, incident.stand);
        }
        Ok(())
    }

    fn waits_rightly(&self, incident: &IncidentBook, now: Now) -> bool {
        match &incident.stand {
            Stand::WouldHave | Stand::Escalated | Stand::Closed => true,
            Stand::Asked => incident.asked.as_ref().is_some_and(|asked| asked.expires > now.mono),
            Stand::Held(denial) => self.still_denied(incident, denial, now),
            // What flaps has to stay well for three of its periods.
            Stand::Soaking => now.mono.since(incident.stood_since) < self.books.flapping.soak(&incident.key),
            Stand::Opened | Stand::Approved | Stand::Acting | Stand::Verifying | Stand::Failed => false,
        }
    }

    fn still_denied(&self, incident: &IncidentBook, denial: &Denial, now: Now) -> bool {
        let playbook = self.outside.playbook(&incident.key);
        match denial {
            // The kind is what is recorded: another pause may hold by now.
            Denial::Paused { .. } => {
                let name = self.outside.bindings.get(&incident.key).map_or(&incident.playbook, |(it, _)| &it.name);
                self.books.paused(name, now).is_some()
            }
            Denial::Snoozed { .. } => self.books.snoozes.get(&incident.key).is_some_and(|until| *until > now.mono),
            // windows are told in minutes, and a tick may be late: so is who waits for one
            Denial::OutsideWindow => playbook
                .only_between
                .is_some_and(|window| (0..=2).any(|late| !window.contains((now.minute_of_day + 1440 - late) % 1440))),
            Denial::BreakerOpen { .. } => match self.books.keys.get(&incident.key).map(|book| &book.breaker) {
                Some(BreakerState::Open { until, .. }) => *until > now.mono,
                Some(BreakerState::Latched { .. }) => true,
                // The window's own limit holds in every state.
                _ => {
                    let recent = |at: &&salve::core::Mono| now.mono.since(**at) <= playbook.escalate.window.0;
                    let count = self.books.counted(&incident.key).iter().filter(recent).count();
                    count >= playbook.escalate.attempts as usize
                }
            },
            Denial::Cooldown { until } | Denial::BootGrace { until } => *until > now.mono,
            Denial::LockHeld { by } => self.books.incident(*by).is_some_and(|other| other.open),
            Denial::Contended { .. } => self.books.contention.any(&incident.key),
            Denial::Storm { .. } => {
                let (failing, of) = self.outside.failing();
                of > 0 && failing > 0
            }
            Denial::SystemdBusy { .. } | Denial::CannotRecord { .. } | Denial::NoPlan { .. } => false,
            Denial::TargetMissing { .. } => self.outside.is_unresolved(&incident.key),
            Denial::DependencyUnhealthy { .. }
            | Denial::StoppedByOperator { .. }
            | Denial::Shadow
            | Denial::Off
            | Denial::Quarantined { .. } => true,
        }
    }

    /// The page of a fix that did help too often stays until its breaker is no longer open, however well all is.
    fn waits_for_its_breaker(&self, incident: &IncidentBook, now: Now) -> bool {
        let fixed = matches!(incident.cause, Some(Cause::BreakerOpened { trip: Trip::Fixed { .. }, .. }));
        let open = match self.books.keys.get(&incident.key).map(|book| &book.breaker) {
            Some(BreakerState::Open { until, .. }) => *until > now.mono,
            Some(BreakerState::Latched { .. }) => true,
            Some(BreakerState::Closed | BreakerState::HalfOpen { .. }) | None => false,
        };
        fixed && open
    }

    /// Everything is well again, for longer than any bound: no incident is open, every page is out, every end told.
    pub fn everything_ended(&self, now: Now) -> Judged {
        for (index, incident) in self.books.incidents.iter().enumerate() {
            let since = incident.stood_since;
            if self.waits_for_its_breaker(incident, now) {
                continue;
            }
            let text = || format!("#{} at {}, {:?} since {since}", index + 1, now.mono, incident.stand);
            hold!(!incident.open, "6 every incident ends", "{}", text());
        }
        hold!(self.books.calls.storm().is_none(), "7 resolve", "the storm is over, and its page was not resolved");
        let unresolved = pages::unresolved(&self.books);
        hold!(unresolved.is_none(), "7 resolve", "{unresolved:?} ended, and its page was not resolved");
        for (page, book) in &self.books.pages {
            let wanted: BTreeSet<_> = book.to.iter().cloned().collect();
            let out = wanted.is_subset(&book.delivered) && !book.delivered.is_empty();
            hold!(out, "7 delivered", "{page}: {:?} of {:?}", book.delivered, book.to);
        }
        let open = self.books.attempts.iter().position(|attempt| attempt.ended.is_none());
        hold!(open.is_none(), "3 intent and outcome", "attempt #{:?} has no end", open.map(|index| index + 1));
        hold!(self.outside.requests.is_empty(), "every command is answered once", "{:?}", self.outside.requests);
        Ok(())
    }
}
