//! The core's decisions in words: one part of a sentence each, without times (a screen adds those).

use std::fmt;

use crate::core::command::{Operator, Scope};
use crate::core::event::reasons::{BreakerReason, NotVerifiedReason, PageEndReason, ProbeFailure, WithdrawalReason};
use crate::core::gate::GateDecision;
use crate::core::incident::{AttemptStarter, Cause, Denial, Outcome, Trip};
use crate::playbook::value::Period;

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.login {
            Some(login) => write!(f, "{} (login {login})", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("this host"),
            Self::Playbook(name) => write!(f, "playbook {name}"),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused { scope, by, reason, .. } if reason.is_empty() => write!(f, "{scope} is paused by {by}"),
            Self::Paused { scope, by, reason, .. } => write!(f, "{scope} is paused by {by}: {reason}"),
            Self::Snoozed { by, .. } => write!(f, "snoozed by {by}"),
            Self::OutsideWindow => f.write_str("outside its time window"),
            Self::DependencyUnhealthy { playbook } => write!(f, "waiting for {playbook} to recover"),
            Self::StoppedByOperator { evidence } => write!(f, "stopped by an operator: {evidence}"),
            Self::LockHeld { by } => write!(f, "queued: incident {by} is acting on this target"),
            Self::SystemdBusy { with } => write!(f, "busy: {with}"),
            Self::BreakerOpen { until: Some(_) } => f.write_str("the breaker is open"),
            Self::BreakerOpen { until: None } => f.write_str("the breaker is latched until an operator resets it"),
            Self::Cooldown { .. } => f.write_str("cooling down after its last attempt"),
            Self::Storm { failing, of } => write!(f, "storm: {failing} of {of} targets down"),
            Self::BootGrace { .. } => f.write_str("the host has just booted"),
            Self::Shadow => f.write_str("shadow mode: recorded, not run"),
            Self::Off => f.write_str("mode is off"),
            Self::CannotRecord { why } => write!(f, "the journal cannot be written: {why}"),
            Self::Quarantined { .. } => f.write_str("quarantined: processes of an earlier attempt could not be killed"),
            Self::NoPlan { why } => write!(f, "no plan: {why}"),
            Self::TargetMissing { why } => write!(f, "target missing: {why}"),
            Self::Contended { with } => write!(f, "its remediation and that of {with} break each other's targets"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BreakerOpened { attempts, window_ms, trip } => {
                let window = Period(std::time::Duration::from_millis(*window_ms));
                match trip {
                    Trip::Unrecorded => write!(f, "the breaker opened after {attempts} attempts in {window}"),
                    Trip::NotVerified { failed } => write!(f, "{failed} of {attempts} attempts not verified"),
                    Trip::Fixed { times: 1 } => {
                        write!(f, "fixed once in {window}: automation stopped, find the cause")
                    }
                    Trip::Fixed { times } => {
                        write!(f, "fixed {times} times in {window}: automation stopped, find the cause")
                    }
                    Trip::Probe => f.write_str("the breaker's probe was not verified: it is open again"),
                    Trip::AlreadyOpen => f.write_str("the breaker is open: nothing was attempted"),
                }
            }
            Self::LadderSpent => f.write_str("every rung was tried and none verified"),
            Self::NoRemediation => f.write_str("no remediation is defined"),
            Self::CannotSee { why } => write!(f, "state unknown: {why}"),
            Self::SystemdSilent { why, targets } => {
                let unseen = if *targets == 1 {
                    "1 target cannot be checked".into()
                } else {
                    format!("{targets} targets cannot be checked")
                };
                write!(f, "systemd does not respond, so {unseen}: {why}")
            }
            Self::Indeterminate { .. } => {
                f.write_str("the outcome of the last attempt is unknown after a crash, and repeating it is not safe")
            }
            Self::ScopeNotEmpty { .. } => f.write_str("processes of the last attempt could not be killed"),
            Self::Storm { failing, of } => write!(f, "{failing} of {of} targets down"),
            Self::NoPlan { why } => write!(f, "no plan could be made: {why}"),
            Self::Expired => f.write_str("nobody answered the approval request"),
            Self::TargetMissing { why } => write!(f, "target missing: {why}"),
            Self::OnHold { denial, held_ms } => {
                write!(f, "on hold for {}: {denial}", Period(std::time::Duration::from_secs(held_ms / 1000)))
            }
            Self::Contention { with } => {
                write!(
                    f,
                    "its remediation and that of {with} break each other's targets: both are on hold until a playbook is changed or a breaker is reset"
                )
            }
            Self::AwaitingApproval { why } => write!(f, "an attempt awaits approval: {why}"),
            Self::DeadBand { seen } => write!(f, "no longer firing, not yet healthy: {seen}"),
            Self::Flapping { onsets, period_ms } => {
                let period = Period(std::time::Duration::from_millis(*period_ms));
                write!(f, "flapping: fired {onsets} times, usually {period} apart")
            }
        }
    }
}

impl fmt::Display for GateDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("allowed"),
            Self::Ask(why) => write!(f, "needs approval: {why}"),
            Self::Deny(denial) => write!(f, "denied: {denial}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Healed { .. } => f.write_str("fixed"),
            Self::SelfCleared => f.write_str("cleared without an attempt"),
            Self::ClearedUnverified => f.write_str("cleared, but no attempt was verified"),
            Self::Declined { by, reason } if reason.is_empty() => write!(f, "declined by {by}"),
            Self::Declined { by, reason } => write!(f, "declined by {by}: {reason}"),
            Self::Expired => f.write_str("the approval request expired"),
            Self::Superseded => f.write_str("target or playbook changed"),
            Self::ClosedByOperator { by, reason } if reason.is_empty() => write!(f, "closed by {by}"),
            Self::ClosedByOperator { by, reason } => write!(f, "closed by {by}: {reason}"),
            Self::EscalatedThenCleared => f.write_str("paged, then cleared"),
            Self::HealedByOperator { .. } => f.write_str("fixed by an operator"),
        }
    }
}

impl fmt::Display for AttemptStarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("automatically"),
            Self::Probe => f.write_str("as the half-open breaker's probe"),
            Self::Approved { by, .. } => write!(f, "after approval by {by}"),
            Self::Manual { by } => write!(f, "manually by {by}"),
        }
    }
}

impl fmt::Display for WithdrawalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PlanChanged => "the plan changed",
            Self::Denied => "the gate denies the plan now",
            Self::ApprovalNotNeeded => "the plan runs without an approval",
            Self::AttemptUnverified => "the last attempt must be verified first",
            Self::ManualRun => "an operator started the playbook manually",
            Self::TargetMissing => "its target is missing",
            Self::IncidentClosed => "the plan is no longer needed",
            Self::HostRebooted => "the host was rebooted",
            Self::Unanswered => "nobody answered in time",
            Self::Former(words) => words,
        })
    }
}

impl fmt::Display for NotVerifiedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline { passed, of, saw: None } => write!(f, "{passed} of {of} checks passed in time"),
            Self::Deadline { passed, of, saw: Some(saw) } => {
                write!(f, "{passed} of {of} checks passed in time, saw {saw}")
            }
            Self::PlaybookUnloaded => f.write_str("the playbook is no longer loaded"),
            Self::BrokeDuringSoak { saw } => write!(f, "failed again during the soak: {saw}"),
            Self::UnreadAfterSoak => f.write_str("the checks could not be read at the end of the soak"),
            Self::StartedByOthers => f.write_str("the unit was started by another actor after the attempt ended"),
            Self::Former(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for BreakerReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CooldownOver => f.write_str("the cooldown is over"),
            Self::AttemptsSpent => f.write_str("all attempts are used up"),
            Self::ProbeVerified => f.write_str("the probe attempt was verified"),
            Self::ProbeFailed { failure } => write!(f, "the probe attempt failed: {failure}"),
            Self::Operator { reason: words } | Self::Former(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for ProbeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotVerified { why } => why.fmt(f),
            Self::ScopeNotEmpty => f.write_str("the processes of the attempt could not be stopped"),
            Self::IncidentClosed => f.write_str("the incident was closed before the attempt was verified"),
        }
    }
}

impl fmt::Display for PageEndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approved { by } => write!(f, "{by} approved the plan: the attempt has started"),
            Self::StartedManually { by } => write!(f, "{by} started the attempt manually"),
            Self::StartedWithoutApproval => f.write_str("an attempt has started without an approval"),
            Self::RequestWithdrawn => f.write_str("the request for approval was withdrawn"),
            Self::MovedToTarget => f.write_str("continued in the page of its target"),
            Self::StormEnded => f.write_str("the storm ended"),
            Self::Former(words) => f.write_str(words),
        }
    }
}
