//! What the machine does when a deadline is reached.

use super::Core;
use crate::core::id::IncidentId;
use crate::core::incident::Phase;
use crate::core::time::timers::Timer;

impl Core {
    pub(super) fn run_due(&mut self) {
        while let Some(timer) = self.timers.due(self.now.mono) {
            match timer {
                Timer::Pause(scope) => self.resume(scope, None),
                Timer::Maintenance(window) => self.window_due(window),
                Timer::Snooze(key) => self.unsnooze(&key, None),
                Timer::Breaker(key) => self.breaker_cooled(&key),
                Timer::Hold(key) | Timer::Blind(key) | Timer::Alternation(key) | Timer::Settle(key) => {
                    self.evaluate(&key);
                }
                Timer::Look(key) => self.look_until_agreed(&key, true),
                Timer::Incident(id) => self.step_due(id),
                Timer::Denied(id) => self.denial_due(id),
                Timer::Recovery(id) => self.recovery_due(id),
                Timer::Storm => self.end_storm_if_over(),
                Timer::Silence => self.silence_lasts(),
                Timer::Unanswered(page, channel) => self.unanswered(page, &channel),
                Timer::Again(page) => self.still_unfixed(page),
                Timer::Scope(attempt) => self.empty_scope(attempt),
            }
        }
    }

    /// An incident's own deadline has come.
    fn step_due(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents().get(id) else { return };
        match incident.phase() {
            Phase::Firing | Phase::Held(_) | Phase::Escalated(_) => {
                self.forget_survey(id);
                self.advance(id);
            }
            Phase::Asking(request) => {
                let expires = request.expires;
                self.forget_survey(id);
                if expires <= self.now.mono {
                    self.expire(id);
                } else {
                    self.timers.set(Timer::Incident(id), expires);
                }
            }
            Phase::Remediating(attempt) => self.empty_scope(*attempt),
            Phase::Verifying { .. } => self.verify_over(id),
            Phase::Soaking { .. } => self.soak_over(id),
            Phase::Closed { .. } => {}
        }
    }
}
