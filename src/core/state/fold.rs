//! Which event moves which machine. Every fold names every event, so one that is forgotten does not compile.

use std::sync::Arc;

use super::{Boot, State};
use crate::core::detector::flapping::FlappingState;
use crate::core::event::reasons::BreakerReason;
use crate::core::event::{Event, Recorded};
use crate::core::gate::locks::KnownAs;
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::incident::{AttemptEnd, AttemptStarter, BreakerState, Intent, Opening, Outcome, ScopeEnd};
use crate::core::plan::Plan;
use crate::core::time::Mono;
use crate::playbook::ContentKey;

impl State {
    /// Folds one event, which must be the next one of the journal, into the state.
    pub fn apply(&mut self, recorded: &Arc<Recorded>) {
        let at = recorded.mono;
        self.seq = recorded.seq;
        self.clock = self.clock.max(at);
        self.incidents.tell(recorded);
        self.success.count(&recorded.event);
        match &recorded.event {
            Event::Started { boot_id, booted, .. } => self.boot = Boot { at: *booted, id: Some(Arc::clone(boot_id)) },
            Event::RecordsLost { first, last } => self.lose_records(*first, *last, at),
            Event::Adopted { content, name, source } => self.adopt(content, name, source),
            Event::Opened { incident: id, key, playbook, since, readings } => {
                self.contentions.opened(key, at);
                self.incidents.opened(&Opening { id: *id, key, playbook, since: *since, readings }, recorded);
            }
            Event::Denied { incident, denial } => self.incidents.denied(*incident, denial, at),
            Event::ShadowPlan { incident, .. } => self.plan_in_shadow(*incident, at),
            Event::Asked { incident, request } => self.incidents.asked(*incident, request),
            Event::FirstApproved { incident, generation, by, .. } => {
                self.incidents.first_approved(*incident, *generation, by);
            }
            Event::Approved { incident, generation, digest, by, .. } => {
                self.incidents.approved(*incident, *generation, digest, by);
            }
            Event::Withdrawn { incident, .. } => self.incidents.withdrawn(*incident),
            Event::Intent { incident, attempt, plan, starter } => {
                self.start_attempt(*incident, *attempt, plan, starter, at);
            }
            Event::AttemptFinished { incident, attempt, report } => {
                let end = AttemptEnd::Reported(Arc::clone(report));
                self.end_attempt(*incident, *attempt, end, report.scope_empty, at);
            }
            Event::Indeterminate { incident, attempt, scope_empty } => {
                self.end_attempt(*incident, *attempt, AttemptEnd::Indeterminate, *scope_empty, at);
            }
            Event::Verified { incident, attempt } => self.incidents.verified(*incident, *attempt, at),
            Event::NotVerified { incident, attempt, .. } => {
                self.locks.release(*incident);
                self.incidents.not_verified(*incident, *attempt);
            }
            Event::Closed { incident, outcome } => self.close(*incident, outcome, recorded),
            Event::Relapsed { incident, by } => self.relapse(*incident, *by),
            Event::Suspected { incident, of, .. } => self.suspect(*incident, *of, at),
            Event::Breaker { key, state, why, by } => self.change_breaker(key, state, why, by.is_some(), at),
            Event::Flapping { key, flaps, onsets, period_ms, .. } => {
                self.flapping.changed(key, *flaps, FlappingState { onsets: *onsets, period_ms: *period_ms });
            }

            Event::Armed { playbook, .. } => self.success.armed(playbook),
            // only told in an incident's story
            Event::ReadingChanged { .. } | Event::Notice { .. }
            // folded by the suppressions alone
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::Scheduled { .. }
            | Event::MaintenanceBegan { .. }
            | Event::MaintenanceEnded { .. }
            | Event::Snoozed { .. }
            | Event::Unsnoozed { .. }
            | Event::Disarmed { .. }
            // folded below
            | Event::Escalated { .. }
            | Event::Joined { .. }
            | Event::Announced { .. }
            | Event::Left { .. }
            | Event::Resolved { .. }
            | Event::EscalationWidened { .. }
            | Event::CalledAgain { .. }
            | Event::AckForwarded { .. }
            | Event::Delivered { .. }
            | Event::Acknowledged { .. } => {}
        }
        self.suppressions.apply(&recorded.event, at);
        self.apply_to_calls(&recorded.event, at);
    }

    /// What the lost records held is not known: each may have given out one number of every kind.
    fn lose_records(&mut self, first: u64, last: u64, at: Mono) {
        self.records_lost = Some(at);
        let count = last.saturating_add(1).saturating_sub(first).min(1 << 32);
        self.incidents.skip_numbers(count);
        self.escalations.skip_numbers(count);
        self.suppressions.skip_numbers(count);
    }

    fn adopt(&mut self, content: &ContentKey, name: &Arc<str>, source: &Arc<str>) {
        self.adopted.entry(content.clone()).or_insert_with(|| (Arc::clone(name), Arc::clone(source)));
    }

    fn plan_in_shadow(&mut self, id: IncidentId, at: Mono) {
        if let Some(incident) = self.incidents.shadow_planned(id) {
            self.success.shadow_planned(incident, at);
        }
    }

    fn start_attempt(
        &mut self,
        id: IncidentId,
        attempt: AttemptId,
        plan: &Arc<Plan>,
        starter: &AttemptStarter,
        at: Mono,
    ) {
        self.incidents.attempt_numbered(attempt);
        self.budget.attempt_started(at);
        let Some(key) = self.incidents.get(id).map(|incident| incident.key.clone()) else { return };
        let probe = self.breakers.attempt_started(&key, at);
        self.budget.attempt_on(&key.target, at);
        self.locks.attempt_started(attempt, id, &key.target);
        self.suppressions.attempt_started(&key.content);
        // the request was answered; who was told of it hears so
        if let Some(dedup) = self.incidents.attempt_started(id, Intent { attempt, plan, starter, probe }, at) {
            self.hand_over(id, &dedup);
        }
    }

    fn end_attempt(&mut self, id: IncidentId, attempt: AttemptId, end: AttemptEnd, scope_empty: bool, at: Mono) {
        let known_as = self.locks.attempt_ended(attempt, scope_empty);
        let Some(target) = self.incidents.get(id).map(|incident| incident.key.target.clone()) else { return };
        match known_as {
            KnownAs::Running => {
                let scope = if scope_empty { ScopeEnd::Empty } else { ScopeEnd::NotEmpty };
                self.incidents.attempt_ended(id, attempt, end, scope, at);
            }
            KnownAs::Quarantined if scope_empty => {
                if self.incidents.scope_emptied_late(id, attempt, at) {
                    self.locks.lock(&target, id);
                }
            }
            KnownAs::Quarantined | KnownAs::Over => {}
        }
        if !scope_empty {
            self.locks.quarantine(&target, attempt, id);
        }
    }

    fn close(&mut self, id: IncidentId, outcome: &Outcome, recorded: &Recorded) {
        self.locks.release(id);
        let Some((mut incident, calls)) = self.incidents.take(id) else { return };
        let incidents = &self.incidents;
        self.contentions.closed(&incident.key, recorded.mono, |other| incidents.is_open(other));
        for dedup in calls {
            self.hand_over(id, &dedup);
        }
        if let Some(last) = incident.last_attempt() {
            self.locks.forget(last.id);
        }
        self.success.closed(&mut incident, outcome, recorded);
        self.incidents.keep_closed(incident, outcome, recorded);
    }

    fn relapse(&mut self, former: IncidentId, by: IncidentId) {
        if let Some(incident) = self.incidents.get(by) {
            self.success.relapsed(&incident.key, former);
        }
    }

    fn suspect(&mut self, harmed: IncidentId, acting: IncidentId, at: Mono) {
        if let (Some(acting), Some(harmed)) = (self.incidents.find(acting), self.incidents.find(harmed)) {
            self.contentions.suspect(&acting.key, &harmed.key, at);
        }
    }

    fn change_breaker(&mut self, key: &Key, state: &BreakerState, why: &BreakerReason, by_operator: bool, at: Mono) {
        self.breakers.changed(key, state, why, at, by_operator);
        self.incidents.breaker_changed(key, state, !by_operator);
        if *state == BreakerState::Closed && by_operator {
            self.budget.reset(&key.target);
            self.contentions.forget(key);
        }
    }
}
