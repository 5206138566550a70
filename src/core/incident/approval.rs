//! The gate answers: an attempt passes, an operator is asked, or it is held; and a request ends.

use std::sync::Arc;

use super::{
    ApprovalReason, ApprovalRequest, AttemptStarter, BreakerState, Cause, Denial, Outcome, Phase, RequestAnswer,
};
use crate::core::event::Event;
use crate::core::event::reasons::WithdrawalReason;
use crate::core::gate::{GateDecision, Trigger};
use crate::core::id::IncidentId;
use crate::core::machine::Core;
use crate::core::machine::input::Facts;
use crate::core::plan::Plan;
use crate::core::time::timers::Timer;
use crate::playbook::Risk;

impl Core {
    /// Everything is fresh: the gate answers.
    pub(in crate::core) fn gate(&mut self, id: IncidentId, facts: &Facts) {
        self.live(id).unsure = None;
        let Some(playbook) = self.book_of(id) else { return };
        let Some(question) = self.question(id, &playbook, Some(facts)) else { return };
        match (question.judge(), &facts.plan) {
            (GateDecision::Deny(Denial::Shadow), plan) => {
                self.would_have(id, plan.as_ref().ok());
                self.deny(id, &Denial::Shadow);
            }
            (GateDecision::Deny(denial), _) => self.deny(id, &denial),
            (GateDecision::Pass | GateDecision::Ask(_), Err(why)) => self.planless(id, why),
            (GateDecision::Ask(why), Ok(plan)) => {
                self.answer_by_asking(id);
                self.ask(id, why, plan);
            }
            (GateDecision::Pass, Ok(plan)) => self.pass(id, question.wish, plan),
        }
    }

    fn would_have(&mut self, id: IncidentId, plan: Option<&Arc<Plan>>) {
        if let Some(plan) = plan
            && self.incident(id).is_some_and(|incident| !incident.shadowed)
        {
            self.record(Event::ShadowPlan { incident: id, plan: Arc::clone(plan) });
        }
    }

    /// The gate lets it pass: an approved attempt only with exactly the plan that was approved.
    fn pass(&mut self, id: IncidentId, wish: Trigger, plan: &Arc<Plan>) {
        let Some(incident) = self.incident(id) else { return };
        let yes = incident.yes.clone().filter(|yes| yes.digest == plan.digest);
        let risky = self.book_of(id).is_some_and(|playbook| playbook.risk == Risk::High);
        let starter = match (wish, yes) {
            (Trigger::Approved | Trigger::ManualApproved, Some(yes)) => {
                AttemptStarter::Approved { by: yes.by, digest: yes.digest }
            }
            (Trigger::ManualApproved, None) if risky => {
                self.answer_by_asking(id);
                return self.plan_changed(id, plan);
            }
            (Trigger::Manual | Trigger::ManualApproved, _) => match self.live(id).manual.clone() {
                Some((by, _)) => AttemptStarter::Manual { by },
                None => return,
            },
            (Trigger::Approved, None) => return self.plan_changed(id, plan),
            (Trigger::Auto, _) if self.on_probe(id) => AttemptStarter::Probe,
            (Trigger::Auto, _) => AttemptStarter::Auto,
        };
        self.withdraw(id, WithdrawalReason::ApprovalNotNeeded);
        self.start(id, plan, &starter);
    }

    fn on_probe(&self, id: IncidentId) -> bool {
        let state = self.incident(id).and_then(|incident| self.state.breakers().state(&incident.key));
        matches!(state, Some(BreakerState::Open { .. } | BreakerState::HalfOpen { .. }))
    }

    fn plan_changed(&mut self, id: IncidentId, plan: &Arc<Plan>) {
        let Some(incident) = self.incident(id) else { return };
        let generation = incident.generation;
        self.record(Event::Withdrawn { incident: id, generation, why: WithdrawalReason::PlanChanged });
        let why = self.book_of(id).map_or(ApprovalReason::Mode, |playbook| {
            self.question(id, &playbook, None).map_or(ApprovalReason::Mode, |question| match question.judge() {
                GateDecision::Ask(why) => why,
                GateDecision::Pass | GateDecision::Deny(_) => ApprovalReason::Mode,
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
    pub(in crate::core) fn withdraw(&mut self, id: IncidentId, why: WithdrawalReason) {
        if let Some(request) = self.incident(id).and_then(|incident| incident.phase().request()) {
            let generation = request.generation;
            self.record(Event::Withdrawn { incident: id, generation, why });
        }
    }

    /// An operator's yes is wanted; a request for the same plan stands.
    fn ask(&mut self, id: IncidentId, why: ApprovalReason, plan: &Arc<Plan>) {
        let Some(incident) = self.incident(id) else { return };
        if let Phase::Asking(request) = incident.phase()
            && request.plan.digest == plan.digest
        {
            return;
        }
        self.withdraw(id, WithdrawalReason::PlanChanged);
        let Some(incident) = self.incident(id) else { return };
        let by_hand = self.live.get(&id).is_some_and(|live| live.manual.is_some());
        if incident.answer == RequestAnswer::Expired && !by_hand {
            return;
        }
        let generation = incident.generation + 1;
        let expires = self.now.mono + self.config.approval_ttl;
        let request = ApprovalRequest { generation, plan: Arc::clone(plan), why, expires, first: None };
        let asks = request.why.clone();
        self.record(Event::Asked { incident: id, request });
        self.stop_waiting(id);
        self.timers.cancel(&Timer::Denied(id));
        self.timers.set(Timer::Incident(id), expires);
        // who runs it by hand knows
        if !by_hand {
            self.announce(id, &asks);
        }
    }

    /// Nobody answered: silence is not lost, a human is called.
    pub(in crate::core) fn expire(&mut self, id: IncidentId) {
        let by_hand = self.live(id).manual.take().is_some();
        if by_hand && self.opened_by_hand(id) {
            self.close(id, &Outcome::Expired);
        } else if self.incident(id).is_some_and(|incident| incident.escalation.is_some()) {
            self.withdraw(id, WithdrawalReason::Unanswered);
            self.escalate(id, Cause::Expired);
        } else {
            self.escalate(id, Cause::Expired);
            // nobody may be called in shadow: the request ends, and the incident goes on
            if self.incident(id).is_some_and(|incident| incident.escalation.is_none()) {
                self.withdraw(id, WithdrawalReason::Unanswered);
                self.advance(id);
            }
        }
    }

    fn planless(&mut self, id: IncidentId, why: &Arc<str>) {
        self.deny(id, &Denial::NoPlan { why: Arc::clone(why) });
    }
}
