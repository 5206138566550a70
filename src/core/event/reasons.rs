//! Why an event happened, as the journal keeps it: data, never sentences. The words stand in `core/display.rs`.
//!
//! Each reason is an object with its `kind`. Former versions wrote a sentence there instead, which is read as `Former` and
//! shown and written as it was.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::command::Operator;
use crate::core::command::reason::Reason;

/// Why a request for approval became void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WithdrawalReason {
    /// The rung's plan is no longer the one that was asked about.
    PlanChanged,
    /// The gate denies now what it asked about before.
    Denied,
    /// The gate lets the plan pass now without an approval.
    ApprovalNotNeeded,
    /// An earlier attempt must be judged before another one may start.
    AttemptUnverified,
    /// An operator started the playbook by hand.
    ManualRun,
    /// The playbook's target is not there any more.
    TargetMissing,
    /// The incident was closed before anybody answered.
    IncidentClosed,
    /// The host was rebooted, and what was asked about the former boot is void.
    HostRebooted,
    /// The request expired before anybody answered.
    Unanswered,
    /// The sentence that a former version recorded.
    #[serde(untagged)]
    Former(Arc<str>),
}

/// Why an attempt did not count as a fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NotVerifiedReason {
    /// The deadline came while only `passed` of `of` checks passed; `saw` is what the first failing one had seen.
    Deadline {
        passed: usize,
        of: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saw: Option<Arc<str>>,
    },
    /// The deadline came, and the playbook whose checks would tell is no longer loaded.
    PlaybookUnloaded,
    /// Every check passed, and then one of them failed during the soak; `saw` is what it had seen.
    BrokeDuringSoak { saw: Arc<str> },
    /// The soak was over, and some check could not be read.
    UnreadAfterSoak,
    /// Another actor started the unit after the attempt had ended.
    StartedByOthers,
    /// The sentence that a former version recorded.
    #[serde(untagged)]
    Former(Arc<str>),
}

/// Why a breaker changed its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BreakerReason {
    /// The cooldown is over, so one probe may run.
    CooldownOver,
    /// The playbook's attempts within its window are used up.
    AttemptsSpent,
    /// The half-open breaker's probe was verified.
    ProbeVerified,
    /// The half-open breaker's probe did not fix anything.
    ProbeFailed { failure: ProbeFailure },
    /// An operator reset or latched it, and said why.
    Operator { reason: Reason },
    /// The sentence that a former version recorded, an operator's words among them.
    #[serde(untagged)]
    Former(Reason),
}

/// How a half-open breaker's probe failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProbeFailure {
    /// The probe ran, and its verification failed.
    NotVerified { why: NotVerifiedReason },
    /// Processes of the probe could not be stopped.
    ScopeNotEmpty,
    /// The incident was closed before the probe was verified.
    IncidentClosed,
}

/// Why a page ended where no outcome of an incident says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PageEndReason {
    /// An operator approved the plan that the page asked about, and the attempt has started.
    Approved { by: Operator },
    /// An operator started the attempt by hand.
    StartedManually { by: Operator },
    /// An attempt has started that needed no approval any more.
    StartedWithoutApproval,
    /// The request for approval was withdrawn.
    RequestWithdrawn,
    /// The incident goes on in the page of its target.
    MovedToTarget,
    /// So few targets fail now that it is no storm.
    StormEnded,
    /// The sentence that a former version recorded.
    #[serde(untagged)]
    Former(Arc<str>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_an_object_and_a_former_versions_sentence_stays_a_sentence() {
        let reason = NotVerifiedReason::Deadline { passed: 0, of: 2, saw: Some("503".into()) };
        let written = serde_json::to_value(&reason).unwrap();
        assert_eq!(written, serde_json::json!({"kind": "deadline", "passed": 0, "of": 2, "saw": "503"}));
        assert_eq!(serde_json::from_value::<NotVerifiedReason>(written).unwrap(), reason);

        let failure = ProbeFailure::NotVerified { why: NotVerifiedReason::Former("as it was".into()) };
        let reason = BreakerReason::ProbeFailed { failure };
        let written = serde_json::to_value(&reason).unwrap();
        assert_eq!(serde_json::from_value::<BreakerReason>(written).unwrap(), reason);

        // not even where an operator of former times wrote a word of today
        let former: BreakerReason = serde_json::from_value("cooldown_over".into()).unwrap();
        assert_eq!(
            (&former, former.to_string().as_str()),
            (&BreakerReason::Former("cooldown_over".into()), "cooldown_over")
        );
        assert_eq!(serde_json::to_value(&former).unwrap(), "cooldown_over");
    }
}
