//! The fold: one event changes the durable state, in the same way live and in a replay. Nothing is decided here.

mod closing;

use std::sync::Arc;
use std::time::Duration;

use super::event::{Event, Recorded};
use super::id::{AttemptId, IncidentId, Key};
use super::incident::BreakerState;
use super::reading::Verdict as Seen;
use super::state::{Attempt, AttemptEnd, Budget, Incident, KEPT_SAWS, KEPT_STORY, RequestAnswer, State, Step};
use super::time::Mono;
use crate::playbook::Target;

mod decisions;
mod pages;

/// How long a healing is remembered for the recurring list.
pub const RECURRING_SPAN: Duration = Duration::from_hours(7 * 24);
/// More healings than this in that span want a real fix.
pub const RECURRING_LIMIT: usize = 5;

impl State {
    /// Folds one event, which must be the next one of the journal, into the state.
    pub fn apply(&mut self, recorded: &Arc<Recorded>) {
        self.seq = recorded.seq;
        self.clock = self.clock.max(recorded.mono);
        self.tell(recorded);
        self.totals.count(&recorded.event);
        match &recorded.event {
            Event::Started { boot_id, booted, .. } => {
                self.boot_id = Some(Arc::clone(boot_id));
                self.booted = *booted;
            }
            Event::RecordsLost { first, last } => self.lose_records(*first, *last, recorded.mono),
            Event::Adopted { content, name, source } => {
                self.adopted.entry(content.clone()).or_insert_with(|| (Arc::clone(name), Arc::clone(source)));
            }
            Event::Opened { .. } => self.open_incident(recorded),
            Event::Closed { incident, outcome } => self.close(*incident, outcome, recorded),
            Event::Relapsed { incident, by } => self.relapse(*incident, *by),
            Event::Intent { .. } => self.intend(recorded),
            Event::AttemptFinished { .. } | Event::Indeterminate { .. } => self.end_attempt(recorded),
            Event::Verified { incident, attempt } => self.verified(*incident, *attempt, recorded.mono),
            Event::NotVerified { incident, attempt, .. } => self.not_verified(*incident, *attempt),
            Event::Suspected { incident, of, .. } => self.suspect(*incident, *of, recorded.mono),
            Event::Escalated { .. }
            | Event::Joined { .. }
            | Event::Announced { .. }
            | Event::Left { .. }
            | Event::EscalationWidened { .. }
            | Event::CalledAgain { .. }
            | Event::AckForwarded { .. }
            | Event::Resolved { .. }
            | Event::Delivered { .. } => self.page(recorded),
            Event::Breaker { key, state, why, by } => {
                let breaker = self.breakers.entry(key.clone()).or_default();
                breaker.become_(state, why, recorded.mono, by.is_some());
                self.spend(key, state, by.is_none());
                if *state == BreakerState::Closed && by.is_some() {
                    self.forgive(key);
                    self.attempts_on.remove(&key.target);
                    self.contention.forget(key);
                }
            }
            _ => self.operate(recorded),
        }
    }

    /// What the lost records held is not known: each may have given out one number of every kind.
    fn lose_records(&mut self, first: u64, last: u64, at: Mono) {
        self.records_lost = Some(at);
        let count = last.saturating_add(1).saturating_sub(first).min(1 << 32);
        for number in [&mut self.last.incident, &mut self.last.attempt, &mut self.last.page, &mut self.last.maintenance]
        {
            *number += count;
        }
    }

    /// Adds the event to its incident's story.
    fn tell(&mut self, recorded: &Arc<Recorded>) {
        let Some(incident) = recorded.event.incident().and_then(|id| self.open.get_mut(&id)) else { return };
        if matches!(recorded.event, Event::ReadingChanged { .. }) {
            incident.saws += 1;
            if incident.saws > KEPT_SAWS {
                return;
            }
        }
        if incident.story.len() < KEPT_STORY {
            incident.story.push(Arc::clone(recorded));
        }
    }

    fn open_incident(&mut self, recorded: &Arc<Recorded>) {
        let Event::Opened { incident: id, key, playbook, since, readings } = &recorded.event else { return };
        self.last.incident = self.last.incident.max(id.0);
        self.by_key.insert(key.clone(), *id);
        self.contention.opened(key, recorded.mono);
        let blind = !readings.is_empty()
            && readings.iter().all(|reading| reading.verdict != Seen::Holds)
            && readings.iter().any(|reading| matches!(reading.verdict, Seen::Unknown(_)));
        self.open.insert(
            *id,
            Incident {
                id: *id,
                key: key.clone(),
                playbook: Arc::clone(playbook),
                since: *since,
                opened: recorded.mono,
                wall: recorded.wall,
                blind,
                step: Step::Firing,
                attempts: Vec::new(),
                tried: 0,
                failed: 0,
                budget: Budget::Left,
                escalation: None,
                announced: None,
                denied_since: None,
                generation: 0,
                yes: None,
                answer: RequestAnswer::Open,
                acknowledged: None,
                shadowed: false,
                place: None,
                story: vec![Arc::clone(recorded)],
                saws: 0,
            },
        );
    }

    fn intend(&mut self, recorded: &Arc<Recorded>) {
        let Event::Intent { incident: id, attempt, plan, starter } = &recorded.event else { return };
        self.last.attempt = self.last.attempt.max(attempt.0);
        self.host.push(recorded.mono);
        let Some(incident) = self.open.get_mut(id) else { return };
        let breaker = self.breakers.entry(incident.key.clone()).or_default();
        let probe = matches!(breaker.state(), BreakerState::HalfOpen { .. });
        breaker.invoke(recorded.mono);
        if shares_budget(&incident.key.target) {
            self.attempts_on.entry(incident.key.target.clone()).or_default().push(recorded.mono);
        }
        self.running.insert(*attempt, *id);
        self.locks.insert(incident.key.target.clone(), *id);
        self.lived.insert(incident.key.content.clone());
        incident.yes = None;
        incident.denied_since = None;
        incident.attempts.push(Attempt {
            id: *attempt,
            plan: Arc::clone(plan),
            starter: starter.clone(),
            started: recorded.mono,
            probe,
            after_page: incident.escalation.is_some(),
            verified: false,
            ended: None,
            end: AttemptEnd::Runs,
        });
        incident.step = Step::Remediating(*attempt);
        // the request was answered; who was told of it hears so
        if let Some(dedup) = incident.announced.take() {
            self.hand_over(*id, &dedup);
        }
    }

    fn suspect(&mut self, harmed: IncidentId, acting: IncidentId, at: Mono) {
        let of = |id: IncidentId| {
            let closed = || self.closed.iter().rev().find(|incident| incident.id == id).map(|incident| &incident.key);
            self.open.get(&id).map(|incident| &incident.key).or_else(closed).cloned()
        };
        if let (Some(acting), Some(harmed)) = (of(acting), of(harmed)) {
            self.contention.suspect(&acting, &harmed, at);
        }
    }

    fn end_attempt(&mut self, recorded: &Arc<Recorded>) {
        let (id, attempt, end, empty) = match &recorded.event {
            Event::AttemptFinished { incident, attempt, report } => {
                (*incident, *attempt, AttemptEnd::Reported(Arc::clone(report)), report.scope_empty)
            }
            Event::Indeterminate { incident, attempt, scope_empty } => {
                (*incident, *attempt, AttemptEnd::Indeterminate, *scope_empty)
            }
            _ => return,
        };
        let held = self.quarantine.values().any(|(held, _)| *held == attempt);
        if empty {
            self.quarantine.retain(|_, (held, _)| *held != attempt);
        }
        let live = self.running.remove(&attempt).is_some();
        let Some(incident) = self.open.get_mut(&id) else { return };
        let target = incident.key.target.clone();
        if live {
            if let Some(own) = incident.attempts.iter_mut().rev().find(|own| own.id == attempt) {
                own.end = end;
                own.ended = Some(recorded.mono);
            }
            incident.step = if empty { Step::Verifying { attempt, since: recorded.mono } } else { incident.resting() };
        }
        let waits = incident.rests() && incident.attempts.last().is_some_and(|last| last.id == attempt);
        if !live && held && empty && waits {
            // Its scope is empty at last: what it did is looked at before anything else is tried.
            incident.yes = None;
            incident.step = Step::Verifying { attempt, since: recorded.mono };
            self.locks.insert(target.clone(), id);
        }
        if !empty {
            self.quarantine.insert(target.clone(), (attempt, id));
            self.unlock(id);
        }
    }

    fn verified(&mut self, id: IncidentId, attempt: AttemptId, at: Mono) {
        if let Some(incident) = self.open.get_mut(&id) {
            let clean = match incident.step {
                Step::Verifying { since, .. } => since,
                _ => at,
            };
            incident.step = Step::Soaking { attempt, since: at, clean };
            incident.judge_attempt(attempt, true);
        }
    }

    fn not_verified(&mut self, id: IncidentId, attempt: AttemptId) {
        self.unlock(id);
        let Some(incident) = self.open.get_mut(&id) else { return };
        let rerun = incident.attempt(attempt).is_some_and(|attempt| attempt.end == AttemptEnd::Indeterminate);
        incident.tried += usize::from(!rerun);
        incident.failed = incident.failed.saturating_add(1);
        incident.judge_attempt(attempt, false);
        incident.step = incident.resting();
    }

    /// A breaker that opens by itself while an attempt is judged was opened by that attempt.
    fn spend(&mut self, key: &Key, state: &BreakerState, by_itself: bool) {
        let Some(incident) = self.by_key.get(key).and_then(|id| self.open.get_mut(id)) else { return };
        let opens = matches!(state, BreakerState::Open { .. } | BreakerState::Latched { .. });
        let spent = opens && by_itself && !incident.rests();
        incident.budget = if spent { Budget::Spent } else { Budget::Left };
    }

    fn unlock(&mut self, id: IncidentId) {
        self.locks.retain(|_, by| *by != id);
    }

    fn forgive(&mut self, key: &Key) {
        if let Some(incident) = self.by_key.get(key).and_then(|id| self.open.get_mut(id)) {
            incident.failed = 0;
        }
    }
}

/// Attempts on the life of one thing count together, whichever playbook makes them. What cleans or mends a place has
/// many reasons, each with a budget of its own.
pub fn shares_budget(target: &Target) -> bool {
    match target {
        Target::Unit(_) | Target::Process(_) | Target::Container(_) => true,
        Target::Mount(_) | Target::Path(_) | Target::Url(_) | Target::Address(_) | Target::Link(_) | Target::Host => {
            false
        }
    }
}
