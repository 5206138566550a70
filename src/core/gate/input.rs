//! Gathers everything that the gate looks at from the present state.

use std::time::Duration;

use super::{GateDecision, GateInput, Trigger};
use crate::core::breaker::{Admission, Limits};
use crate::core::id::{IncidentId, Key};
use crate::core::incident::{ApprovalReason, Denial, Incident, Phase};
use crate::core::machine::Core;
use crate::core::machine::input::{Facts, StopOrigin};
use crate::playbook::{Mode, Playbook};

/// For so long after records were lost every attempt asks: as long as an open breaker would have denied it.
const AFTER_LOSS: Duration = Duration::from_mins(30);

impl Core {
    /// Everything that the gate looks at, for this incident now.
    pub(in crate::core) fn question(
        &self,
        id: IncidentId,
        playbook: &Playbook,
        facts: Option<&Facts>,
    ) -> Option<GateInput> {
        let incident = self.incident(id)?;
        Some(self.question_about(&incident.key, id, self.wish(incident), playbook, facts))
    }

    /// What the gate would say now to an attempt on this key; nothing changes. None where nothing is watched there.
    #[must_use]
    pub fn rehearse(&self, key: &Key, facts: &Facts) -> Option<GateDecision> {
        let playbook = &self.keys.get(key)?.playbook;
        let me = self.state.incidents().id_of(key).unwrap_or(IncidentId(0));
        Some(self.question_about(key, me, Trigger::Auto, playbook, Some(facts)).judge())
    }

    fn question_about(
        &self,
        key: &Key,
        id: IncidentId,
        wish: Trigger,
        playbook: &Playbook,
        facts: Option<&Facts>,
    ) -> GateInput {
        let now = self.now.mono;
        let (mode, first_live) = self.standing(key);
        let flaps = self.state.flapping().contains(key);
        let forgetful = self.state.records_lost().is_some_and(|at| now.since(at) < AFTER_LOSS);
        let caution =
            forgetful.then_some(ApprovalReason::RecordsLost).or(first_live.then_some(ApprovalReason::FirstLiveAttempt));
        let grace = self.state.boot().at + self.config.boot_grace;
        let snooze = self.state.suppressions().snoozed(key, now);
        GateInput {
            wish,
            cannot_record: self.recording.as_ref().err().cloned(),
            paused: self.paused(playbook),
            snoozed: snooze.map(|snooze| (snooze.by.clone(), snooze.until)),
            outside_window: playbook.only_between.is_some_and(|window| !window.contains(self.now.minute_of_day)),
            needs: self.unhealthy_need(key, playbook),
            stop: match facts {
                Some(facts) if playbook.skip_if_stopped_by_operator => self.known_stop(id, &facts.stop),
                Some(_) | None => StopOrigin::Nobody,
            },
            contended: self.rival_words(key),
            locked: self.state.locks().lock_against(&key.target, id),
            quarantined: self.state.locks().quarantined(&key.target),
            // what flaps is not mended by systemd's own restarts: they are part of it
            busy: facts.filter(|facts| !(flaps && restarts_itself(facts))).and_then(|facts| facts.busy.clone()),
            breaker: self.admission(key, playbook),
            cooldown: self.cooldown(key, playbook),
            budget_spent: self.state.budget().is_spent(now, &self.config),
            storm: self.storm_in_force(),
            grace: (grace > now).then_some(grace),
            risk: playbook.risk,
            mode,
            caution,
        }
    }

    /// What was known of this very failure stays known when the host can no longer tell.
    fn known_stop(&self, id: IncidentId, seen: &StopOrigin) -> StopOrigin {
        match (seen, self.incident(id).map(Incident::phase)) {
            (StopOrigin::Unclear { .. }, Some(Phase::Held(Denial::StoppedByOperator { evidence }))) => {
                StopOrigin::Operator { evidence: evidence.clone() }
            }
            _ => seen.clone(),
        }
    }

    fn wish(&self, incident: &Incident) -> Trigger {
        let approved = incident.yes.as_ref().is_some_and(|yes| yes.expires > self.now.mono);
        let by_hand = self.live.get(&incident.id).is_some_and(|live| live.manual.is_some());
        match (approved, by_hand) {
            (true, true) => Trigger::ManualApproved,
            (true, false) => Trigger::Approved,
            (false, true) => Trigger::Manual,
            (false, false) => Trigger::Auto,
        }
    }

    fn admission(&self, key: &Key, playbook: &Playbook) -> Admission {
        let limits = Limits::of(playbook);
        let shared = self.state.budget().shared(&key.target);
        self.state.breakers().admits(key, self.now.mono, limits, shared)
    }

    fn cooldown(&self, key: &Key, playbook: &Playbook) -> Option<crate::core::time::Mono> {
        let until = self.state.breakers().get(key)?.last_invoked()? + playbook.cooldown?.0;
        (until > self.now.mono).then_some(until)
    }

    /// The mode in force here, and whether a first live attempt must still ask.
    pub(in crate::core) fn standing(&self, key: &Key) -> (Mode, bool) {
        let watched = self.keys.get(key).map(|watched| (watched.playbook.mode, watched.standing));
        let known = watched.or_else(|| self.missing(key).map(|(one, _)| (one.playbook.mode, one.standing)));
        let Some((written, standing)) = known else { return (Mode::Off, false) };
        self.state.suppressions().arming().standing(&key.content, written, standing)
    }

    /// The mode in force: what is written, after arming; a first live attempt that must ask counts as asking.
    #[must_use]
    pub fn mode_in_force(&self, key: &Key) -> Mode {
        match self.standing(key) {
            (Mode::Auto, true) => Mode::Ask,
            (mode, _) => mode,
        }
    }
}

/// systemd waits to start the unit again, by its own `Restart=`.
fn restarts_itself(facts: &Facts) -> bool {
    facts.detector.iter().any(|reading| reading.unit.is_some_and(|unit| unit.auto_restart && !unit.job))
}
