//! One attempt: its intent, its end, and what a crash left of it.

use std::sync::Arc;
use std::time::Duration;

use super::{Attempt, AttemptEnd, AttemptStarter, BreakerState, Cause, Incident, Phase};
use crate::core::breaker::Limits;
use crate::core::breaker::spent::LastAttempt;
use crate::core::event::Event;
use crate::core::event::reasons::{NotVerifiedReason, PageEndReason, ProbeFailure, WithdrawalReason};
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::machine::Core;
use crate::core::machine::effect::Effect;
use crate::core::plan::{AttemptReport, Plan};
use crate::core::time::timers::Timer;

/// How often a scope that could not be emptied is tried again.
const EMPTY_AGAIN: Duration = Duration::from_mins(1);

impl Core {
    /// The intent is recorded, which consumes the approval and counts against every budget; then it starts.
    pub(in crate::core) fn start(&mut self, id: IncidentId, plan: &Arc<Plan>, starter: &AttemptStarter) {
        let (Some(incident), Some(playbook)) = (self.incident(id), self.book_of(id)) else { return };
        let key = incident.key.clone();
        self.half_open(&key);
        self.stop_waiting(id);
        self.relapsed(id, &key);
        let attempt = self.state.incidents().next_attempt();
        let asked = self.live(id).manual.take();
        let announced = self.incident(id).and_then(|incident| incident.announced.clone());
        self.record(Event::Intent { incident: id, attempt, plan: Arc::clone(plan), starter: starter.clone() });
        if let Some(dedup) = announced {
            let why = match starter {
                AttemptStarter::Approved { by, .. } => PageEndReason::Approved { by: by.clone() },
                AttemptStarter::Manual { by } => PageEndReason::StartedManually { by: by.clone() },
                AttemptStarter::Auto | AttemptStarter::Probe => PageEndReason::StartedWithoutApproval,
            };
            self.leave_answered(id, &dedup, why);
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

    /// An attempt reported its end.
    pub(in crate::core) fn attempt_ended(&mut self, attempt: AttemptId, report: Arc<AttemptReport>) {
        let Some(id) = self.state.locks().running(attempt) else { return };
        let empty = report.scope_empty;
        self.record(Event::AttemptFinished { incident: id, attempt, report });
        self.after_end(id, attempt, empty);
    }

    /// The answer about a left-over scope.
    pub(in crate::core) fn scope_emptied(&mut self, attempt: AttemptId, empty: bool) {
        if let Some(id) = self.state.locks().running(attempt) {
            self.record(Event::Indeterminate { incident: id, attempt, scope_empty: empty });
            self.after_end(id, attempt, empty);
        } else if let Some(id) = self.state.locks().quarantined_by(attempt)
            && empty
        {
            self.withdraw(id, WithdrawalReason::AttemptUnverified);
            self.forget_survey(id);
            self.record(Event::Indeterminate { incident: id, attempt, scope_empty: true });
            self.timers.cancel(&Timer::Scope(attempt));
            if self
                .incident(id)
                .is_some_and(|one| matches!(one.phase(), Phase::Verifying { attempt: own, .. } if *own == attempt))
            {
                self.stop_waiting(id);
                self.answer_manual(id, "the last attempt must be verified first");
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
            self.reopen_after_probe(id, ProbeFailure::ScopeNotEmpty);
            self.timers.set(Timer::Scope(attempt), self.now.mono + EMPTY_AGAIN);
            self.supersede_if_unbound(id);
        }
        self.wake_locked();
    }

    /// Asks for an attempt's scope to be emptied, and asks again until that is answered with yes.
    pub(in crate::core) fn empty_scope(&mut self, attempt: AttemptId) {
        let quarantined = self.state.locks().quarantined_by(attempt).is_some();
        if quarantined || self.state.locks().running(attempt).is_some() {
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
    pub(in crate::core) fn must_not_repeat(&self, id: IncidentId) -> Option<AttemptId> {
        let last = self.incident(id)?.last_attempt()?;
        let playbook = self.book_of(id)?;
        (!may_run_again(last, &playbook)).then_some(last.id)
    }

    /// What follows an attempt that did not verify: the next rung through the whole gate, or a human.
    pub(in crate::core) fn after_failure(&mut self, id: IncidentId, why: NotVerifiedReason) {
        self.reopen_after_probe(id, ProbeFailure::NotVerified { why });
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
        } else if self.state.breakers().is_open(&key) {
            let cause = self.spent(&key, LastAttempt::NotVerified);
            self.escalate(id, cause);
        } else if enough {
            self.escalate(id, Cause::LadderSpent);
        }
        let was_reset = !enough && self.state.breakers().state(&key) == Some(&BreakerState::Closed);
        self.follow_failure(id, &key, was_reset);
    }

    /// `was_reset`: a human was called for the breaker, and an operator has closed it since.
    fn follow_failure(&mut self, id: IncidentId, key: &Key, was_reset: bool) {
        match self.incident(id).map(Incident::phase) {
            Some(Phase::Firing) => self.advance(id),
            Some(Phase::Escalated(Cause::BreakerOpened { .. })) if was_reset => self.advance(id),
            Some(Phase::Escalated(cause)) if cause.leaves_automation_on() => self.advance(id),
            Some(_) => self.refresh(id, key),
            None => {}
        }
    }
}

fn may_run_again(attempt: &Attempt, playbook: &crate::playbook::Playbook) -> bool {
    attempt.end != AttemptEnd::Indeterminate
        || playbook.remediate.get(attempt.plan.rung).is_some_and(|rung| rung.idempotent)
}
