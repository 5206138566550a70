//! What operators ask for: each command is durable before it is answered, or refused with its reason.

mod breakers;
mod run_now;
mod suppressing;

use std::sync::Arc;

use super::reason::Reason;
use crate::core::command::{Authority, Command, Operator, Refusal};
use crate::core::event::Event;
use crate::core::event::reasons::WithdrawalReason;
use crate::core::id::{IncidentId, Key, RequestId};
use crate::core::incident::{Incident, Outcome, Phase};
use crate::core::machine::Core;
use crate::core::machine::effect::Effect;
use crate::core::plan::Digest;
use crate::playbook::{ContentKey, Playbook, Risk};

/// An answer in words, or the refusal.
type CommandAnswer = Result<String, Refusal>;

impl Core {
    pub(in crate::core) fn command(
        &mut self,
        by: &Operator,
        authority: Authority,
        command: Command,
        request: RequestId,
    ) {
        if let Err(why) = &self.recording {
            let why = Arc::clone(why);
            return self.reply(request, Err(Refusal::CannotRecord(why)));
        }
        let answer = match command {
            Command::Approve { incident, digest, reason } => self.approve(by, incident, digest, reason),
            Command::Decline { incident, reason } => self.decline(by, incident, reason),
            Command::Pause { scope, length, reason } => self.pause(by, scope, length, reason),
            Command::Resume { scope } => Ok(self.resume_by(by, scope)),
            Command::Schedule { scope, from, length, reason } => self.schedule(by, scope, from, length, reason),
            Command::Unschedule { window } => self.unschedule(by, window),
            Command::Snooze { key, length, reason } => self.snooze(by, key, length, reason),
            Command::Unsnooze { key } => Ok(self.unsnooze_by(by, &key)),
            Command::Arm { playbook } => self.arm(by, playbook, true),
            Command::Disarm { playbook } => self.arm(by, playbook, false),
            Command::RunNow { key } => match self.run_now(by, authority, &key, request) {
                Some(refusal) => Err(refusal),
                None => return,
            },
            Command::ResetBreaker { key, reason } => self.reset_breaker(by, &key, &reason),
            Command::LatchBreaker { key, reason } => self.latch_breaker(by, key, reason),
            Command::Acknowledge { incident } => self.acknowledge(by, incident),
            Command::Close { incident, reason } => self.close_by(by, incident, reason),
        };
        self.reply(request, answer);
    }

    pub(in crate::core) fn reply(&mut self, request: RequestId, answer: CommandAnswer) {
        self.out.push(Effect::Reply { request, answer: answer.map(Arc::from) });
    }

    pub(in crate::core) fn opened(&self, id: IncidentId) -> Result<&Incident, Refusal> {
        self.incident(id).ok_or(Refusal::NoSuchIncident(id))
    }

    fn approve(&mut self, by: &Operator, id: IncidentId, digest: Digest, reason: Reason) -> CommandAnswer {
        let incident = self.opened(id)?;
        let Phase::Asking(request) = incident.phase() else { return Err(Refusal::NotAsking(id)) };
        if request.expires <= self.now.mono {
            return Err(Refusal::NotAsking(id));
        }
        if request.plan.digest != digest {
            return Err(Refusal::PlanChanged);
        }
        let generation = request.generation;
        let high = self.playbook(&incident.key.content).is_none_or(|playbook| playbook.risk == Risk::High);
        if self.config.four_eyes && high {
            match &request.first {
                Some(first) if first.may_be(by) => return Err(Refusal::SecondPerson),
                Some(_) => {}
                None => {
                    let by = by.clone();
                    self.record(Event::FirstApproved { incident: id, generation, digest, by, reason });
                    return Ok(format!(
                        "incident {id}: your approval is the first of two; another person must approve too"
                    ));
                }
            }
        }
        self.record(Event::Approved { incident: id, generation, digest, by: by.clone(), reason });
        self.forget_survey(id);
        self.advance(id);
        Ok(format!("incident {id}: approved; the plan runs after a final check of the safety rules"))
    }

    fn decline(&mut self, by: &Operator, id: IncidentId, reason: Reason) -> CommandAnswer {
        let Phase::Asking(_) = self.opened(id)?.phase() else { return Err(Refusal::NotAsking(id)) };
        self.close(id, &Outcome::Declined { by: by.clone(), reason });
        Ok(format!("incident {id}: declined"))
    }

    /// What is held, asks or fires goes to the gate again, for the rules have changed.
    fn advance_if_waiting(&mut self, id: IncidentId) {
        let waits = |incident: &Incident| matches!(incident.phase(), Phase::Firing | Phase::Held(_) | Phase::Asking(_));
        if self.incident(id).is_some_and(waits) {
            self.advance(id);
        }
    }

    pub(in crate::core) fn content_of(&self, name: &Arc<str>) -> Result<ContentKey, Refusal> {
        let bound = self.named.get(name).and_then(|keys| keys.first()).map(|key| key.content.clone());
        let absent = || {
            let of = self.absent.iter().map(|binding| &binding.playbook);
            of.into_iter().find(|book| book.name == *name || book.title == *name).map(|book| book.content.clone())
        };
        bound.or_else(absent).ok_or_else(|| Refusal::NoSuchPlaybook(Arc::clone(name)))
    }

    /// The playbook of this content, where it is in force on this host.
    fn playbook_of(&self, content: &ContentKey) -> Option<&Playbook> {
        let watched = self.keys.iter().find(|(key, _)| key.content == *content).map(|(_, watched)| &watched.playbook);
        let absent = || self.absent.iter().map(|binding| &binding.playbook).find(|book| book.content == *content);
        watched.or_else(absent).map(|playbook| &**playbook)
    }

    fn arm(&mut self, by: &Operator, playbook: Arc<str>, arm: bool) -> CommandAnswer {
        let content = self.content_of(&playbook)?;
        if arm && !self.config.is_root && self.playbook_of(&content).is_some_and(Playbook::needs_root) {
            return Err(Refusal::NeedsRoot(playbook));
        }
        let keys: Vec<Key> = self.named.get(&playbook).cloned().unwrap_or_default();
        let said = if arm { format!("{playbook} is armed") } else { format!("{playbook} is back in shadow") };
        let by = by.clone();
        self.record(if arm {
            Event::Armed { content: content.clone(), playbook, by }
        } else {
            Event::Disarmed { content: content.clone(), playbook, by }
        });
        for key in keys.iter().filter(|key| key.content == content) {
            if !arm {
                self.tell_disarmed(key);
            }
            if let Some(id) = self.state.incidents().id_of(key) {
                self.advance_if_waiting(id);
            } else {
                self.evaluate(key);
            }
        }
        Ok(said)
    }

    /// Its open incident goes on, and nothing will be done about it.
    fn tell_disarmed(&mut self, key: &Key) {
        let Some(incident) = self.state.incident_of(key) else { return };
        let (id, playbook) = (incident.id, Arc::clone(&incident.playbook));
        let text =
            format!("incident {id} ({}) stays open: its playbook was disarmed, so nothing is attempted", key.target);
        self.tell(playbook, text);
    }

    /// What was asked and approved before a reboot is void: the host is another one now.
    pub(in crate::core) fn void_approvals(&mut self) {
        let bound = |incident: &&Incident| incident.yes.is_some() || matches!(incident.phase(), Phase::Asking(_));
        let open: Vec<_> = self.state.incidents().open().filter(bound).map(|one| (one.id, one.generation)).collect();
        for (incident, generation) in open {
            self.record(Event::Withdrawn { incident, generation, why: WithdrawalReason::HostRebooted });
        }
    }

    fn close_by(&mut self, by: &Operator, id: IncidentId, reason: Reason) -> CommandAnswer {
        if matches!(self.opened(id)?.phase(), Phase::Remediating(_)) {
            return Err(Refusal::Denied("an attempt is running".into()));
        }
        self.close(id, &Outcome::ClosedByOperator { by: by.clone(), reason });
        Ok(format!("incident {id}: closed"))
    }
}
