//! Is it over? Once something was attempted, or a human was called, the verifier alone says so.
//!
//! ```text
//!   at rest, detector clear --> every verifier holds --(for the soak)--> closed
//!                |                      |
//!                |                      +-- one fails, or the detector sees the fault again: it goes on
//!                +--> a verifier fails --> after an attempt, that is the fault: the next rung, the budget, the page
//!                           |
//!                           +-- only because one figure lies between the two limits: one page, no further attempt
//! ```
//! What cannot be seen neither begins nor breaks a recovery, and never completes one.

use std::sync::Arc;

use super::{Cause, Incident, Outcome, Phase, RequestAnswer, Trip, verification};
use crate::core::breaker::spent::LastAttempt;
use crate::core::detector::reading::{Reading, Verdict};
use crate::core::detector::{DetectorState, alike};
use crate::core::id::{CheckRole, IncidentId, Key};
use crate::core::machine::Core;
use crate::core::machine::effect::Cadence;
use crate::core::machine::input::Facts;
use crate::core::time::timers::Timer;
use crate::playbook::check::parts::Condition;
use crate::playbook::{Check, Playbook};

/// How an incident at rest stands by detector and verifier together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecoveryState {
    /// The detector is clear, and every verifier holds.
    Healthy,
    /// The detector sees the fault, or a verifier fails.
    Failing,
    /// Something has not been read, or cannot be.
    Unseen,
}

impl Core {
    /// Watches the verifier of an incident from now on, forgetting what it said before.
    pub(in crate::core) fn watch_verifier(&mut self, id: IncidentId, cadence: Cadence) {
        let Some(incident) = self.incident(id) else { return };
        let key = incident.key.clone();
        let count = self.book(&key.content).map_or(0, |playbook| playbook.verify.checks.len());
        let now = self.now.mono;
        let live = self.live(id);
        live.verifier = vec![None; count];
        live.verifier_from = now;
        live.cadence = Some(cadence);
        self.watch(&key, CheckRole::Verifier, cadence);
    }

    /// The same watch at another pace; what it said stays known.
    fn pace_verifier(&mut self, id: IncidentId, cadence: Cadence) {
        let Some(key) = self.incident(id).map(|incident| incident.key.clone()) else { return };
        if self.live(id).cadence.replace(cadence) != Some(cadence) {
            self.watch(&key, CheckRole::Verifier, cadence);
        }
    }

    /// Stops watching the incident's verifier and forgets its readings; does nothing where it is not watched.
    pub(in crate::core) fn unwatch_verifier(&mut self, id: IncidentId) {
        let Some(key) = self.incident(id).map(|incident| incident.key.clone()) else { return };
        let live = self.live(id);
        if live.cadence.take().is_some() {
            let count = std::mem::take(&mut live.verifier).len();
            self.unwatch(&key, CheckRole::Verifier, count);
        }
    }

    /// Every detector check says that the fault is gone: the end of what nobody touched, and a question to the verifier
    /// where something was attempted or called.
    pub(in crate::core) fn cleared(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let by_hand = self.live.get(&id).is_some_and(|live| live.manual.is_some()) && self.opened_by_hand(id);
        if !incident.rests() || by_hand {
            return;
        }
        if incident.ends_by_verifier() {
            if self.live(id).cadence.is_none() {
                self.watch_verifier(id, Cadence::Fast);
            }
            self.judge_recovery(id);
        } else {
            let outcome = ending(incident);
            if self.settled(id) {
                self.close(id, &outcome);
            }
        }
    }

    /// Something new was seen of an incident at rest that only its verifier ends.
    pub(in crate::core) fn judge_recovery(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id).filter(|incident| incident.rests() && incident.ends_by_verifier())
        else {
            return;
        };
        let fires = match incident.phase() {
            Phase::Firing => true,
            Phase::Escalated(cause) => cause.leaves_automation_on(),
            Phase::Held(_)
            | Phase::Asking(_)
            | Phase::Remediating(_)
            | Phase::Verifying { .. }
            | Phase::Soaking { .. }
            | Phase::Closed { .. } => false,
        };
        match self.standing_of(id) {
            RecoveryState::Healthy => self.recovers(id),
            RecoveryState::Failing => {
                let recovered = self.stop_recovery(id);
                self.pace_if_watched(id, Cadence::Steady);
                // nothing else wakes what was only waiting for the end of its soak
                if recovered && fires {
                    self.advance(id);
                }
            }
            RecoveryState::Unseen => {}
        }
    }

    /// Is the fault there, as far as can be seen?
    pub(in crate::core) fn is_failing(&self, id: IncidentId) -> bool {
        self.standing_of(id) == RecoveryState::Failing
    }

    fn standing_of(&self, id: IncidentId) -> RecoveryState {
        let fault = self.incident(id).and_then(|one| self.keys.get(&one.key)).map(|watched| watched.fault);
        let slots = self.live.get(&id).map_or(&[][..], |live| &live.verifier);
        let fails = slots.iter().flatten().any(|reading| reading.verdict == Verdict::DoesNotHold);
        match fault {
            Some(DetectorState::Broken) => RecoveryState::Failing,
            Some(DetectorState::Clear | DetectorState::Unknown | DetectorState::Waiting) | None if fails => {
                RecoveryState::Failing
            }
            Some(DetectorState::Clear) if self.all_hold(id) => RecoveryState::Healthy,
            Some(DetectorState::Clear | DetectorState::Unknown | DetectorState::Waiting) | None => {
                RecoveryState::Unseen
            }
        }
    }

    fn recovers(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let soak = verification::soak(incident, self.books.get(&incident.key.content));
        let now = self.now.mono;
        let live = self.live(id);
        live.unsure = None;
        let until = *live.recovering.get_or_insert(now) + soak;
        if until <= now {
            return self.recovered(id);
        }
        self.pace_if_watched(id, Cadence::Fast);
        self.timers.set(Timer::Recovery(id), until);
    }

    /// It has stayed so for the soak. The page of a fix that did help too often stays until its breaker is no longer
    /// open: the next fault would find nobody to mend it.
    fn recovered(&mut self, id: IncidentId) {
        self.timers.cancel(&Timer::Recovery(id));
        let Some(incident) = self.incident(id) else { return };
        if self.waits_for_its_breaker(incident) {
            return self.pace_if_watched(id, Cadence::Steady);
        }
        let outcome = ending(incident);
        self.close(id, &outcome);
    }

    fn waits_for_its_breaker(&self, incident: &Incident) -> bool {
        let cause = incident.escalation.as_ref().map(|escalation| &escalation.cause);
        let fixed = matches!(cause, Some(Cause::BreakerOpened { trip: Trip::Fixed { .. }, .. }));
        fixed && self.state.breakers().is_open(&incident.key)
    }

    /// No longer recovering; was it?
    pub(in crate::core) fn stop_recovery(&mut self, id: IncidentId) -> bool {
        self.timers.cancel(&Timer::Recovery(id));
        let now = self.now.mono;
        let Some(live) = self.live.get_mut(&id) else { return false };
        let recovered = live.recovering.take().is_some();
        if recovered {
            live.failing_since = Some(now);
        }
        recovered
    }

    fn pace_if_watched(&mut self, id: IncidentId, cadence: Cadence) {
        if self.live.get(&id).is_some_and(|live| live.cadence.is_some()) {
            self.pace_verifier(id, cadence);
        }
    }

    /// Its soak is over.
    pub(in crate::core) fn recovery_due(&mut self, id: IncidentId) {
        match self.standing_of(id) {
            RecoveryState::Healthy | RecoveryState::Failing => self.judge_recovery(id),
            RecoveryState::Unseen => {
                if let Some(key) = self.incident(id).map(|incident| incident.key.clone()) {
                    self.unsure(id, &key);
                }
            }
        }
    }

    /// A survey of what was attempted or called: the detector no longer sees the fault, so the verifier decides.
    pub(in crate::core) fn surveyed_clear(&mut self, id: IncidentId, key: &Key, facts: &Facts) {
        let Some(incident) = self.incident(id) else { return };
        let attempted = !incident.attempts.is_empty();
        let failing: Vec<(usize, &Reading)> =
            facts.verifier.iter().enumerate().filter(|(_, one)| one.verdict == Verdict::DoesNotHold).collect();
        let Some((_, first)) = failing.first() else { return self.await_recovery(id, key) };
        let playbook = self.book(&key.content);
        let dead = |index: usize| playbook.as_ref().is_some_and(|playbook| in_dead_band(playbook, index));
        if failing.iter().all(|(index, _)| dead(*index)) {
            self.escalate(id, Cause::DeadBand { seen: Arc::clone(&first.seen) });
        } else if attempted {
            self.gate(id, facts);
        }
    }

    /// Nothing is wrong that can be seen: it ends when that has lasted, and is looked at again where it cannot be seen.
    fn await_recovery(&mut self, id: IncidentId, key: &Key) {
        self.judge_recovery(id);
        let waits = self.live.get(&id).is_some_and(|live| live.recovering.is_none());
        if waits && self.incident(id).is_some() {
            self.unsure(id, key);
        }
    }

    /// Takes what a survey saw of the verifier. The watch of the verifier reports changes only: where the survey saw
    /// something else than the watch did, silence would not mean that it is still so, and the watch begins again.
    pub(in crate::core) fn absorb_verifier(&mut self, id: IncidentId, facts: &Facts) {
        let live = self.live(id);
        let (from, cadence) = (live.verifier_from, live.cadence);
        let agrees = |(slot, reading): (&Option<Reading>, &Reading)| {
            slot.as_ref().is_some_and(|known| alike(&known.verdict, &reading.verdict))
        };
        let agree = live.verifier.iter().zip(&facts.verifier).all(agrees);
        for (index, reading) in facts.verifier.iter().enumerate() {
            self.take_verifier(id, index, reading.clone(), from);
        }
        if let Some(cadence) = cadence.filter(|_| !agree)
            && let Some(key) = self.incident(id).map(|incident| incident.key.clone())
        {
            self.watch(&key, CheckRole::Verifier, cadence);
        }
    }

    /// The attempt that spent the budget did help: a human is called all the same, and the incident stays open.
    pub(in crate::core) fn fixed_too_often(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let Phase::Soaking { since, .. } = *incident.phase() else { return };
        let cause = self.spent(&incident.key.clone(), LastAttempt::Verified);
        self.timers.cancel(&Timer::Incident(id));
        self.escalate(id, cause);
        self.live(id).recovering = Some(since);
        self.pace_if_watched(id, Cadence::Steady);
        self.wake_locked();
    }
}

/// How an incident ends whose fault went away at rest.
pub(in crate::core) fn ending(incident: &Incident) -> Outcome {
    if incident.answer == RequestAnswer::Expired {
        Outcome::Expired
    } else if incident.escalation.is_some() {
        Outcome::EscalatedThenCleared
    } else if incident.attempts.is_empty() {
        Outcome::SelfCleared
    } else {
        Outcome::ClearedUnverified
    }
}

/// Does this verifier's check ask for nothing but figures that the detector asks for too, with other limits? Then it
/// may fail while the fault is gone, because the figure lies between the two.
fn in_dead_band(playbook: &Playbook, index: usize) -> bool {
    let Some(verifier) = playbook.verify.checks.get(index) else { return false };
    let figures = figures(verifier);
    let shared = |detector: &&Check| {
        let (one, other) = (detector.parts(), verifier.parts());
        detector.kind() == verifier.kind() && one.object == other.object && one.besides == other.besides
    };
    let known: Vec<&str> = playbook.detect.checks.iter().filter(shared).filter_map(self::figures).flatten().collect();
    figures.is_some_and(|figures| !figures.is_empty() && figures.iter().all(|key| known.contains(key)))
}

/// The keys of a check that only compares figures; none where it asks for anything else.
fn figures(check: &Check) -> Option<Vec<&'static str>> {
    let figure = |(key, condition): &(&'static str, Condition)| {
        matches!(condition, Condition::Bound(_) | Condition::Latency(_)).then_some(*key)
    };
    check.parts().conditions.iter().map(figure).collect()
}
