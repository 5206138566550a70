//! An incident asks the gate: fresh readings first, then the facts, then the answer and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use super::breaker::{Admission, Breaker, Limits};
use super::effect::Effect;
use super::event::Event;
use super::gate::{Answer, Question, Wish};
use super::id::{IncidentId, Key, SurveyId};
use super::incident::{Asks, BreakerState, Cause, Denial, Outcome, Request, Starter};
use super::input::{Facts, Standing};
use super::machine::{Core, Purpose, Wait};
use super::plan::Plan;
use super::reading::Verdict;
use super::state::{Incident, Step};
use super::timers::Timer;
use super::watched::Fault;
use crate::playbook::{Mode, Playbook, Risk};

/// How long until a survey that could not see, or came too late, is asked again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// How long until a plan that could not be made is tried again.
const PLAN_AGAIN: Duration = Duration::from_secs(30);
/// How long until a lock is looked at again, should its release have been missed.
const LOCK_AGAIN: Duration = Duration::from_secs(30);
/// How long until a target that an operator stopped is looked at again.
const STOPPED_AGAIN: Duration = Duration::from_mins(5);
/// systemd is looked at again after a second, then two, four, up to this.
const BUSY_LONGEST: u64 = 16;

impl Core {
    /// Takes the incident to the gate, unless it is on its way there or an attempt is under way.
    pub(super) fn advance(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        if !incident.rests() || self.live.get(&id).is_some_and(|live| live.survey.is_some()) {
            return;
        }
        let (key, tried) = (incident.key.clone(), incident.tried);
        let Some(playbook) = self.book(&key.content).filter(|_| self.keys.contains_key(&key)) else { return };
        if playbook.remediate.is_empty() {
            return self.without_hands(id, &playbook);
        }
        let by_hand = self.live(id).manual.is_some();
        if !by_hand && let Some(attempt) = self.must_not_repeat(id) {
            return self.escalate(id, Cause::Indeterminate { attempt });
        }
        let rung = if by_hand { 0 } else { tried % playbook.remediate.len() };
        let survey = self.new_survey(Purpose::Gate(id));
        let now = self.now.mono;
        self.stop_waiting(id);
        self.live(id).survey = Some((survey, now));
        self.timers.set(Timer::Incident(id), now + self.config.survey_patience);
        self.out.push(Effect::Survey { incident: id, survey, key, playbook, rung });
    }

    fn new_survey(&mut self, purpose: Purpose) -> SurveyId {
        self.last_survey += 1;
        let survey = SurveyId(self.last_survey);
        self.surveys.insert(survey, purpose);
        survey
    }

    /// Fresh readings of a key, for what has just been attempted there.
    pub(super) fn refresh(&mut self, incident: IncidentId, key: &Key) {
        let Some(playbook) = self.book(&key.content) else { return };
        let survey = self.new_survey(Purpose::Refresh(key.clone()));
        self.out.push(Effect::Survey { incident, survey, key: key.clone(), playbook, rung: 0 });
    }

    /// No rung at all: the gate is asked only whether to call a human.
    fn without_hands(&mut self, id: IncidentId, playbook: &Playbook) {
        self.stop_waiting(id);
        let Some(question) = self.question(id, playbook, None) else { return };
        match question.quiet().or_else(|| question.mode_denies()) {
            Some(denial) => self.hold(id, &denial),
            None => self.escalate(id, Cause::NoRemediation),
        }
    }

    /// A survey came back.
    pub(super) fn surveyed(&mut self, incident: IncidentId, survey: SurveyId, facts: &Facts) {
        match self.surveys.remove(&survey) {
            Some(Purpose::Refresh(key)) => {
                self.absorb(&key, facts);
                self.evaluate(&key);
            }
            Some(Purpose::Gate(id)) => self.surveyed_for_gate(id, survey, facts),
            // Its gate is no longer asked, yet what it saw was seen.
            None => {
                if let Some(key) = self.find(incident).map(|incident| incident.key.clone()) {
                    self.absorb(&key, facts);
                    self.evaluate(&key);
                }
            }
        }
    }

    fn absorb(&mut self, key: &Key, facts: &Facts) {
        for (index, reading) in facts.detector.iter().enumerate() {
            self.take(key, index, reading.clone());
        }
        self.look_until_agreed(key, false);
    }

    fn surveyed_for_gate(&mut self, id: IncidentId, survey: SurveyId, facts: &Facts) {
        let Some((mine, asked)) = self.live.get(&id).and_then(|live| live.survey) else { return };
        if mine != survey {
            return;
        }
        self.live(id).survey = None;
        self.timers.cancel(&Timer::Incident(id));
        let Some(key) = self.incident(id).map(|incident| incident.key.clone()) else { return };
        self.absorb(&key, facts);
        self.evaluate(&key);
        let Some(incident) = self.incident(id).filter(|incident| incident.rests()) else { return };
        if let Step::Asking(request) = &incident.step {
            let expires = request.expires;
            self.timers.set(Timer::Incident(id), expires);
        }
        if facts.began < asked {
            return self.later(id, LOOK_AGAIN);
        }
        let by_hand = self.live(id).manual.is_some();
        match self.keys.get(&key).map(|watched| watched.fault) {
            Some(Fault::Broken) if facts.detector.iter().any(|reading| reading.verdict == Verdict::Holds) => {
                self.gate(id, facts);
            }
            // A later reading says that it is broken, this survey could not see it: look once more.
            Some(Fault::Broken) if !by_hand => self.later(id, LOOK_AGAIN),
            Some(_) if by_hand => self.gate(id, facts),
            _ => self.unsure(id, &key),
        }
    }

    fn later(&mut self, id: IncidentId, wait: Duration) {
        if self.incident(id).is_some_and(|incident| !matches!(incident.step, Step::Asking(_))) {
            self.timers.set(Timer::Incident(id), self.now.mono + wait);
        }
    }

    /// The survey could not see: never an attempt; after the bound a human.
    fn unsure(&mut self, id: IncidentId, key: &Key) {
        let now = self.now.mono;
        let since = *self.live(id).unsure.get_or_insert(now);
        if now.since(since) >= self.config.unknown_bound {
            let why = self.keys.get(key).map_or_else(|| Arc::from("not read"), super::watched::Watched::why_unknown);
            self.escalate(id, Cause::CannotSee { why });
        }
        // In shadow nobody is called.
        if self.incident(id).is_some_and(|incident| incident.escalation.is_none()) {
            self.later(id, LOOK_AGAIN);
        }
    }

    /// Everything is fresh: the gate answers.
    fn gate(&mut self, id: IncidentId, facts: &Facts) {
        self.live(id).unsure = None;
        let Some(playbook) = self.book_of(id) else { return };
        let Some(question) = self.question(id, &playbook, Some(facts)) else { return };
        match (question.judge(), &facts.plan) {
            (Answer::Deny(Denial::Shadow), plan) => {
                self.would_have(id, plan.as_ref().ok());
                self.deny(id, &Denial::Shadow);
            }
            (Answer::Deny(denial), _) => self.deny(id, &denial),
            (Answer::Pass | Answer::Ask(_), Err(why)) => self.planless(id, why),
            (Answer::Ask(why), Ok(plan)) => {
                self.answer_by_asking(id);
                self.ask(id, why, plan);
            }
            (Answer::Pass, Ok(plan)) => self.pass(id, question.wish, plan),
        }
    }

    fn would_have(&mut self, id: IncidentId, plan: Option<&Arc<Plan>>) {
        if let Some(plan) = plan
            && self.incident(id).is_some_and(|incident| !incident.shadowed)
        {
            self.record(Event::WouldHave { incident: id, plan: Arc::clone(plan) });
        }
    }

    /// The gate lets it pass: an approved attempt only with exactly the plan that was approved.
    fn pass(&mut self, id: IncidentId, wish: Wish, plan: &Arc<Plan>) {
        let Some(incident) = self.incident(id) else { return };
        let yes = incident.yes.clone().filter(|yes| yes.digest == plan.digest);
        let risky = self.book_of(id).is_some_and(|playbook| playbook.risk == Risk::High);
        let starter = match (wish, yes) {
            (Wish::Approved | Wish::ManualApproved, Some(yes)) => Starter::Approved { by: yes.by, digest: yes.digest },
            (Wish::ManualApproved, None) if risky => {
                self.answer_by_asking(id);
                return self.plan_changed(id, plan);
            }
            (Wish::Manual | Wish::ManualApproved, _) => match self.live(id).manual.clone() {
                Some((by, _)) => Starter::Manual { by },
                None => return,
            },
            (Wish::Approved, None) => return self.plan_changed(id, plan),
            (Wish::Auto, _) if self.on_probe(id) => Starter::Probe,
            (Wish::Auto, _) => Starter::Auto,
        };
        self.withdraw(id, "it runs without one");
        self.start(id, plan, starter);
    }

    fn on_probe(&self, id: IncidentId) -> bool {
        let state = self.incident(id).and_then(|incident| self.state.breakers.get(&incident.key)).map(Breaker::state);
        matches!(state, Some(BreakerState::Open { .. } | BreakerState::HalfOpen { .. }))
    }

    fn plan_changed(&mut self, id: IncidentId, plan: &Arc<Plan>) {
        let Some(incident) = self.incident(id) else { return };
        let generation = incident.generation;
        self.record(Event::Withdrawn { incident: id, generation, why: Arc::from("the plan changed") });
        let why = self.book_of(id).map_or(Asks::Mode, |playbook| {
            self.question(id, &playbook, None).map_or(Asks::Mode, |question| match question.judge() {
                Answer::Ask(why) => why,
                Answer::Pass | Answer::Deny(_) => Asks::Mode,
            })
        });
        self.ask(id, why, plan);
    }

    /// A run by hand that must be approved first is answered with that.
    fn answer_by_asking(&mut self, id: IncidentId) {
        let request = self.live(id).manual.as_mut().and_then(|(_, request)| request.take());
        if let Some(request) = request {
            self.reply(request, Ok(format!("incident {id}: its risk is high; approve it first")));
        }
    }

    /// Voids an open request, if there is one.
    pub(super) fn withdraw(&mut self, id: IncidentId, why: &str) {
        if let Some(Step::Asking(request)) = self.incident(id).map(|incident| &incident.step) {
            let generation = request.generation;
            self.record(Event::Withdrawn { incident: id, generation, why: Arc::from(why) });
        }
    }

    /// An operator's yes is wanted; a request for the same plan stands.
    fn ask(&mut self, id: IncidentId, why: Asks, plan: &Arc<Plan>) {
        let Some(incident) = self.incident(id) else { return };
        if let Step::Asking(request) = &incident.step
            && request.plan.digest == plan.digest
        {
            return;
        }
        self.withdraw(id, "the plan changed");
        let Some(incident) = self.incident(id) else { return };
        let by_hand = self.live.get(&id).is_some_and(|live| live.manual.is_some());
        if incident.expired && !by_hand {
            return;
        }
        let generation = incident.generation + 1;
        let expires = self.now.mono + self.config.approval_ttl;
        let request = Request { generation, plan: Arc::clone(plan), why, expires };
        self.record(Event::Asked { incident: id, request });
        self.stop_waiting(id);
        self.timers.set(Timer::Incident(id), expires);
    }

    /// Nobody answered: silence is not lost, a human is called.
    pub(super) fn expire(&mut self, id: IncidentId) {
        let by_hand = self.live(id).manual.take().is_some();
        if by_hand && self.opened_by_hand(id) {
            self.close(id, &Outcome::Expired);
        } else if self.incident(id).is_some_and(|incident| incident.escalation.is_some()) {
            self.withdraw(id, "nobody answered in time");
        } else {
            self.escalate(id, Cause::Expired);
            // nobody may be called in shadow: the request ends, and the incident goes on
            if self.incident(id).is_some_and(|incident| incident.escalation.is_none()) {
                self.withdraw(id, "nobody answered in time");
                self.advance(id);
            }
        }
    }

    fn planless(&mut self, id: IncidentId, why: &Arc<str>) {
        let now = self.now.mono;
        let since = *self.live(id).planless.get_or_insert(now);
        if now.since(since) >= self.config.unknown_bound {
            self.withdraw(id, "no plan can be made any more");
            self.refuse_manual(id, why);
            self.escalate(id, Cause::NoPlan { why: Arc::clone(why) });
        } else {
            self.deny(id, &Denial::NoPlan { why: Arc::clone(why) });
        }
    }

    /// The gate said no: a run by hand is refused, a request is void, and the incident waits for the denial's end.
    fn deny(&mut self, id: IncidentId, denial: &Denial) {
        self.withdraw(id, "the gate denies it now");
        self.refuse_manual(id, &denial.to_string());
        self.hold(id, denial);
    }

    /// Records the denial where its kind is new, and arranges to ask again.
    fn hold(&mut self, id: IncidentId, denial: &Denial) {
        let Some(incident) = self.incident(id) else { return };
        let former = match (&incident.step, self.live.get(&id).and_then(|live| live.denied.as_ref())) {
            (Step::Held(denial), _) => Some(denial),
            (Step::Escalated(_), denied) => denied,
            _ => None,
        };
        if former.is_none_or(|former| std::mem::discriminant(former) != std::mem::discriminant(denial)) {
            self.record(Event::Held { incident: id, denial: denial.clone() });
        }
        let busy = matches!(denial, Denial::SystemdBusy { .. });
        let live = self.live(id);
        live.denied = Some(denial.clone());
        live.busy = if busy { live.busy.saturating_add(1) } else { 0 };
        if !matches!(denial, Denial::NoPlan { .. }) {
            live.planless = None;
        }
        self.ask_again(id, denial);
        self.call_for(id, denial);
        if !matches!(denial, Denial::LockHeld { .. }) {
            self.wake_locked();
        }
    }

    /// Arranges what ends this denial.
    fn ask_again(&mut self, id: IncidentId, denial: &Denial) {
        let now = self.now.mono;
        let (wait, at) = match denial {
            Denial::Paused { .. } => (Some(Wait::Pause), None),
            Denial::Snoozed { .. } => (Some(Wait::Snooze), None),
            Denial::OutsideWindow => (None, Some(now + self.until_window(id))),
            Denial::DependencyUnhealthy { .. } => (Some(Wait::Need), None),
            Denial::StoppedByOperator { .. } => (None, Some(now + STOPPED_AGAIN)),
            Denial::LockHeld { .. } | Denial::Quarantined { .. } => (Some(Wait::Lock), Some(now + LOCK_AGAIN)),
            Denial::SystemdBusy { .. } => {
                let times = self.live(id).busy.saturating_sub(1).min(10);
                (None, Some(now + Duration::from_secs((1 << times).min(BUSY_LONGEST))))
            }
            Denial::BreakerOpen { .. } => (None, None),
            Denial::Cooldown { until } | Denial::BootGrace { until } => (None, Some(*until)),
            Denial::Storm { .. } => (Some(Wait::Storm), None),
            Denial::Shadow | Denial::Off => (Some(Wait::Mode), None),
            Denial::CannotRecord { .. } => (Some(Wait::Recording), None),
            Denial::NoPlan { .. } => (None, Some(now + PLAN_AGAIN)),
        };
        if let Some(wait) = wait {
            self.waits.insert((wait, id));
        }
        if let Some(at) = at {
            self.timers.set(Timer::Incident(id), at);
        }
    }

    /// The denials that call a human.
    fn call_for(&mut self, id: IncidentId, denial: &Denial) {
        match denial {
            Denial::BreakerOpen { .. } => self.breaker_denied(id),
            Denial::Storm { failing, of } if self.incident(id).is_some_and(|one| self.may_page(&one.key)) => {
                self.page_storm(id, *failing, *of);
            }
            _ => {}
        }
    }

    fn until_window(&self, id: IncidentId) -> Duration {
        let Some(window) = self.book_of(id).and_then(|playbook| playbook.only_between) else { return LOOK_AGAIN };
        let minute = u64::from(self.now.minute_of_day);
        let ahead = (u64::from(window.from) + 1440 - minute) % 1440;
        Duration::from_secs(60 * ahead.clamp(1, 60))
    }

    /// Everything that the gate looks at, for this incident now.
    pub(super) fn question(&self, id: IncidentId, playbook: &Playbook, facts: Option<&Facts>) -> Option<Question> {
        let incident = self.incident(id)?;
        Some(self.question_about(&incident.key, id, self.wish(incident), playbook, facts))
    }

    /// What the gate would say now to an attempt on this key; nothing changes. None where nothing is watched there.
    #[must_use]
    pub fn rehearse(&self, key: &Key, facts: &Facts) -> Option<Answer> {
        let playbook = &self.keys.get(key)?.playbook;
        let me = self.state.by_key.get(key).copied().unwrap_or(IncidentId(0));
        Some(self.question_about(key, me, Wish::Auto, playbook, Some(facts)).judge())
    }

    fn question_about(
        &self,
        key: &Key,
        id: IncidentId,
        wish: Wish,
        playbook: &Playbook,
        facts: Option<&Facts>,
    ) -> Question {
        let now = self.now.mono;
        let (mode, first_live) = self.standing(key);
        let grace = self.state.booted + self.config.boot_grace;
        let snooze = self.state.snoozes.get(key).filter(|(_, until, _)| *until > now);
        Question {
            wish,
            cannot_record: self.recording.as_ref().err().cloned(),
            paused: self.paused(playbook),
            snoozed: snooze.map(|(by, until, _)| (by.clone(), *until)),
            outside_window: playbook.only_between.is_some_and(|window| !window.contains(self.now.minute_of_day)),
            needs: self.unhealthy_need(playbook),
            stopped: facts
                .filter(|_| playbook.skip_if_stopped_by_operator)
                .and_then(|facts| facts.stopped_by_operator.clone()),
            locked: self.state.lock_against(&key.target, id),
            quarantined: self.state.quarantined(&key.target),
            busy: facts.and_then(|facts| facts.busy.clone()),
            breaker: self.admission(key, playbook),
            cooldown: self.cooldown(key, playbook),
            budget_spent: self.state.host.count(now, self.config.host_window) >= self.config.host_attempts,
            storm: self.storm(),
            grace: (grace > now).then_some(grace),
            risk: playbook.risk,
            mode,
            first_live,
        }
    }

    fn wish(&self, incident: &Incident) -> Wish {
        let approved = incident.yes.as_ref().is_some_and(|yes| yes.expires > self.now.mono);
        let by_hand = self.live.get(&incident.id).is_some_and(|live| live.manual.is_some());
        match (approved, by_hand) {
            (true, true) => Wish::ManualApproved,
            (true, false) => Wish::Approved,
            (false, true) => Wish::Manual,
            (false, false) => Wish::Auto,
        }
    }

    fn admission(&self, key: &Key, playbook: &Playbook) -> Admission {
        let limits = Limits::of(playbook);
        self.state.breakers.get(key).map_or(Admission::Pass, |breaker| breaker.admits(self.now.mono, limits))
    }

    fn cooldown(&self, key: &Key, playbook: &Playbook) -> Option<super::time::Mono> {
        let until = self.state.breakers.get(key)?.last_invoked()? + playbook.cooldown?.0;
        (until > self.now.mono).then_some(until)
    }

    /// The mode in force here, and whether a first live attempt must still ask.
    pub(super) fn standing(&self, key: &Key) -> (Mode, bool) {
        let Some(watched) = self.keys.get(key) else { return (Mode::Off, false) };
        let written = watched.playbook.mode;
        let shadow = if written == Mode::Off { Mode::Off } else { Mode::Shadow };
        match (self.state.armed.get(&key.content), watched.standing) {
            (Some(true), _) | (None, Standing::AsWritten) => (written, false),
            (Some(false), _) | (None, Standing::ShadowUntilArmed) => (shadow, false),
            (None, Standing::AsksFirst) => (written, !self.state.lived.contains(&key.content)),
        }
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
