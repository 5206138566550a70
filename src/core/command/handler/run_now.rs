//! The command to run a playbook now: it opens an incident where none is open, and is answered once the gate has
//! decided.

use std::sync::Arc;

use crate::core::command::{Authority, Operator, Refusal};
use crate::core::detector::DetectorState;
use crate::core::detector::reading::Verdict;
use crate::core::id::{IncidentId, Key, RequestId};
use crate::core::incident::Outcome;
use crate::core::machine::Core;
use crate::playbook::Mode;

impl Core {
    /// A run by hand is answered when the gate has answered; none means that.
    pub(super) fn run_now(
        &mut self,
        by: &Operator,
        authority: Authority,
        key: &Key,
        request: RequestId,
    ) -> Option<Refusal> {
        let Some(watched) = self.keys.get(key) else { return Some(Refusal::NoSuchKey) };
        if watched.playbook.mode == Mode::Off {
            return Some(Refusal::Denied(Arc::from("mode is off")));
        }
        if watched.playbook.remediate.is_empty() {
            return Some(Refusal::Denied(Arc::from("the playbook has no remediation")));
        }
        if authority != Authority::Arm && !self.is_armed(key) {
            return Some(Refusal::NotAllowed(Arc::from("admin, because this playbook is not armed")));
        }
        let id = match self.state.incident_of(key) {
            Some(incident) if !incident.rests() => return Some(Refusal::AlreadyOpen(incident.id)),
            Some(incident) => incident.id,
            None => {
                // what could not be seen does not make it an incident of blindness: a person asked for it
                let mut readings = self.detector_readings(key);
                readings.retain(|reading| !matches!(reading.verdict, Verdict::Unknown(_)));
                let id = self.open_as(key, self.now.mono, readings)?;
                self.live(id).by_hand = true;
                id
            }
        };
        if self.live(id).manual.is_some() {
            return Some(Refusal::AlreadyOpen(id));
        }
        self.withdraw(id, "an operator started the playbook manually");
        self.forget_survey(id);
        self.live(id).manual = Some((by.clone(), Some(request)));
        self.advance(id);
        None
    }

    /// May this act without anybody's arming it first?
    fn is_armed(&self, key: &Key) -> bool {
        let (mode, asks_first) = self.standing(key);
        matches!(mode, Mode::Auto | Mode::Ask) && !asks_first
    }

    /// Answers a run by hand with a refusal, and says whose it was.
    pub(in crate::core) fn answer_manual(&mut self, id: IncidentId, why: &str) -> Option<Operator> {
        let (by, request) = self.live.get_mut(&id).and_then(|live| live.manual.take())?;
        if let Some(request) = request {
            self.reply(request, Err(Refusal::Denied(Arc::from(why))));
        }
        Some(by)
    }

    /// The same, and ends the incident if it was opened only for that run.
    pub(in crate::core) fn refuse_manual(&mut self, id: IncidentId, why: &str) {
        let Some(by) = self.answer_manual(id, why) else { return };
        if self.opened_by_hand(id) {
            let reason = format!("not run: {why}").into();
            self.close(id, &Outcome::ClosedByOperator { by, reason });
        } else {
            // A real fault is there now: the incident is no longer that run's alone.
            self.live(id).by_hand = false;
        }
    }

    /// Opened only for a run by hand: nothing is broken there.
    pub(in crate::core) fn opened_by_hand(&self, id: IncidentId) -> bool {
        let Some(incident) = self.incident(id) else { return false };
        let broken = self.keys.get(&incident.key).is_some_and(|watched| watched.fault == DetectorState::Broken);
        let by_hand = self.live.get(&id).is_some_and(|live| live.by_hand);
        by_hand && !broken && incident.attempts.is_empty() && incident.escalation.is_none()
    }
}
