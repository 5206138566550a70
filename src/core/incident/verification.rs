//! Verification: only readings that began after the attempt's scope was empty say whether it helped.

use std::sync::Arc;
use std::time::Duration;

use super::{AttemptEnd, AttemptStarter, BreakerState, Budget, Incident, Outcome, Phase};
use crate::core::detector::alike;
use crate::core::detector::reading::{Reading, Verdict};
use crate::core::event::Event;
use crate::core::event::reasons::{BreakerReason, NotVerifiedReason};
use crate::core::id::{CheckRole, IncidentId, WatchId};
use crate::core::machine::Core;
use crate::core::machine::effect::Cadence;
use crate::core::plan::StepResult;
use crate::core::time::Mono;
use crate::core::time::timers::Timer;
use crate::playbook::Playbook;

/// Where a playbook's text can no longer be read, its attempts are verified for so long.
const WITHIN_UNKNOWN: Duration = Duration::from_mins(1);
/// What a job of salve's started shows as started at the latest so long after the attempt's end.
const JUST_STARTED: Duration = Duration::from_secs(2);
/// The soak of what calls a human, where the playbook has none.
const CALLED_SOAK: Duration = Duration::from_secs(30);

impl Core {
    /// The scope is empty: the verifier's checks are watched from now on, and only what they see from now on counts.
    pub(in crate::core) fn begin_verifying(&mut self, id: IncidentId) {
        self.stop_recovery(id);
        self.watch_verifier(id, Cadence::Fast);
        self.set_verify_timer(id);
    }

    /// After a start: what was being verified is read again with its whole deadline, because reading is harmless.
    pub(in crate::core) fn verify_again(&mut self, id: IncidentId) {
        self.begin_verifying(id);
    }

    fn set_verify_timer(&mut self, id: IncidentId) {
        if let Some(at) = self.incident(id).and_then(|incident| self.deadline(incident)) {
            self.timers.set(Timer::Incident(id), at);
        }
    }

    /// When the incident's phase is over: verification, soak or request.
    #[must_use]
    pub(crate) fn deadline(&self, incident: &Incident) -> Option<Mono> {
        let playbook = self.books.get(&incident.key.content);
        match incident.phase() {
            Phase::Asking(request) => Some(request.expires),
            Phase::Verifying { since, .. } => Some((*since).max(self.resumed) + within(playbook)),
            Phase::Soaking { since, .. } => {
                Some(*since + soak(incident, playbook).max(self.flapping_soak(&incident.key)))
            }
            Phase::Firing | Phase::Held(_) | Phase::Remediating(_) | Phase::Escalated(_) | Phase::Closed { .. } => None,
        }
    }

    /// One reading of a verifier's check.
    pub(in crate::core) fn read_verifier(&mut self, watch: &WatchId, reading: Reading) {
        let Some(incident) = self.state.incident_of(&watch.key) else { return };
        let (id, rests) = (incident.id, incident.rests());
        let clean = match *incident.phase() {
            Phase::Verifying { since, .. } => since,
            Phase::Soaking { clean, .. } => clean,
            Phase::Firing | Phase::Held(_) | Phase::Asking(_) | Phase::Escalated(_) => self.live(id).verifier_from,
            Phase::Remediating(_) | Phase::Closed { .. } => return,
        };
        if !self.take_verifier(id, watch.index, reading, clean) {
            return;
        }
        if rests {
            self.judge_recovery(id);
        } else {
            self.judge_verifier(id);
        }
    }

    /// Keeps a verifier's reading, unless it began too early; says whether it counts.
    pub(in crate::core) fn take_verifier(
        &mut self,
        id: IncidentId,
        index: usize,
        reading: Reading,
        clean: Mono,
    ) -> bool {
        let Some(slot) = self.live(id).verifier.get_mut(index) else { return false };
        if reading.began < clean || slot.as_ref().is_some_and(|former| reading.began < former.began) {
            return false;
        }
        let changed = slot.as_ref().is_none_or(|former| !alike(&former.verdict, &reading.verdict));
        *slot = Some(reading.clone());
        if changed && self.incident(id).is_some_and(Incident::records_readings) {
            self.record(Event::ReadingChanged { incident: id, role: CheckRole::Verifier, index, reading });
        }
        true
    }

    fn judge_verifier(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let (good, broken) = (self.all_hold(id), self.first_broken(id));
        match *incident.phase() {
            Phase::Verifying { .. } if good && self.started_by_others(id) => {
                self.not_verified(id, NotVerifiedReason::StartedByOthers);
            }
            Phase::Verifying { attempt, .. } if good => {
                self.record(Event::Verified { incident: id, attempt });
                self.set_verify_timer(id);
                self.soak_if_over(id);
            }
            Phase::Soaking { .. } => match broken {
                Some(saw) => {
                    self.suspect(id, self.now.mono);
                    self.not_verified(id, NotVerifiedReason::BrokeDuringSoak { saw });
                }
                None => self.soak_if_over(id),
            },
            Phase::Verifying { .. }
            | Phase::Firing
            | Phase::Held(_)
            | Phase::Asking(_)
            | Phase::Remediating(_)
            | Phase::Escalated(_)
            | Phase::Closed { .. } => {}
        }
    }

    /// Did somebody else start the unit after the attempt had ended? Then the attempt is not what healed it. It is told
    /// from a unit that became active later than the last job of salve's was done, and that systemd has not restarted by
    /// itself since. What an attempt of other kinds sets going may go on after its end.
    fn started_by_others(&self, id: IncidentId) -> bool {
        let Some(incident) = self.incident(id) else { return false };
        let Some(attempt) = incident.last_attempt() else { return false };
        let (Some(ended), AttemptEnd::Reported(report)) = (attempt.ended, &attempt.end) else { return false };
        let awaited = report.steps.iter().all(|step| matches!(step.result, StepResult::Done(_)));
        let by_jobs = !attempt.plan.steps.is_empty() && attempt.plan.steps.iter().all(|step| &*step.kind == "unit");
        if !awaited || !by_jobs {
            return false;
        }
        let Some(playbook) = self.book(&incident.key.content) else { return false };
        let detector = self.keys.get(&incident.key).map_or(&[][..], |watched| &watched.detector);
        let verifier = self.live.get(&id).map_or(&[][..], |live| &live.verifier);
        let detects =
            playbook.detect.checks.iter().zip(detector).map(|(check, slot)| (check, slot, Verdict::DoesNotHold));
        let wanted = playbook.verify.checks.iter().zip(verifier).map(|(check, slot)| (check, slot, Verdict::Holds));
        detects.chain(wanted).any(|(check, slot, well)| {
            // Only readings of units carry a run, and a check without an object is about the target.
            let own = check.parts().object.is_none();
            let later = |reading: &Reading| {
                let started =
                    reading.unit.filter(|unit| unit.restarts == Some(0) && !unit.job).and_then(|unit| unit.started);
                reading.verdict == well && started.is_some_and(|at| at > ended + JUST_STARTED)
            };
            own && slot.as_ref().is_some_and(later)
        })
    }

    fn soak_if_over(&mut self, id: IncidentId) {
        let over = self.incident(id).and_then(|incident| self.deadline(incident));
        if over.is_some_and(|until| until <= self.now.mono) && self.all_hold(id) {
            self.healed(id);
        }
    }

    pub(in crate::core) fn all_hold(&self, id: IncidentId) -> bool {
        self.live.get(&id).is_some_and(|live| {
            !live.verifier.is_empty()
                && live.verifier.iter().all(|slot| slot.as_ref().is_some_and(|one| one.verdict == Verdict::Holds))
        })
    }

    fn first_broken(&self, id: IncidentId) -> Option<Arc<str>> {
        let slots = &self.live.get(&id)?.verifier;
        let broken = slots.iter().flatten().find(|reading| reading.verdict == Verdict::DoesNotHold)?;
        Some(Arc::clone(&broken.seen))
    }

    /// The deadline passed without every verifier holding.
    pub(in crate::core) fn verify_over(&mut self, id: IncidentId) {
        let why = match self.live.get(&id).map(|live| &live.verifier) {
            Some(slots) if !slots.is_empty() => {
                let passed = slots.iter().flatten().filter(|reading| reading.verdict == Verdict::Holds).count();
                NotVerifiedReason::Deadline { passed, of: slots.len(), saw: self.first_broken(id) }
            }
            Some(_) | None => NotVerifiedReason::PlaybookUnloaded,
        };
        self.not_verified(id, why);
    }

    /// The soak's end: healed if every verifier was last seen to hold; what cannot be seen is awaited once more.
    pub(in crate::core) fn soak_over(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let playbook = self.books.get(&incident.key.content);
        let Some(until) = self.deadline(incident) else { return };
        // what began to flap meanwhile must hold for longer
        if until > self.now.mono {
            return self.timers.set(Timer::Incident(id), until);
        }
        let last = until.max(self.resumed) + within(playbook);
        if self.all_hold(id) {
            self.healed(id);
        } else if last <= self.now.mono {
            self.not_verified(id, NotVerifiedReason::UnreadAfterSoak);
        } else {
            self.timers.set(Timer::Incident(id), last);
        }
    }

    fn not_verified(&mut self, id: IncidentId, why: NotVerifiedReason) {
        let Some(attempt) = self.incident(id).and_then(|incident| incident.phase().under_verification()) else {
            return;
        };
        self.timers.cancel(&Timer::Incident(id));
        self.record(Event::NotVerified { incident: id, attempt, why: why.clone() });
        self.after_failure(id, why);
        self.wake_locked();
    }

    /// The soak is over, and every verifier holds. Where fixes that helped have spent the budget, a human is called.
    fn healed(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let Some(last) = incident.last_attempt() else { return };
        let key = &incident.key;
        let spent = incident.budget == Budget::Spent && incident.escalation.is_none() && self.keys.contains_key(key);
        if spent && self.helped_again(key) {
            return self.fixed_too_often(id);
        }
        let attempt = last.id;
        let by_hand = matches!(last.starter, AttemptStarter::Approved { .. } | AttemptStarter::Manual { .. });
        let outcome = match (last.after_page, by_hand) {
            (false, _) => Outcome::Healed { attempt },
            (true, true) => Outcome::HealedByOperator { attempt },
            (true, false) => Outcome::EscalatedThenCleared,
        };
        let (probe, key) = (last.probe, incident.key.clone());
        if probe && self.state.breakers().is_half_open(&key) {
            self.set_breaker(&key, BreakerState::Closed, BreakerReason::ProbeVerified);
        }
        self.close(id, &outcome);
    }
}

fn within(playbook: Option<&Arc<Playbook>>) -> Duration {
    playbook.map_or(WITHIN_UNKNOWN, |playbook| playbook.verify.within.0)
}

/// How long every verifier must go on holding. What calls a human is never ended by a blink; a probe must last twice as
/// long.
pub(in crate::core) fn soak(incident: &Incident, playbook: Option<&Arc<Playbook>>) -> Duration {
    let written = playbook.map_or(Duration::ZERO, |playbook| playbook.verify.soak.0);
    let called = incident.escalation.is_some() || incident.budget == Budget::Spent;
    let soak = if called && written.is_zero() { CALLED_SOAK } else { written };
    let probe = incident.last_attempt().is_some_and(|attempt| attempt.probe);
    if probe { soak.saturating_mul(2) } else { soak }
}
