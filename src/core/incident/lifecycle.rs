//! An incident opens, and an incident ends.

use std::sync::Arc;

use super::{Outcome, Phase};
use crate::core::detector::DetectorState;
use crate::core::detector::reading::{Reading, Verdict};
use crate::core::event::Event;
use crate::core::event::reasons::WithdrawalReason;
use crate::core::id::{IncidentId, Key};
use crate::core::machine::{BlockedOn, Core};
use crate::core::time::Mono;
use crate::core::time::timers::Timer;

impl Core {
    pub(in crate::core) fn open(&mut self, key: &Key, since: Mono) {
        let readings = self.detector_readings(key);
        if let Some(id) = self.open_as(key, since, readings) {
            self.suspect(id, since);
            self.advance(id);
        }
    }

    /// Opens an incident and nothing more.
    pub(in crate::core) fn open_as(&mut self, key: &Key, since: Mono, readings: Vec<Reading>) -> Option<IncidentId> {
        let playbook = Arc::clone(&self.keys.get(key)?.playbook.name);
        let incident = self.state.incidents().next_id();
        self.timers.cancel(&Timer::Hold(key.clone()));
        if let Some(watched) = self.keys.get_mut(key) {
            watched.last = Some(incident);
        }
        self.record(Event::Opened { incident, key: key.clone(), playbook, since, readings });
        Some(incident)
    }

    /// It healed less than an hour ago, and now it needs an attempt or a human again: that was not a fix. Not so where
    /// an operator stopped it, or it clears by itself.
    pub(in crate::core) fn relapsed(&mut self, by: IncidentId, key: &Key) {
        if self.incident(by).is_none_or(|incident| !incident.attempts.is_empty() || incident.escalation.is_some()) {
            return;
        }
        let healing = self.state.success().last_healing(key);
        if let Some(healing) = healing.filter(|last| self.now.mono.since(last.mono) <= self.config.relapse) {
            let incident = healing.incident;
            self.record(Event::Relapsed { incident, by });
        }
    }

    /// Ends an incident: requests withdrawn, page resolved, watches and waits given up.
    pub(in crate::core) fn close(&mut self, id: IncidentId, outcome: &Outcome) {
        let Some(incident) = self.incident(id) else { return };
        let (key, blind) = (incident.key.clone(), incident.blind);
        if let Phase::Asking(request) = incident.phase()
            && !matches!(outcome, Outcome::Declined { .. })
        {
            let (generation, why) = (request.generation, WithdrawalReason::IncidentClosed);
            self.record(Event::Withdrawn { incident: id, generation, why });
        }
        self.end_probe(id);
        self.resolve(id);
        self.answer_manual(id, "the incident was closed");
        self.stop_recovery(id);
        self.unwatch_verifier(id);
        self.record(Event::Closed { incident: id, outcome: outcome.clone() });
        self.forget_survey(id);
        self.stop_waiting(id);
        self.timers.cancel(&Timer::Denied(id));
        self.live.remove(&id);
        self.after_close(id, &key, outcome, blind);
        self.wake_locked();
        self.wake(BlockedOn::Need);
    }

    fn after_close(&mut self, id: IncidentId, key: &Key, outcome: &Outcome, blind: bool) {
        self.rest_after(key, outcome);
        let Some(watched) = self.keys.get_mut(key) else { return };
        watched.holding = None;
        match outcome {
            Outcome::Declined { .. } | Outcome::ClosedByOperator { .. } => {
                watched.muted = matches!(watched.fault, DetectorState::Broken | DetectorState::Unknown);
            }
            // what could not be seen is seen: what ended the incident is what is true now
            Outcome::EscalatedThenCleared if blind => {}
            Outcome::Healed { .. } | Outcome::HealedByOperator { .. } | Outcome::EscalatedThenCleared => {
                watched.stale_before = self.now.mono;
                let mut dropped = false;
                for slot in &mut watched.detector {
                    dropped |= slot.take_if(|reading| reading.verdict != Verdict::DoesNotHold).is_some();
                }
                if dropped {
                    self.refresh(id, key);
                }
            }
            Outcome::SelfCleared | Outcome::ClearedUnverified | Outcome::Expired | Outcome::Superseded => {}
        }
        self.evaluate(key);
    }
}
