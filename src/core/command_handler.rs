//! What operators ask for: each command is durable before it is answered, or refused with its reason.

use std::sync::Arc;

use super::apply::shares_budget;
use super::breaker::Breaker;
use super::command::{Authority, Command, Operator, Refusal, Scope};
use super::detector::DetectorState;
use super::effect::Effect;
use super::event::Event;
use super::id::{IncidentId, Key, RequestId};
use super::incident::{BreakerState, Outcome};
use super::machine::{BlockedOn, Core};
use super::plan::Digest;
use super::reading::Verdict;
use super::reason::Reason;
use super::state::{Incident, Step};
use super::timers::Timer;
use crate::playbook::value::Period;
use crate::playbook::{ContentKey, Mode, Playbook, Risk};

/// An answer in words, or the refusal.
type CommandAnswer = Result<String, Refusal>;

impl Core {
    pub(super) fn command(&mut self, by: &Operator, authority: Authority, command: Command, request: RequestId) {
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

    pub(super) fn reply(&mut self, request: RequestId, answer: CommandAnswer) {
        self.out.push(Effect::Reply { request, answer: answer.map(Arc::from) });
    }

    pub(super) fn opened(&self, id: IncidentId) -> Result<&Incident, Refusal> {
        self.incident(id).ok_or(Refusal::NoSuchIncident(id))
    }

    fn approve(&mut self, by: &Operator, id: IncidentId, digest: Digest, reason: Reason) -> CommandAnswer {
        let incident = self.opened(id)?;
        let Step::Asking(request) = &incident.step else { return Err(Refusal::NotAsking(id)) };
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
        Ok(format!("incident {id}: approved; the gate is asked once more, then it runs"))
    }

    fn decline(&mut self, by: &Operator, id: IncidentId, reason: Reason) -> CommandAnswer {
        let Step::Asking(_) = self.opened(id)?.step else { return Err(Refusal::NotAsking(id)) };
        self.close(id, &Outcome::Declined { by: by.clone(), reason });
        Ok(format!("incident {id}: declined"))
    }

    fn pause(&mut self, by: &Operator, scope: Scope, length: Option<Period>, reason: Reason) -> CommandAnswer {
        if let Scope::Playbook(name) = &scope {
            self.content_of(name)?;
        }
        let until = length.map(|length| self.now.mono + length.0);
        let timer = Timer::Pause(scope.clone());
        match until {
            Some(until) => self.timers.set(timer, until),
            None => self.timers.cancel(&timer),
        }
        let said = match length {
            Some(length) => format!("{scope} is paused for {length}"),
            None => format!("{scope} is paused until resumed"),
        };
        self.record(Event::Paused { scope, until, by: by.clone(), reason });
        // what another pause held until another time is told of this one
        self.wake(BlockedOn::Pause);
        Ok(said)
    }

    fn resume_by(&mut self, by: &Operator, scope: Scope) -> String {
        if !self.state.pauses.contains_key(&scope) {
            return format!("{scope} was not paused");
        }
        let said = format!("{scope} is resumed");
        self.resume(scope, Some(by.clone()));
        said
    }

    /// The end of a pause, by hand or by its time.
    pub(super) fn resume(&mut self, scope: Scope, by: Option<Operator>) {
        let Some(pause) = self.state.pauses.get(&scope) else { return };
        if by.is_none() && pause.until.is_none_or(|until| until > self.now.mono) {
            return;
        }
        self.timers.cancel(&Timer::Pause(scope.clone()));
        self.record(Event::Resumed { scope, by });
        self.wake(BlockedOn::Pause);
    }

    fn snooze(&mut self, by: &Operator, key: Key, length: Period, reason: Reason) -> CommandAnswer {
        if !self.keys.contains_key(&key) {
            return Err(Refusal::NoSuchKey);
        }
        let until = self.now.mono + length.0;
        self.timers.set(Timer::Snooze(key.clone()), until);
        let said = format!("{} is snoozed for {length}", key.target);
        let open = self.state.by_key.get(&key).copied();
        self.record(Event::Snoozed { key, until, by: by.clone(), reason });
        if let Some(id) = open {
            self.forget_survey(id);
            self.advance_if_waiting(id);
        }
        Ok(said)
    }

    fn unsnooze_by(&mut self, by: &Operator, key: &Key) -> String {
        if !self.state.snoozes.contains_key(key) {
            return format!("{} was not snoozed", key.target);
        }
        let said = format!("{} is no longer snoozed", key.target);
        self.unsnooze(key, Some(by.clone()));
        said
    }

    /// The end of a snooze, by hand or by its time.
    pub(super) fn unsnooze(&mut self, key: &Key, by: Option<Operator>) {
        let Some((_, until, _)) = self.state.snoozes.get(key) else { return };
        if by.is_none() && *until > self.now.mono {
            return;
        }
        self.timers.cancel(&Timer::Snooze(key.clone()));
        let open = self.state.by_key.get(key).copied();
        self.record(Event::Unsnoozed { key: key.clone(), by });
        if let Some(id) = open.filter(|id| self.waits.contains(&(BlockedOn::Snooze, *id))) {
            self.advance(id);
        }
        self.evaluate(key);
    }

    /// What is held, asks or fires goes to the gate again, for the rules have changed.
    fn advance_if_waiting(&mut self, id: IncidentId) {
        let waits = |incident: &Incident| matches!(incident.step, Step::Firing | Step::Held(_) | Step::Asking(_));
        if self.incident(id).is_some_and(waits) {
            self.advance(id);
        }
    }

    pub(super) fn content_of(&self, name: &Arc<str>) -> Result<ContentKey, Refusal> {
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
        if arm && !self.config.is_root && self.playbook_of(&content).is_some_and(|playbook| playbook.needs_root()) {
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
            if let Some(id) = self.state.by_key.get(key).copied() {
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

    /// A run by hand is answered when the gate has answered; none means that.
    fn run_now(&mut self, by: &Operator, authority: Authority, key: &Key, request: RequestId) -> Option<Refusal> {
        let Some(watched) = self.keys.get(key) else { return Some(Refusal::NoSuchKey) };
        if watched.playbook.mode == Mode::Off {
            return Some(Refusal::Denied(Arc::from("mode is off")));
        }
        if watched.playbook.remediate.is_empty() {
            return Some(Refusal::Denied(Arc::from("it has no remediation")));
        }
        if authority != Authority::Arm && !self.is_armed(key) {
            return Some(Refusal::NotAllowed(Arc::from("admin, because nobody has armed this playbook")));
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
        self.withdraw(id, "it is run by hand");
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
    pub(super) fn answer_manual(&mut self, id: IncidentId, why: &str) -> Option<Operator> {
        let (by, request) = self.live.get_mut(&id).and_then(|live| live.manual.take())?;
        if let Some(request) = request {
            self.reply(request, Err(Refusal::Denied(Arc::from(why))));
        }
        Some(by)
    }

    /// The same, and ends the incident if it was opened only for that run.
    pub(super) fn refuse_manual(&mut self, id: IncidentId, why: &str) {
        let Some(by) = self.answer_manual(id, why) else { return };
        if self.opened_by_hand(id) {
            let reason = format!("not run: {why}").into();
            self.close(id, &Outcome::ClosedByOperator { by, reason });
        } else {
            // A real fault is there now: the incident is no longer that run's alone.
            self.live(id).by_hand = false;
        }
    }

    /// What was asked and approved before a reboot is void: the host is another one now.
    pub(super) fn void_approvals(&mut self) {
        let bound = |incident: &&Incident| incident.yes.is_some() || matches!(incident.step, Step::Asking(_));
        let open: Vec<_> = self.state.open.values().filter(bound).map(|one| (one.id, one.generation)).collect();
        for (incident, generation) in open {
            self.record(Event::Withdrawn { incident, generation, why: Arc::from("the host was booted anew") });
        }
    }

    /// Opened only for a run by hand: nothing is broken there.
    pub(super) fn opened_by_hand(&self, id: IncidentId) -> bool {
        let Some(incident) = self.incident(id) else { return false };
        let broken = self.keys.get(&incident.key).is_some_and(|watched| watched.fault == DetectorState::Broken);
        let by_hand = self.live.get(&id).is_some_and(|live| live.by_hand);
        by_hand && !broken && incident.attempts.is_empty() && incident.escalation.is_none()
    }

    fn reset_breaker(&mut self, by: &Operator, key: &Key, why: &Reason) -> CommandAnswer {
        let rival = self.rival(key).cloned();
        if !self.state.breakers.contains_key(key) && rival.is_none() {
            return if self.keys.contains_key(key) {
                Ok("the breaker is closed".to_owned())
            } else {
                Err(Refusal::NoSuchKey)
            };
        }
        let said = format!("the breaker of {} is closed", key.target);
        self.timers.cancel(&Timer::Breaker(key.clone()));
        let mut keys = vec![key.clone()];
        // one budget, one reset
        if shares_budget(&key.target) {
            let shares = |other: &&Key| other.target == key.target && *other != key;
            keys.extend(self.state.breakers.keys().filter(shares).cloned());
            keys[1..].sort_unstable();
        }
        for key in &keys {
            self.timers.cancel(&Timer::Breaker(key.clone()));
            let (key, why) = (key.clone(), why.clone());
            self.record(Event::Breaker { key, state: BreakerState::Closed, why, by: Some(by.clone()) });
        }
        let open: Vec<_> = keys.iter().chain(&rival).filter_map(|key| self.state.by_key.get(key).copied()).collect();
        for id in open {
            self.advance(id);
        }
        Ok(said)
    }

    fn latch_breaker(&mut self, by: &Operator, key: Key, why: Reason) -> CommandAnswer {
        if !self.keys.contains_key(&key) {
            return Err(Refusal::NoSuchKey);
        }
        let said = format!("the breaker of {} is latched until it is reset", key.target);
        self.timers.cancel(&Timer::Breaker(key.clone()));
        let open = self.state.by_key.get(&key).copied();
        let state = Breaker::latched(self.now.wall);
        self.record(Event::Breaker { key, state, why, by: Some(by.clone()) });
        if let Some(id) = open {
            self.advance_if_waiting(id);
        }
        Ok(said)
    }

    fn close_by(&mut self, by: &Operator, id: IncidentId, reason: Reason) -> CommandAnswer {
        if matches!(self.opened(id)?.step, Step::Remediating(_)) {
            return Err(Refusal::Denied("an attempt is running".into()));
        }
        self.close(id, &Outcome::ClosedByOperator { by: by.clone(), reason });
        Ok(format!("incident {id}: closed"))
    }
}
