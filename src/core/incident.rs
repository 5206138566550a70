//! One failure of one target under one playbook, from first bad reading to its outcome.
//!
//! ```text
//! watching -> pending(for) -> firing -> gate -+-> awaiting approval -+-> remediating -> verifying -> soaking -> healed
//!               |  clears: pending resets     |                      |                    |   (fails: next rung, back to gate;
//!               v                             +-> held (suppressed,  |                    |    no rung left: escalated)
//!            watching                         |   or queued)         +-> declined / expired
//!                                             +-> escalated (breaker open, no rung left, persistent unknown)
//! ```

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::{Operator, Scope};
use super::id::{AttemptId, IncidentId};
use super::plan::{Digest, Plan};
use super::reason::Reason;
use super::time::Mono;

/// Where an open incident stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// The hold time has passed; fresh readings and the gate's facts are being gathered.
    Firing,
    /// The gate said no for now; it is asked again when the denial ends.
    Held(Denial),
    /// An operator's yes is wanted.
    Asking(ApprovalRequest),
    /// An attempt runs.
    Remediating(AttemptId),
    /// The attempt is over, its scope empty; readings that began after `since` are awaited until `deadline`.
    Verifying { attempt: AttemptId, since: Mono, deadline: Mono },
    /// Every verifier holds; they must go on holding until `until`.
    Soaking { attempt: AttemptId, since: Mono, until: Mono },
    /// A human was called; salve watches until the fault clears.
    Escalated(Cause),
    /// Over; absorbing.
    Closed(Outcome),
}

/// A request for an operator's yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalRequest {
    /// Counts the requests of one incident from 1; a yes to an older one is void.
    pub generation: u32,
    /// Exactly what would be run.
    pub plan: Arc<Plan>,
    /// Why it asks instead of acting.
    pub why: ApprovalReason,
    /// After this, silence has expired it.
    pub expires: Mono,
    /// The first of two people who must say yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Operator>,
}

/// Why the gate asks instead of acting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalReason {
    /// The playbook's mode says so.
    Mode,
    /// High risk always asks.
    HighRisk,
    /// A new or changed playbook's first live attempt.
    FirstLiveAttempt,
    /// The host's budget of attempts is spent.
    HostBudget,
    /// The target flaps: only in journals of former versions.
    Flapping,
    /// Records of the journal were lost: attempts may have been forgotten that the breaker would have counted.
    RecordsLost,
    /// It cannot be told whether somebody stopped the target on purpose; what is known.
    StopUnclear { evidence: Arc<str> },
}

/// Why the gate said no. Each is typed, shown and recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// Somebody paused the host or the playbook.
    Paused {
        scope: Scope,
        by: Operator,
        until: Option<Mono>,
        #[serde(default)]
        reason: Reason,
    },
    /// Somebody snoozed this target.
    Snoozed { by: Operator, until: Mono },
    /// Outside `only_between`.
    OutsideWindow,
    /// A playbook that this one needs is not healthy.
    DependencyUnhealthy { playbook: Arc<str> },
    /// An operator stopped the unit; it is left alone, and how that is known.
    StoppedByOperator { evidence: Arc<str> },
    /// Another incident acts on this target, or on one that conflicts.
    LockHeld { by: IncidentId },
    /// systemd, or the container's engine, has a job or an automatic restart of its own under way.
    SystemdBusy { with: Arc<str> },
    /// The breaker is open or latched.
    BreakerOpen { until: Option<Mono> },
    /// The playbook's `cooldown` since its last attempt here.
    Cooldown { until: Mono },
    /// Too many targets fail at once.
    Storm { failing: usize, of: usize },
    /// The host has just booted.
    BootGrace { until: Mono },
    /// Shadow: recorded, not done.
    Shadow,
    /// The mode is off.
    Off,
    /// Records cannot be written.
    CannotRecord { why: Arc<str> },
    /// The target's last scope could not be emptied.
    Quarantined { attempt: AttemptId },
    /// The plan could not be made.
    NoPlan { why: Arc<str> },
    /// Its playbook names the target, and nothing is there.
    TargetMissing { why: Arc<str> },
    /// Its remedy and that of another playbook break each other's targets: which, and where.
    Contended { with: Arc<str> },
}

/// Why a human was called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The breaker opened, or is open: attempts made in its window, and what became of them.
    BreakerOpened {
        attempts: u32,
        window_ms: u64,
        #[serde(default)]
        trip: Trip,
    },
    /// Every rung was tried and none verified.
    LadderSpent,
    /// There is no remediation: the failure is known, its mend is not.
    NoRemediation,
    /// The probe cannot see, for too long.
    CannotSee { why: Arc<str> },
    /// systemd answers nobody, for too long: one page for all targets that cannot be seen because of it.
    SystemdSilent { why: Arc<str>, targets: usize },
    /// An attempt's outcome is unknown after a crash, and its rung may not be run again.
    Indeterminate { attempt: AttemptId },
    /// An attempt's processes could not be ended.
    ScopeNotEmpty { attempt: AttemptId },
    /// A storm: one page for all.
    Storm { failing: usize, of: usize },
    /// The plan could not be made.
    NoPlan { why: Arc<str> },
    /// It asked, and nobody answered.
    Expired,
    /// The detector no longer sees the fault and the verifier is not content: one figure lies between the two limits.
    DeadBand { seen: Arc<str> },
    /// The fault begins again and again, and nothing could be done about it.
    Flapping { onsets: u32, period_ms: u64 },
    /// The target went missing while its incident was open, and has not come back.
    TargetMissing { why: Arc<str> },
    /// The gate has denied every attempt for so long.
    OnHold { denial: Box<Denial>, held_ms: u64 },
    /// Its remedy and that of another playbook break each other's targets.
    Contention { with: Arc<str> },
    /// An operator's yes is wanted.
    AwaitingApproval { why: ApprovalReason },
}

impl Cause {
    /// Does the automation go on after this call, because it says nothing of what an attempt would do? Then a call for
    /// what the attempts came to follows it.
    #[must_use]
    pub const fn leaves_automation_on(&self) -> bool {
        match self {
            Self::CannotSee { .. }
            | Self::SystemdSilent { .. }
            | Self::NoPlan { .. }
            | Self::OnHold { .. }
            | Self::TargetMissing { .. }
            | Self::AwaitingApproval { .. } => true,
            Self::BreakerOpened { .. }
            | Self::LadderSpent
            | Self::NoRemediation
            | Self::Indeterminate { .. }
            | Self::ScopeNotEmpty { .. }
            | Self::Storm { .. }
            | Self::Expired
            | Self::DeadBand { .. }
            | Self::Flapping { .. }
            | Self::Contention { .. } => false,
        }
    }
}

/// What stood behind a breaker that opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trip {
    /// An earlier version of salve recorded it, and did not say.
    #[default]
    Unrecorded,
    /// The budget is spent, the last attempt was not verified, and so many of all were not.
    NotVerified { failed: u32 },
    /// The budget is spent, and the last attempt was verified: so many times it helped, and it failed again each time.
    Fixed { times: u32 },
    /// The half-open breaker's one probe was not verified.
    Probe,
    /// It was open before: nothing was attempted.
    AlreadyOpen,
}

/// How an incident ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Verified, and it stayed so for the soak.
    Healed { attempt: AttemptId },
    /// It cleared before any attempt.
    SelfCleared,
    /// It cleared after attempts of which none was verified, and no human had been called.
    ClearedUnverified,
    /// An operator said no.
    Declined { by: Operator, reason: Reason },
    /// Nobody answered.
    Expired,
    /// Another incident or a new version of the playbook took its place.
    Superseded,
    /// An operator ended it.
    ClosedByOperator { by: Operator, reason: Reason },
    /// A human was called, and then the fault cleared.
    EscalatedThenCleared,
    /// A human was called, and healed it with salve's hands.
    HealedByOperator { attempt: AttemptId },
}

impl Outcome {
    /// Every word that [`Outcome::word`] gives.
    pub const WORDS: [&str; 9] = [
        "healed",
        "self_cleared",
        "cleared_unverified",
        "declined",
        "expired",
        "superseded",
        "closed_by_operator",
        "escalated_then_cleared",
        "healed_by_operator",
    ];

    /// Its name for machines; it never changes.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        Self::WORDS[match self {
            Self::Healed { .. } => 0,
            Self::SelfCleared => 1,
            Self::ClearedUnverified => 2,
            Self::Declined { .. } => 3,
            Self::Expired => 4,
            Self::Superseded => 5,
            Self::ClosedByOperator { .. } => 6,
            Self::EscalatedThenCleared => 7,
            Self::HealedByOperator { .. } => 8,
        }]
    }
}

/// Who or what started an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptStarter {
    /// The gate let it pass by itself.
    Auto,
    /// A half-open breaker's one probe.
    Probe,
    /// An operator's yes to this digest.
    Approved { by: Operator, digest: Digest },
    /// An operator ran it by hand.
    Manual { by: Operator },
}

impl AttemptStarter {
    /// Every word that [`Starter::word`] gives.
    pub const WORDS: [&str; 4] = ["auto", "probe", "approved", "manual"];

    /// Its name for machines; it never changes.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        Self::WORDS[match self {
            Self::Auto => 0,
            Self::Probe => 1,
            Self::Approved { .. } => 2,
            Self::Manual { .. } => 3,
        }]
    }
}

/// A breaker, per incident key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Attempts pass; invocations are counted.
    Closed,
    /// Detect, never act, until then.
    Open { until: Mono, cooldown_ms: u64 },
    /// Exactly one probe attempt is on trial.
    HalfOpen { cooldown_ms: u64 },
    /// Only an operator resets it.
    Latched { since: Timestamp },
}

impl BreakerState {
    /// The word as it stands on screens.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half-open",
            Self::Latched { .. } => "latched",
        }
    }
}

impl fmt::Display for ApprovalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode => f.write_str("mode is ask"),
            Self::HighRisk => f.write_str("risk is high"),
            Self::FirstLiveAttempt => f.write_str("first live attempt of a new or changed playbook"),
            Self::Flapping => f.write_str("the target is flapping"),
            Self::HostBudget => f.write_str("the host's attempt budget is spent"),
            Self::RecordsLost => f.write_str("journal records were lost, so earlier attempts may be unknown"),
            Self::StopUnclear { evidence } => write!(f, "somebody may have stopped it on purpose: {evidence}"),
        }
    }
}
