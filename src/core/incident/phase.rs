//! Where an incident stands, and the one function that moves it on.

use jiff::Timestamp;

use super::{ApprovalRequest, Cause, Denial, Outcome};
use crate::core::command::Operator;
use crate::core::id::AttemptId;
use crate::core::time::Mono;

/// Where an incident stands. What ends a phase is part of it where the journal tells it; the ends of a verification and
/// of a soak follow from the playbook ([`Core::deadline`](crate::core::Core::deadline)).
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// The hold time has passed; fresh readings and the gate's facts are being gathered.
    Firing,
    /// The gate said no for now; it is asked again when the denial ends.
    Held(Denial),
    /// An operator's approval of this plan is awaited.
    Asking(ApprovalRequest),
    /// The attempt of this number is being carried out.
    Remediating(AttemptId),
    /// The attempt is over, its scope empty; readings that begin after `since` are awaited.
    Verifying { attempt: AttemptId, since: Mono },
    /// Verified at `since`; only readings that began after `clean` count.
    Soaking { attempt: AttemptId, since: Mono, clean: Mono },
    /// A human was called; the fault is watched until it clears.
    Escalated(Cause),
    /// The incident is over since that moment, with this outcome; no phase follows.
    Closed { outcome: Outcome, mono: Mono, wall: Timestamp },
}

/// What happened to an incident, as far as it can move its phase.
#[derive(Debug, Clone, PartialEq)]
pub enum Transition {
    /// The gate denied an attempt.
    Denied(Denial),
    /// An operator's approval was requested.
    Asked(ApprovalRequest),
    /// The first of two people approved the request of this generation.
    FirstApproved { generation: u32, by: Operator },
    /// The request was approved.
    Approved,
    /// The request, or an approval that was not used yet, is void.
    Withdrawn,
    /// The intent of an attempt was recorded.
    AttemptStarted(AttemptId),
    /// The attempt is over and its scope was seen empty at that moment.
    ScopeEmptied { attempt: AttemptId, at: Mono },
    /// The attempt is over and its scope could not be emptied.
    ScopeNotEmpty,
    /// Every verifier holds since that moment.
    Verified { attempt: AttemptId, at: Mono },
    /// The verification failed, or the soak broke.
    NotVerified,
    /// A human was called, for this cause.
    Escalated(Cause),
    /// A human was called again, for another cause than before.
    CalledAgain(Cause),
    /// The incident was closed.
    Closed { outcome: Outcome, mono: Mono, wall: Timestamp },
}

impl Phase {
    /// Nothing runs and nothing is being verified.
    #[must_use]
    pub const fn rests(&self) -> bool {
        match self {
            Self::Firing | Self::Held(_) | Self::Asking(_) | Self::Escalated(_) => true,
            Self::Remediating(_) | Self::Verifying { .. } | Self::Soaking { .. } | Self::Closed { .. } => false,
        }
    }

    /// The request for approval that is open.
    #[must_use]
    pub const fn request(&self) -> Option<&ApprovalRequest> {
        match self {
            Self::Asking(request) => Some(request),
            Self::Firing
            | Self::Held(_)
            | Self::Remediating(_)
            | Self::Verifying { .. }
            | Self::Soaking { .. }
            | Self::Escalated(_)
            | Self::Closed { .. } => None,
        }
    }

    /// The attempt that is being verified, or was and must go on holding.
    #[must_use]
    pub const fn under_verification(&self) -> Option<AttemptId> {
        match self {
            Self::Verifying { attempt, .. } | Self::Soaking { attempt, .. } => Some(*attempt),
            Self::Firing
            | Self::Held(_)
            | Self::Asking(_)
            | Self::Remediating(_)
            | Self::Escalated(_)
            | Self::Closed { .. } => None,
        }
    }

    /// Where an incident stands between attempts; `called` is why a human is called for it.
    fn at_rest(called: Option<&Cause>) -> Self {
        called.map_or(Self::Firing, |cause| Self::Escalated(cause.clone()))
    }

    /// The phase that follows when this happens. The journal is obeyed: what it tells moves an incident even from a
    /// phase in which it would not be recorded today. `called` is why a human is called for the incident.
    #[must_use]
    pub fn after(self, happened: Transition, called: Option<&Cause>) -> Self {
        if let Self::Closed { .. } = self {
            return self;
        }
        match happened {
            Transition::Denied(denial) => match called {
                None => Self::Held(denial),
                Some(_) => self,
            },
            Transition::Asked(request) => Self::Asking(request),
            Transition::FirstApproved { generation, by } => self.first_approved(generation, by),
            Transition::Approved => match self.request() {
                Some(_) => Self::at_rest(called),
                None => self,
            },
            Transition::Withdrawn | Transition::ScopeNotEmpty | Transition::NotVerified => Self::at_rest(called),
            Transition::AttemptStarted(attempt) => Self::Remediating(attempt),
            Transition::ScopeEmptied { attempt, at } => Self::Verifying { attempt, since: at },
            Transition::Verified { attempt, at } => Self::Soaking { attempt, since: at, clean: self.clean_since(at) },
            Transition::Escalated(cause) => match self {
                Self::Firing | Self::Held(_) | Self::Asking(_) | Self::Soaking { .. } | Self::Escalated(_) => {
                    Self::Escalated(cause)
                }
                Self::Remediating(_) | Self::Verifying { .. } | Self::Closed { .. } => self,
            },
            Transition::CalledAgain(cause) => match self {
                Self::Firing | Self::Held(_) | Self::Escalated(_) => Self::Escalated(cause),
                Self::Asking(_)
                | Self::Remediating(_)
                | Self::Verifying { .. }
                | Self::Soaking { .. }
                | Self::Closed { .. } => self,
            },
            Transition::Closed { outcome, mono, wall } => Self::Closed { outcome, mono, wall },
        }
    }

    fn first_approved(self, generation: u32, by: Operator) -> Self {
        match self {
            Self::Asking(request) if request.generation == generation => {
                Self::Asking(ApprovalRequest { first: Some(by), ..request })
            }
            Self::Asking(_)
            | Self::Firing
            | Self::Held(_)
            | Self::Remediating(_)
            | Self::Verifying { .. }
            | Self::Soaking { .. }
            | Self::Escalated(_)
            | Self::Closed { .. } => self,
        }
    }

    /// From when on readings count that show the effect of the attempt; `at` where no verification was under way.
    const fn clean_since(&self, at: Mono) -> Mono {
        match self {
            Self::Verifying { since, .. } => *since,
            Self::Firing
            | Self::Held(_)
            | Self::Asking(_)
            | Self::Remediating(_)
            | Self::Soaking { .. }
            | Self::Escalated(_)
            | Self::Closed { .. } => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::incident::ApprovalReason;
    use crate::core::plan::{Digest, Plan};

    /// Phases as the table below writes them.
    const PHASES: &str = "firing held asking remediating verifying soaking escalated closed";

    /// What each transition makes of each phase of [`PHASES`]; `.` stays, `rest` is where it stands between attempts:
    /// firing, or escalated once a human is called.
    const TABLE: [(&str, &str); 13] = [
        ("denied", "held held held held held held held ."),
        ("asked", "asking asking asking asking asking asking asking ."),
        ("first approved", ". . . . . . . ."),
        ("approved", ". . rest . . . . ."),
        ("withdrawn", "rest rest rest rest rest rest rest ."),
        ("attempt started", "remediating remediating remediating remediating remediating remediating remediating ."),
        ("scope emptied", "verifying verifying verifying verifying verifying verifying verifying ."),
        ("scope not empty", "rest rest rest rest rest rest rest ."),
        ("verified", "soaking soaking soaking soaking soaking soaking soaking ."),
        ("not verified", "rest rest rest rest rest rest rest ."),
        ("escalated", "escalated escalated escalated . . escalated escalated ."),
        ("called again", "escalated escalated . . . . escalated ."),
        ("closed", "closed closed closed closed closed closed closed ."),
    ];

    const ATTEMPT: AttemptId = AttemptId(1);

    fn request() -> ApprovalRequest {
        let plan = Plan { rung: 0, steps: Vec::new(), timeout_ms: 0, digest: Digest("plan".into()) };
        let (plan, why) = (Arc::new(plan), ApprovalReason::Mode);
        ApprovalRequest { generation: 1, plan, why, expires: Mono(9), first: None }
    }

    fn closed() -> Phase {
        Phase::Closed { outcome: Outcome::SelfCleared, mono: Mono(9), wall: Timestamp::UNIX_EPOCH }
    }

    fn phases() -> [Phase; 8] {
        [
            Phase::Firing,
            Phase::Held(Denial::Off),
            Phase::Asking(request()),
            Phase::Remediating(ATTEMPT),
            Phase::Verifying { attempt: ATTEMPT, since: Mono(3) },
            Phase::Soaking { attempt: ATTEMPT, since: Mono(4), clean: Mono(3) },
            Phase::Escalated(Cause::LadderSpent),
            closed(),
        ]
    }

    const fn phase_word(phase: &Phase) -> &'static str {
        match phase {
            Phase::Firing => "firing",
            Phase::Held(_) => "held",
            Phase::Asking(_) => "asking",
            Phase::Remediating(_) => "remediating",
            Phase::Verifying { .. } => "verifying",
            Phase::Soaking { .. } => "soaking",
            Phase::Escalated(_) => "escalated",
            Phase::Closed { .. } => "closed",
        }
    }

    fn transitions() -> [Transition; 13] {
        [
            Transition::Denied(Denial::Off),
            Transition::Asked(request()),
            Transition::FirstApproved { generation: 1, by: Operator::default() },
            Transition::Approved,
            Transition::Withdrawn,
            Transition::AttemptStarted(ATTEMPT),
            Transition::ScopeEmptied { attempt: ATTEMPT, at: Mono(5) },
            Transition::ScopeNotEmpty,
            Transition::Verified { attempt: ATTEMPT, at: Mono(6) },
            Transition::NotVerified,
            Transition::Escalated(Cause::Expired),
            Transition::CalledAgain(Cause::Expired),
            Transition::Closed { outcome: Outcome::SelfCleared, mono: Mono(9), wall: Timestamp::UNIX_EPOCH },
        ]
    }

    const fn transition_word(transition: &Transition) -> &'static str {
        match transition {
            Transition::Denied(_) => "denied",
            Transition::Asked(_) => "asked",
            Transition::FirstApproved { .. } => "first approved",
            Transition::Approved => "approved",
            Transition::Withdrawn => "withdrawn",
            Transition::AttemptStarted(_) => "attempt started",
            Transition::ScopeEmptied { .. } => "scope emptied",
            Transition::ScopeNotEmpty => "scope not empty",
            Transition::Verified { .. } => "verified",
            Transition::NotVerified => "not verified",
            Transition::Escalated(_) => "escalated",
            Transition::CalledAgain(_) => "called again",
            Transition::Closed { .. } => "closed",
        }
    }

    #[test]
    fn every_transition_from_every_phase_is_as_the_table_says() {
        let cause = Cause::LadderSpent;
        for (called, rest) in [(None, "firing"), (Some(&cause), "escalated")] {
            for (transition, (word, row)) in transitions().into_iter().zip(TABLE) {
                assert_eq!(transition_word(&transition), word);
                let cells: Vec<&str> = row.split_whitespace().collect();
                assert_eq!(cells.len(), phases().len(), "{word}");
                for (phase, (from, cell)) in phases().into_iter().zip(PHASES.split_whitespace().zip(cells)) {
                    assert_eq!(phase_word(&phase), from);
                    let stays = cell == "." || word == "denied" && called.is_some();
                    let expected = if stays { from.to_owned() } else { cell.replace("rest", rest) };
                    let next = phase.after(transition.clone(), called);
                    assert_eq!(phase_word(&next), expected, "{from} when {word}, called: {called:?}");
                }
            }
        }
    }

    #[test]
    fn a_closed_incident_stays_as_it_was_closed() {
        for transition in transitions() {
            assert_eq!(closed().after(transition, None), closed());
        }
    }

    #[test]
    fn the_first_of_two_approvals_is_noted_on_its_own_request_only() {
        let by = Operator { uid: 7, ..Operator::default() };
        let first = |generation| {
            let happened = Transition::FirstApproved { generation, by: by.clone() };
            Phase::Asking(request()).after(happened, None).request().and_then(|request| request.first.clone())
        };
        assert_eq!(first(1), Some(by.clone()));
        assert_eq!(first(2), None);
    }

    #[test]
    fn a_soak_counts_readings_from_the_start_of_its_verification() {
        let verified = Transition::Verified { attempt: ATTEMPT, at: Mono(6) };
        let soaking = Phase::Verifying { attempt: ATTEMPT, since: Mono(3) }.after(verified, None);
        assert_eq!(soaking, Phase::Soaking { attempt: ATTEMPT, since: Mono(6), clean: Mono(3) });
    }
}
