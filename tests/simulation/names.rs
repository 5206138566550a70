//! The kinds of things that a run counts, by name.

use salve::core::command::{Command, Refusal};
use salve::core::event::Event;
use salve::core::incident::{ApprovalReason, AttemptStarter, BreakerState, Cause, Denial, Outcome};
use salve::core::machine::effect::Effect;
use salve::core::machine::input::Input;

/// A name for each kind of a type, and the list of those that a long run must see.
macro_rules! kinds {
    ($($function:ident($kind:ident) $list:ident: $($state:ident => $word:literal),* $(, .. $other:literal)?;)*) => {$(
        pub const $list: &[&str] = &[$($word),*];

        pub fn $function(it: &$kind) -> &'static str {
            match it {
                $($kind::$state { .. } => $word,)*
                $(_ => $other,)?
            }
        }
    )*};
}

kinds! {
    event(Event) EVENTS: Started => "started", RecordsLost => "records lost", Adopted => "adopted", Opened => "opened", ReadingChanged => "saw", Denied => "held",
        ShadowPlan => "would have", Asked => "asked", Approved => "approved", FirstApproved => "first approved", Withdrawn => "withdrawn",
        Intent => "intent", AttemptFinished => "ended", Indeterminate => "indeterminate", Verified => "verified",
        NotVerified => "not verified", Closed => "closed", Relapsed => "relapsed", Breaker => "breaker",
        Escalated => "escalated", Joined => "joined", Announced => "announced", Suspected => "suspected", Left => "left", Resolved => "resolved", EscalationWidened => "called besides", CalledAgain => "called again",
        AckForwarded => "relayed", Delivered => "delivered", Acknowledged => "acknowledged",
        Paused => "paused", Resumed => "resumed", Scheduled => "scheduled",
        MaintenanceBegan => "maintenance began", MaintenanceEnded => "maintenance ended", Snoozed => "snoozed", Unsnoozed => "unsnoozed", Flapping => "flapping", Armed => "armed",
        Disarmed => "disarmed", Notice => "noted";
    denial(Denial) DENIALS: Paused => "paused", Snoozed => "snoozed", OutsideWindow => "outside window",
        DependencyUnhealthy => "dependency unhealthy", StoppedByOperator => "stopped by operator",
        LockHeld => "lock held", SystemdBusy => "systemd busy", BreakerOpen => "breaker open",
        Cooldown => "cooldown", Storm => "storm", BootGrace => "boot grace", Shadow => "shadow", Off => "off",
        CannotRecord => "cannot record", Quarantined => "quarantined", NoPlan => "no plan",
        TargetMissing => "target missing", Contended => "contended";
    cause(Cause) CAUSES: BreakerOpened => "breaker opened", LadderSpent => "ladder spent",
        NoRemediation => "no remediation", CannotSee => "cannot see", SystemdSilent => "systemd silent", Indeterminate => "indeterminate",
        ScopeNotEmpty => "scope not empty", Storm => "storm", NoPlan => "no plan",
        Expired => "expired", DeadBand => "dead band", TargetMissing => "target missing", Flapping => "flapping",
        OnHold => "on hold", Contention => "contention", AwaitingApproval => "awaiting approval";
    outcome(Outcome) OUTCOMES: Healed => "healed", SelfCleared => "self-cleared",
        ClearedUnverified => "cleared unverified", Declined => "declined",
        Expired => "expired", Superseded => "superseded", ClosedByOperator => "closed by operator",
        EscalatedThenCleared => "escalated, then cleared", HealedByOperator => "healed by operator";
    starter(AttemptStarter) STARTERS: Auto => "auto", Probe => "probe", Approved => "approved", Manual => "manual";
    breaker(BreakerState) BREAKERS: Closed => "closed", Open => "open", HalfOpen => "half-open",
        Latched => "latched";
    asks(ApprovalReason) ASKS: Mode => "mode", HighRisk => "high risk", FirstLiveAttempt => "first live attempt", Flapping => "flapping",
        HostBudget => "host budget", RecordsLost => "records lost", StopUnclear => "stop unclear";
    command(Command) COMMANDS: Approve => "approve", Decline => "decline", Pause => "pause", Resume => "resume",
        Schedule => "schedule", Unschedule => "unschedule",        Snooze => "snooze", Unsnooze => "unsnooze", Arm => "arm", Disarm => "disarm", RunNow => "run now",
        ResetBreaker => "reset breaker", LatchBreaker => "latch breaker", Acknowledge => "acknowledge",
        Close => "close";
    refusal(Refusal) REFUSALS: NoSuchIncident => "no such incident", NotAsking => "not asking",
        PlanChanged => "plan changed", NoSuchPlaybook => "no such playbook", NoSuchKey => "no such key",
        AlreadyOpen => "already open", NoSuchMaintenance => "no such maintenance",
        NotScheduled => "not scheduled", Denied => "denied", SecondPerson => "second person", CannotRecord => "cannot record", .. "not the core's";
    input(Input) INPUTS: Started => "start", Loaded => "load", Read => "read", Surveyed => "survey's answer",
        AttemptEnded => "attempt over", ScopeEmptied => "scope emptied", Delivered => "page taken",
        Command => "command", Note => "note", Systemd => "systemd", Recording => "recording", Tick => "tick";
    effect(Effect) EFFECTS: Record => "record", Watch => "watch", Unwatch => "unwatch", Survey => "survey",
        Start => "start an attempt", EmptyScope => "empty a scope", Deliver => "deliver", Reply => "reply";
}
