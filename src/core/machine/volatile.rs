//! What the machine knows of an open incident only as long as the process runs.

use crate::core::command::Operator;
use crate::core::detector::reading::Reading;
use crate::core::id::{IncidentId, Key, RequestId, SurveyId};
use crate::core::incident::Denial;
use crate::core::machine::effect::Cadence;
use crate::core::time::Mono;

/// What an open incident has that a restart gathers anew.
#[derive(Debug, Clone, Default)]
pub(in crate::core) struct Volatile {
    /// The survey under way, and when it was asked for.
    pub survey: Option<(SurveyId, Mono)>,
    /// The last denial.
    pub denied: Option<Denial>,
    /// A run by hand that was asked for, and the command that is still to be answered.
    pub manual: Option<(Operator, Option<RequestId>)>,
    /// The verifier's latest readings that count.
    pub verifier: Vec<Option<Reading>>,
    /// Its readings that began earlier do not.
    pub verifier_from: Mono,
    /// How often the verifier is read; none while it is not watched.
    pub cadence: Option<Cadence>,
    /// Since when the verifier holds and the detector is clear, where that is to end the incident.
    pub recovering: Option<Mono>,
    /// Since when it has failed again, after it had seemed to recover.
    pub failing_since: Option<Mono>,
    /// It was opened only for a run by hand.
    pub by_hand: bool,
    /// The fault was gone when it was looked at: its next onset goes to the gate at once.
    pub awaits_onset: bool,
    /// How often systemd was busy in a row.
    pub busy: u32,
    /// Since when surveys cannot see.
    pub unsure: Option<Mono>,
    /// Since when its target is missing, though its playbook still names it.
    pub missing: Option<Mono>,
}

/// What a survey is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::core) enum PreflightPurpose {
    /// The gate of an incident.
    Gate(IncidentId),
    /// Fresh readings of a key after an attempt.
    Refresh(Key),
}
