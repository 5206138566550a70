//! One attempt: its intent, its end, and what a crash left of it.

use std::sync::Arc;
use std::time::Duration;

use super::breaker::{Breaker, Limits};
use super::effect::Effect;
use super::event::Event;
use super::id::{AttemptId, IncidentId, Key};
use super::incident::{AttemptStarter, BreakerState, Cause, Denial, Trip};
use super::machine::Core;
use super::plan::{AttemptReport, Plan};
use super::spent::LastAttempt;
use super::state::{Attempt, AttemptEnd, Step};
use super::timers::Timer;
use crate::playbook::BreakerLimits;
use crate::playbook::value::Period;

/// How often a scope that could not be emptied is tried again.
const EMPTY_AGAIN: Duration = Duration::from_mins(1);

/// For a playbook whose text can no longer be read.
pub(super) const LIMITS_UNKNOWN: Limits = Limits {
    attempts: 1,
    window: Duration::from_mins(10),
    times: BreakerLimits { cooldown: Period::from_secs(30 * 60), longest: Period::from_secs(4 * 3600), latch_after: 3 },
};

impl Core {
    /// The intent is recorded, which consumes the approval and counts against every budget; then it starts.
    pub(super) fn start(&mut self, id: IncidentId, plan: &Arc<Plan>, starter: &AttemptStarter) {
        let (Some(incident), Some(playbook)) = (self.incident(id), self.book_of(id)) else { return };
        let key = incident.key.clone();
        self.half_open(&key);
        self.stop_waiting(id);
        self.relapsed(id, &key);
        let attempt = AttemptId(self.state.last.attempt + 1);
        let asked = self.live(id).manual.take();
        let announced = self.incident(id).and_then(|incident| incident.announced.clone());
        self.record(Event::Intent { incident: id, attempt, plan: Arc::clone(plan), starter: starter.clone() });
        if let Some(dedup) = announced {
            let why = match starter {
                AttemptStarter::Approved { by, .. } => format!("{by} approved it: the attempt has started"),
                AttemptStarter::Manual { by } => format!("{by} runs it by hand"),
                AttemptStarter::Auto | AttemptStarter::Probe => "an attempt has started without an approval".to_owned(),
            };
            self.leave_answered(id, &dedup, &why);
        }
        self.timers.cancel(&Timer::Denied(id));
        let lost = Duration::from_millis(plan.timeout_ms) + self.config.attempt_grace;
        self.timers.set(Timer::Incident(id), self.now.mono + lost);
        self.out.push(Effect::Start { incident: id, attempt, key, playbook, plan: Arc::clone(plan) });
        if let Some((_, Some(request))) = asked {
            let number = self.incident(id).map_or(1, |incident| incident.attempts.len());
            self.reply(request, Ok(format!("incident {id}: attempt {number} started")));
        }
    }

    /// An open breaker whose cooldown is over is half-open.
    fn half_open(&mut self, key: &Key) {
        if let Some(BreakerState::Open { cooldown_ms, .. }) =
            self.state.breakers.get(key).map(|one| one.state().clone())
        {
            let state = BreakerState::HalfOpen { cooldown_ms };
            self.record(Event::Breaker { key: key.clone(), state, why: "the cooldown is over".into(), by: None });
        }
    }

    /// The cooldown's deadline.
    pub(super) fn breaker_cooled(&mut self, key: &Key) {
        let until = match self.state.breakers.get(key).map(super::breaker::Breaker::state) {
            Some(BreakerState::Open { until, .. }) => *until,
            _ => return,
        };
        if until > self.now.mono {
            return self.timers.set(Timer::Breaker(key.clone()), until);
        }
        self.half_open(key);
        if let Some(id) = self.state.by_key.get(key).copied() {
            self.judge_recovery(id);
            self.probe_if_half_open(id);
        }
    }

    /// An incident that was escalated because of its breaker gets its one probe.
    pub(super) fn probe_if_half_open(&mut self, id: IncidentId) {
        if self.incident(id).is_some() {
            self.live(id);
        }
        let Some(incident) = self.incident(id) else { return };
        let state = self.state.breakers.get(&incident.key).map(super::breaker::Breaker::state);
        let half = matches!(state, Some(BreakerState::HalfOpen { .. }));
        let stopped = matches!(
            incident.step,
            Step::Escalated(Cause::BreakerOpened { .. }) | Step::Held(Denial::BreakerOpen { .. })
        );
        if half && stopped {
            self.advance(id);
        }
    }

    /// An attempt reported its end.
    pub(super) fn attempt_ended(&mut self, attempt: AttemptId, report: Arc<AttemptReport>) {
        let Some(id) = self.state.running.get(&attempt).copied() else { return };
        let empty = report.scope_empty;
        self.record(Event::AttemptFinished { incident: id, attempt, report });
        self.after_end(id, attempt, empty);
    }

    /// The answer about a left-over scope.
    pub(super) fn scope_emptied(&mut self, attempt: AttemptId, empty: bool) {
        if let Some(id) = self.state.running.get(&attempt).copied() {
            self.record(Event::Indeterminate { incident: id, attempt, scope_empty: empty });
            self.after_end(id, attempt, empty);
        } else if let Some((_, id)) = self.state.quarantine.values().find(|(held, _)| *held == attempt).copied()
            && empty
        {
            self.withdraw(id, "its last attempt is verified first");
            self.forget_survey(id);
            self.record(Event::Indeterminate { incident: id, attempt, scope_empty: true });
            self.timers.cancel(&Timer::Scope(attempt));
            if self
                .incident(id)
                .is_some_and(|one| matches!(one.step, Step::Verifying { attempt: own, .. } if own == attempt))
            {
                self.stop_waiting(id);
                self.answer_manual(id, "its last attempt is verified first");
                if let Some(key) = self.incident(id).map(|one| one.key.clone())
                    && let Some(watched) = self.keys.get_mut(&key)
                {
                    watched.stale_before = self.now.mono;
                }
                self.begin_verifying(id);
            }
            self.wake_locked();
        }
    }

    fn after_end(&mut self, id: IncidentId, attempt: AttemptId, empty: bool) {
        self.timers.cancel(&Timer::Scope(attempt));
        self.timers.cancel(&Timer::Incident(id));
        if let Some(watched) =
            self.incident(id).map(|incident| incident.key.clone()).and_then(|key| self.keys.get_mut(&key))
        {
            watched.stale_before = self.now.mono;
        }
        if empty {
            self.trip(id);
            self.begin_verifying(id);
        } else {
            self.escalate(id, Cause::ScopeNotEmpty { attempt });
            self.trip(id);
            self.reopen_after_probe(id, "its processes could not be ended");
            self.timers.set(Timer::Scope(attempt), self.now.mono + EMPTY_AGAIN);
            self.supersede_if_unbound(id);
        }
        self.wake_locked();
    }

    /// The attempt that reached the limit opens the breaker, even if it heals; a human is called once that is known.
    fn trip(&mut self, id: IncidentId) {
        let (Some(incident), Some(playbook)) = (self.incident(id), self.book_of(id)) else { return };
        let (key, limits, now) = (incident.key.clone(), Limits::of(&playbook), self.now);
        let shared = self.state.shared_attempts(&key.target);
        let Some(breaker) = self.state.breakers.get(&key).filter(|breaker| breaker.spent(now.mono, limits, shared))
        else {
            return;
        };
        let state = breaker.opening(now, limits, shared);
        self.set_breaker(&key, state, "its attempts are spent");
    }

    /// The gate met an open breaker: one that was spent without an incident opens now; a human is called.
    pub(super) fn breaker_denied(&mut self, id: IncidentId) {
        let (Some(incident), Some(playbook)) = (self.incident(id), self.book_of(id)) else { return };
        let (key, limits, now) = (incident.key.clone(), Limits::of(&playbook), self.now);
        let shared = self.state.shared_attempts(&key.target);
        let fresh = Breaker::default();
        let breaker = self.state.breakers.get(&key).unwrap_or(&fresh);
        match breaker.state() {
            BreakerState::Closed => {
                let state = breaker.opening(now, limits, shared);
                self.set_breaker(&key, state, "its attempts are spent");
            }
            BreakerState::HalfOpen { .. } => {
                let until = match breaker.admits(now.mono, limits, shared) {
                    super::breaker::Admission::Denied { until } => until,
                    super::breaker::Admission::Pass | super::breaker::Admission::Probe => Some(now.mono),
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

    pub(super) fn set_breaker(&mut self, key: &Key, state: BreakerState, why: &str) {
        if let BreakerState::Open { until, .. } = &state {
            self.timers.set(Timer::Breaker(key.clone()), *until);
        } else {
            self.timers.cancel(&Timer::Breaker(key.clone()));
        }
        self.record(Event::Breaker { key: key.clone(), state, why: why.into(), by: None });
    }

    /// A probe that did anything but heal opens the breaker again, and calls a human.
    pub(super) fn reopen_after_probe(&mut self, id: IncidentId, why: &str) {
        if let Some(key) = self.reopen(id, why) {
            let cause = self.breaker_cause(&key, Trip::Probe);
            self.escalate(id, cause);
        }
    }

    /// An incident that ends while its probe is on trial: the probe did not heal.
    pub(super) fn end_probe(&mut self, id: IncidentId) {
        if self.incident(id).is_some_and(|incident| !incident.rests()) {
            self.reopen(id, "its incident was closed before");
        }
    }

    /// Opens the breaker again if the incident's last attempt is a probe on trial, and says whose it is.
    fn reopen(&mut self, id: IncidentId, why: &str) -> Option<Key> {
        let incident = self.incident(id)?;
        let key = incident.key.clone();
        let probe = incident.last_attempt().is_some_and(|attempt| attempt.probe);
        let limits = self.book(&key.content).map_or(LIMITS_UNKNOWN, |playbook| Limits::of(&playbook));
        let on_trial = |breaker: &&Breaker| probe && matches!(breaker.state(), BreakerState::HalfOpen { .. });
        let shared = self.state.shared_attempts(&key.target);
        let state = self.state.breakers.get(&key).filter(on_trial)?.opening(self.now, limits, shared);
        self.set_breaker(&key, state, &format!("its probe did not heal: {why}"));
        Some(key)
    }

    /// Asks for an attempt's scope to be emptied, and asks again until that is answered with yes.
    pub(super) fn empty_scope(&mut self, attempt: AttemptId) {
        let quarantined = self.state.quarantine.values().any(|(held, _)| *held == attempt);
        if quarantined || self.state.running.contains_key(&attempt) {
            self.out.push(Effect::EmptyScope { attempt });
            self.timers.set(Timer::Scope(attempt), self.now.mono + EMPTY_AGAIN);
        }
    }

    /// Its playbook went out of force while its attempt ran, and now that is over.
    fn supersede_if_unbound(&mut self, id: IncidentId) -> bool {
        let gone = self.incident(id).is_some_and(|one| one.rests() && !self.keys.contains_key(&one.key));
        if gone && self.loaded {
            self.unbound(id);
        }
        gone && self.loaded
    }

    /// After a crash left this incident's last outcome unknown, its rung is not run again unless it is idempotent.
    /// Neither a reset nor a probe is a yes to it.
    pub(super) fn must_not_repeat(&self, id: IncidentId) -> Option<AttemptId> {
        let last = self.incident(id)?.last_attempt()?;
        let playbook = self.book_of(id)?;
        (!may_run_again(last, &playbook)).then_some(last.id)
    }

    /// What follows an attempt that did not verify: the next rung through the whole gate, or a human.
    pub(super) fn after_failure(&mut self, id: IncidentId, why: &str) {
        self.reopen_after_probe(id, why);
        if self.supersede_if_unbound(id) {
            return;
        }
        let (Some(incident), Some(playbook)) = (self.incident(id), self.book_of(id)) else { return };
        let limits = Limits::of(&playbook);
        let key = incident.key.clone();
        let Some(attempt) = incident.last_attempt() else { return };
        let enough =
            usize::try_from(incident.failed).unwrap_or(usize::MAX) >= limits.attempts.max(playbook.remediate.len());
        if !may_run_again(attempt, &playbook) {
            let attempt = attempt.id;
            self.escalate(id, Cause::Indeterminate { attempt });
        } else if self
            .state
            .breakers
            .get(&key)
            .is_some_and(|one| matches!(one.state(), BreakerState::Open { .. } | BreakerState::Latched { .. }))
        {
            let cause = self.spent(&key, LastAttempt::NotVerified);
            self.escalate(id, cause);
        } else if enough {
            self.escalate(id, Cause::LadderSpent);
        }
        let was_reset =
            !enough && self.state.breakers.get(&key).is_some_and(|one| *one.state() == BreakerState::Closed);
        self.follow_failure(id, &key, was_reset);
    }

    /// `was_reset`: a human was called for the breaker, and an operator has closed it since.
    fn follow_failure(&mut self, id: IncidentId, key: &Key, was_reset: bool) {
        match self.incident(id).map(|incident| &incident.step) {
            Some(Step::Firing) => self.advance(id),
            Some(Step::Escalated(Cause::BreakerOpened { .. })) if was_reset => self.advance(id),
            Some(Step::Escalated(cause)) if cause.leaves_automation_on() => self.advance(id),
            Some(_) => self.refresh(id, key),
            None => {}
        }
    }
}

fn may_run_again(attempt: &Attempt, playbook: &crate::playbook::Playbook) -> bool {
    attempt.end != AttemptEnd::Indeterminate
        || playbook.remediate.get(attempt.plan.rung).is_some_and(|rung| rung.idempotent)
}
