//! The gate: the rules that every attempt must pass, in one order, each denial typed.
//!
//! paused · snoozed or outside its window · dependency · stopped by an operator · lock (incident, quarantine,
//! systemd) · contention · breaker · cooldown · host budget · storm · boot grace · mode and risk.
//!
//! Before all of them: what cannot be recorded may not be done. The host budget does not deny; past it everything
//! asks, and a denial further down the list still denies. The gate only judges a [`GateInput`]; the caller gathers it.

pub mod budget;
pub mod contention;
pub(super) mod denial;
pub mod denial_bounds;
pub(super) mod input;
pub mod locks;
pub(super) mod needs;
pub(super) mod preflight;
pub(super) mod storm;

use std::sync::Arc;

use super::breaker::Admission;
use super::command::reason::Reason;
use super::command::{Operator, Scope};
use super::id::{AttemptId, IncidentId};
use super::incident::{ApprovalReason, Denial};
use super::machine::input::StopOrigin;
use super::time::Mono;
use crate::playbook::{Mode, Risk};

/// Everything that the gate looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct GateInput {
    /// What the attempt comes from: the engine, an approval, or an operator.
    pub wish: Trigger,
    /// Why records cannot be written, if they cannot.
    pub cannot_record: Option<Arc<str>>,
    /// The pause or maintenance window in force, the host's before the playbook's.
    pub paused: Option<ActivePause>,
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
    pub caution: Option<ApprovalReason>,
}

/// A pause or a maintenance window in force.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivePause {
    /// Everything that is paused: the host, a playbook or a target.
    pub scope: Scope,
    /// The operator who paused it, or who planned the maintenance window.
    pub by: Operator,
    /// When it ends, on the running clock; none means when somebody resumes it.
    pub until: Option<Mono>,
    /// Why it is paused, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// What an attempt comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The engine wants it, because the playbook fires.
    Auto,
    /// An operator said yes to exactly this plan.
    Approved,
    /// An operator asked for it by hand.
    Manual,
    /// An operator asked for it by hand, and said yes to exactly this plan.
    ManualApproved,
}

/// What the gate decided about an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum GateDecision {
    /// The attempt may run now.
    Pass,
    /// The attempt may run once an operator has approved it.
    Ask(ApprovalReason),
    /// It must not run now; the denial names the first rule that forbids it.
    Deny(Denial),
}

impl GateInput {
    /// Applies the rules in their order and returns the gate's decision.
    pub fn judge(&self) -> GateDecision {
        match self.denial() {
            Some(denial) => GateDecision::Deny(denial),
            None => match (self.wish, self.asks()) {
                (Trigger::Auto, Some(why)) => GateDecision::Ask(why),
                // What an operator runs by hand is above mode and budget, but high risk needs a yes to exactly what is shown.
                (Trigger::Manual, _) if self.risk == Risk::High => GateDecision::Ask(ApprovalReason::HighRisk),
                (Trigger::Auto, None) | (Trigger::Approved | Trigger::Manual | Trigger::ManualApproved, _) => {
                    GateDecision::Pass
                }
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
        if let Some(ActivePause { scope, by, until, reason }) = self.paused.clone() {
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
            Trigger::Auto => Some(Denial::Contended { with }),
            Trigger::Approved | Trigger::Manual | Trigger::ManualApproved => None,
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
            (Some((failing, of)), Trigger::Auto, _) => Some(Denial::Storm { failing, of }),
            (_, _, Some(until)) => Some(Denial::BootGrace { until }),
            _ => None,
        }
    }

    /// Shadow and off; a run by hand is above shadow.
    pub fn mode_denies(&self) -> Option<Denial> {
        match (self.mode, self.wish) {
            (Mode::Off, _) => Some(Denial::Off),
            (Mode::Shadow, Trigger::Auto | Trigger::Approved) => Some(Denial::Shadow),
            (Mode::Shadow, Trigger::Manual | Trigger::ManualApproved) | (Mode::Auto | Mode::Ask, _) => None,
        }
    }

    /// Why it must ask, most telling first.
    fn asks(&self) -> Option<ApprovalReason> {
        if let StopOrigin::Unclear { evidence } = &self.stop {
            Some(ApprovalReason::StopUnclear { evidence: Arc::clone(evidence) })
        } else if self.budget_spent {
            Some(ApprovalReason::HostBudget)
        } else if self.risk == Risk::High {
            Some(ApprovalReason::HighRisk)
        } else {
            self.caution.clone().or_else(|| (self.mode == Mode::Ask).then_some(ApprovalReason::Mode))
        }
    }
}
