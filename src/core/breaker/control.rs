//! Opens, half-opens and reopens the breaker of a key as its attempts are spent, its cooldown ends and its probe is
//! judged.

use crate::core::breaker::{Admission, Limits};
use crate::core::event::Event;
use crate::core::event::reasons::{BreakerReason, ProbeFailure};
use crate::core::id::{IncidentId, Key};
use crate::core::incident::{BreakerState, Cause, Denial, Phase, Trip};
use crate::core::machine::Core;
use crate::core::time::timers::Timer;

impl Core {
    /// An open breaker whose cooldown is over is half-open.
    pub(in crate::core) fn half_open(&mut self, key: &Key) {
        if let Some(BreakerState::Open { cooldown_ms, .. }) = self.state.breakers().state(key).cloned() {
            let state = BreakerState::HalfOpen { cooldown_ms };
            self.record(Event::Breaker { key: key.clone(), state, why: BreakerReason::CooldownOver, by: None });
        }
    }

    /// The breaker's cooldown is over: it is half-open, and an incident that waits for it gets its probe.
    pub(in crate::core) fn breaker_cooled(&mut self, key: &Key) {
        let until = match self.state.breakers().state(key) {
            Some(BreakerState::Open { until, .. }) => *until,
            _ => return,
        };
        if until > self.now.mono {
            return self.timers.set(Timer::Breaker(key.clone()), until);
        }
        self.half_open(key);
        if let Some(id) = self.state.incidents().id_of(key) {
            self.judge_recovery(id);
            self.probe_if_half_open(id);
        }
    }

    /// An incident that was escalated because of its breaker gets its one probe.
    pub(in crate::core) fn probe_if_half_open(&mut self, id: IncidentId) {
        if self.incident(id).is_some() {
            self.live(id);
        }
        let Some(incident) = self.incident(id) else { return };
        let half = self.state.breakers().is_half_open(&incident.key);
        let stopped = matches!(
            incident.phase(),
            Phase::Escalated(Cause::BreakerOpened { .. }) | Phase::Held(Denial::BreakerOpen { .. })
        );
        if half && stopped {
            self.advance(id);
        }
    }

    /// The attempt that reached the limit opens the breaker, even if it heals; a human is called once that is known.
    pub(in crate::core) fn trip(&mut self, id: IncidentId) {
        let (Some(incident), Some(playbook)) = (self.incident(id), self.book_of(id)) else { return };
        let (key, limits, now) = (incident.key.clone(), Limits::of(&playbook), self.now);
        let shared = self.state.budget().shared(&key.target);
        if self.state.breakers().is_spent(&key, now.mono, limits, shared) {
            let state = self.state.breakers().opening(&key, now, limits, shared);
            self.set_breaker(&key, state, BreakerReason::AttemptsSpent);
        }
    }

    /// The gate met an open breaker: one that was spent without an incident opens now; a human is called.
    pub(in crate::core) fn breaker_denied(&mut self, id: IncidentId) {
        let (Some(incident), Some(playbook)) = (self.incident(id), self.book_of(id)) else { return };
        let (key, limits, now) = (incident.key.clone(), Limits::of(&playbook), self.now);
        let shared = self.state.budget().shared(&key.target);
        let breakers = self.state.breakers();
        match breakers.state(&key).unwrap_or(&BreakerState::Closed) {
            BreakerState::Closed => {
                let state = breakers.opening(&key, now, limits, shared);
                self.set_breaker(&key, state, BreakerReason::AttemptsSpent);
            }
            BreakerState::HalfOpen { .. } => {
                let until = match breakers.admits(&key, now.mono, limits, shared) {
                    Admission::Denied { until } => until,
                    Admission::Pass | Admission::Probe => Some(now.mono),
                };
                if let Some(until) = until {
                    self.timers.set(Timer::Incident(id), until);
                }
            }
            BreakerState::Open { .. } | BreakerState::Latched { .. } => {}
        }
        let cause = self.breaker_cause(&key, Trip::AlreadyOpen);
        self.escalate(id, cause);
    }

    pub(in crate::core) fn set_breaker(&mut self, key: &Key, state: BreakerState, why: BreakerReason) {
        if let BreakerState::Open { until, .. } = &state {
            self.timers.set(Timer::Breaker(key.clone()), *until);
        } else {
            self.timers.cancel(&Timer::Breaker(key.clone()));
        }
        self.record(Event::Breaker { key: key.clone(), state, why, by: None });
    }

    /// A probe that did anything but heal opens the breaker again, and calls a human.
    pub(in crate::core) fn reopen_after_probe(&mut self, id: IncidentId, failure: ProbeFailure) {
        if let Some(key) = self.reopen(id, failure) {
            let cause = self.breaker_cause(&key, Trip::Probe);
            self.escalate(id, cause);
        }
    }

    /// An incident that ends while its probe is on trial: the probe did not heal.
    pub(in crate::core) fn end_probe(&mut self, id: IncidentId) {
        if self.incident(id).is_some_and(|incident| !incident.rests()) {
            self.reopen(id, ProbeFailure::IncidentClosed);
        }
    }

    /// Opens the breaker again if the incident's last attempt is a probe on trial, and says whose it is.
    fn reopen(&mut self, id: IncidentId, failure: ProbeFailure) -> Option<Key> {
        let incident = self.incident(id)?;
        let key = incident.key.clone();
        let probe = incident.last_attempt().is_some_and(|attempt| attempt.probe);
        let limits = self.book(&key.content).map_or(Limits::UNKNOWN, |playbook| Limits::of(&playbook));
        if !probe || !self.state.breakers().is_half_open(&key) {
            return None;
        }
        let shared = self.state.budget().shared(&key.target);
        let state = self.state.breakers().opening(&key, self.now, limits, shared);
        self.set_breaker(&key, state, BreakerReason::ProbeFailed { failure });
        Some(key)
    }
}
