//! The gate: the rules that every attempt must pass, in one order, each denial typed.
//!
//! paused · snoozed or outside its window · dependency · stopped by an operator · lock (incident, quarantine,
//! systemd) · contention · breaker · cooldown · host budget · storm · boot grace · mode and risk.
//!
//! Before all of them: what cannot be recorded may not be done. The host budget does not deny; past it everything
//! asks, and a denial further down the list still denies. The gate only judges the [`Question`]; who asks gathers it.

use std::sync::Arc;

use super::breaker::Admission;
use super::command::{Operator, Scope};
use super::id::{AttemptId, IncidentId};
use super::incident::{Asks, Denial};
use super::input::StopOrigin;
use super::reason::Reason;
use super::time::Mono;
use crate::playbook::{Mode, Risk};

/// Everything that the gate looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Who wants the attempt.
    pub wish: Wish,
    /// Why records cannot be written, if they cannot.
    pub cannot_record: Option<Arc<str>>,
    /// The pause or maintenance window in force, the host's before the playbook's.
    pub paused: Option<Halt>,
    /// The snooze in force.
    pub snoozed: Option<(Operator, Mono)>,
    /// Now lies outside `only_between`.
    pub outside_window: bool,
    /// A playbook that this one needs, and that is not healthy.
    pub needs: Option<Arc<str>>,
    /// Who stopped the target, where that counts.
    pub stop: StopOrigin,
    /// The playbook whose remedy and this one's break each other's targets.
    pub contended: Option<Arc<str>>,
    /// Another incident that acts on a target in conflict.
    pub locked: Option<IncidentId>,
    /// The attempt whose processes could not be ended.
    pub quarantined: Option<AttemptId>,
    /// What systemd or a container engine does by itself.
    pub busy: Option<Arc<str>>,
    /// What the breaker says.
    pub breaker: Admission,
    /// The end of the playbook's cooldown, if it has not passed.
    pub cooldown: Option<Mono>,
    /// The host's budget is spent.
    pub budget_spent: bool,
    /// So many fail of so many watched, where that makes a storm.
    pub storm: Option<(usize, usize)>,
    /// The end of the boot grace, if it has not passed.
    pub grace: Option<Mono>,
    /// How much may go wrong.
    pub risk: Risk,
    /// The mode in force, after arming.
    pub mode: Mode,
    /// What calls for caution: records were lost, or the first live attempt of this content is still to come.
    pub caution: Option<Asks>,
}

/// A pause or a maintenance window in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Halt {
    /// Of what.
    pub scope: Scope,
    /// By whom.
    pub by: Operator,
    /// Until when; none means until resumed.
    pub until: Option<Mono>,
    /// Why.
    pub reason: Reason,
}

/// Who wants the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The machine, by itself.
    Auto,
    /// An operator said yes to exactly this plan.
    Approved,
    /// An operator asked for it by hand.
    Manual,
    /// An operator asked for it by hand, and said yes to exactly this plan.
    ManualApproved,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It may run.
    Pass,
    /// It may run after an operator's yes.
    Ask(Asks),
    /// Not now.
    Deny(Denial),
}

impl Question {
    /// The gate's answer.
    pub fn judge(&self) -> Answer {
        match self.denial() {
            Some(denial) => Answer::Deny(denial),
            None => match (self.wish, self.asks()) {
                (Wish::Auto, Some(why)) => Answer::Ask(why),
                // What an operator runs by hand is above mode and budget, but high risk needs a yes to exactly what is shown.
                (Wish::Manual, _) if self.risk == Risk::High => Answer::Ask(Asks::HighRisk),
                (Wish::Auto, None) | (Wish::Approved | Wish::Manual | Wish::ManualApproved, _) => Answer::Pass,
            },
        }
    }

    /// The first denial in the gate's order.
    fn denial(&self) -> Option<Denial> {
        self.suppressed()
            .or_else(|| self.stopped_on_purpose())
            .or_else(|| self.held())
            .or_else(|| self.contends())
            .or_else(|| self.broken())
            .or_else(|| self.unwise())
            .or_else(|| self.mode_denies())
    }

    /// Cannot record, paused, snoozed, outside its window, or a dependency is unhealthy.
    pub fn suppressed(&self) -> Option<Denial> {
        if let Some(why) = &self.cannot_record {
            return Some(Denial::CannotRecord { why: Arc::clone(why) });
        }
        if let Some(Halt { scope, by, until, reason }) = self.paused.clone() {
            return Some(Denial::Paused { scope, by, until, reason });
        }
        self.quiet()
    }

    /// The denials that also keep a page from going out: what is left alone on purpose, or fails for another's sake.
    pub fn quiet(&self) -> Option<Denial> {
        if let Some((by, until)) = &self.snoozed {
            return Some(Denial::Snoozed { by: by.clone(), until: *until });
        }
        if self.outside_window {
            return Some(Denial::OutsideWindow);
        }
        self.needs.clone().map(|playbook| Denial::DependencyUnhealthy { playbook })
    }

    /// What an operator stopped is left alone.
    fn stopped_on_purpose(&self) -> Option<Denial> {
        match &self.stop {
            StopOrigin::Operator { evidence } => Some(Denial::StoppedByOperator { evidence: Arc::clone(evidence) }),
            StopOrigin::Nobody | StopOrigin::Salve | StopOrigin::Unclear { .. } => None,
        }
    }

    /// The target's lock.
    fn held(&self) -> Option<Denial> {
        if let Some(by) = self.locked {
            return Some(Denial::LockHeld { by });
        }
        if let Some(attempt) = self.quarantined {
            return Some(Denial::Quarantined { attempt });
        }
        self.busy.clone().map(|with| Denial::SystemdBusy { with })
    }

    /// What two remedies break in turn is left to a person, who may run either.
    fn contends(&self) -> Option<Denial> {
        let with = self.contended.clone()?;
        match self.wish {
            Wish::Auto => Some(Denial::Contended { with }),
            Wish::Approved | Wish::Manual | Wish::ManualApproved => None,
        }
    }

    /// The breaker, and the pause between two attempts.
    fn broken(&self) -> Option<Denial> {
        match (self.breaker, self.cooldown) {
            (Admission::Denied { until }, _) => Some(Denial::BreakerOpen { until }),
            (Admission::Pass | Admission::Probe, Some(until)) => Some(Denial::Cooldown { until }),
            (Admission::Pass | Admission::Probe, None) => None,
        }
    }

    /// Storm and boot grace. A storm stops only what is automatic.
    pub fn unwise(&self) -> Option<Denial> {
        match (self.storm, self.wish, self.grace) {
            (Some((failing, of)), Wish::Auto, _) => Some(Denial::Storm { failing, of }),
            (_, _, Some(until)) => Some(Denial::BootGrace { until }),
            _ => None,
        }
    }

    /// Shadow and off; a run by hand is above shadow.
    pub fn mode_denies(&self) -> Option<Denial> {
        match (self.mode, self.wish) {
            (Mode::Off, _) => Some(Denial::Off),
            (Mode::Shadow, Wish::Auto | Wish::Approved) => Some(Denial::Shadow),
            (Mode::Shadow, Wish::Manual | Wish::ManualApproved) | (Mode::Auto | Mode::Ask, _) => None,
        }
    }

    /// Why it must ask, most telling first.
    fn asks(&self) -> Option<Asks> {
        if let StopOrigin::Unclear { evidence } = &self.stop {
            Some(Asks::StopUnclear { evidence: Arc::clone(evidence) })
        } else if self.budget_spent {
            Some(Asks::HostBudget)
        } else if self.risk == Risk::High {
            Some(Asks::HighRisk)
        } else {
            self.caution.clone().or_else(|| (self.mode == Mode::Ask).then_some(Asks::Mode))
        }
    }
}
