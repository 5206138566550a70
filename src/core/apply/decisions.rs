//! Folds what the gate decided and what operators commanded.

use crate::core::automation_gaps::Lack;
use crate::core::event::{Event, Recorded};
use crate::core::flapping::FlappingState;
use crate::core::state::{Approval, Pause, RequestAnswer, State, Step};

impl State {
    /// What the gate and operators do.
    pub(super) fn operate(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::Denied { incident, denial } => {
                if let Some(incident) = self.open.get_mut(incident)
                    && incident.escalation.is_none()
                {
                    incident.step = Step::Held(denial.clone());
                    incident.denied_since = denial.is_bounded().then(|| incident.denied_since.unwrap_or(recorded.mono));
                }
            }
            Event::ShadowPlan { incident, .. } => {
                if let Some(incident) = self.open.get_mut(incident) {
                    incident.shadowed = true;
                    let (playbook, target) = (&incident.playbook, &incident.key.target);
                    self.lacks.push(playbook, target, Lack::Arming, incident.id, recorded.mono);
                }
            }
            Event::Asked { incident, request } => {
                if let Some(incident) = self.open.get_mut(incident) {
                    incident.generation = request.generation;
                    if incident.answer == RequestAnswer::Expired {
                        incident.answer = RequestAnswer::Open;
                    }
                    incident.yes = None;
                    incident.denied_since = None;
                    incident.step = Step::Asking(request.clone());
                }
            }
            Event::Approved { incident, generation, digest, by, .. } => {
                if let Some(incident) = self.open.get_mut(incident)
                    && let Step::Asking(request) = &incident.step
                {
                    incident.yes = Some(Approval {
                        generation: *generation,
                        digest: digest.clone(),
                        by: by.clone(),
                        expires: request.expires,
                    });
                    incident.answer = RequestAnswer::Approved;
                    incident.step = incident.resting();
                }
            }
            Event::FirstApproved { incident, generation, by, .. } => {
                if let Some(incident) = self.open.get_mut(incident)
                    && let Step::Asking(request) = &mut incident.step
                    && request.generation == *generation
                {
                    request.first = Some(by.clone());
                }
            }
            Event::Withdrawn { incident, .. } => {
                if let Some(incident) = self.open.get_mut(incident) {
                    incident.yes = None;
                    incident.step = incident.resting();
                }
            }
            Event::Acknowledged { incident, by } => self.acknowledge(*incident, by),
            _ => self.rule(recorded),
        }
    }

    /// Pauses, snoozes, arming.
    fn rule(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::Paused { scope, until, by, reason } => {
                let pause = Pause { since: recorded.mono, until: *until, by: by.clone(), reason: reason.clone() };
                self.pauses.insert(scope.clone(), pause);
            }
            Event::Resumed { scope, .. } => {
                self.pauses.remove(scope);
            }
            Event::Flapping { key, flaps, onsets, period_ms, .. } => {
                if *flaps {
                    let known = FlappingState { onsets: *onsets, period_ms: *period_ms };
                    self.flapping.insert(key.clone(), known);
                } else {
                    self.flapping.remove(key);
                }
            }
            Event::Snoozed { key, until, by, reason } => {
                self.snoozes.insert(key.clone(), (by.clone(), *until, reason.clone()));
            }
            Event::Unsnoozed { key, .. } => {
                self.snoozes.remove(key);
            }
            Event::Armed { content, playbook, .. } => {
                self.lacks.armed(playbook);
                self.armed.insert(content.clone(), true);
            }
            Event::Disarmed { content, .. } => {
                self.armed.insert(content.clone(), false);
            }
            event => self.maintain(event),
        }
    }
}
