//! One watched key, as screens need it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DeliveryState;
use crate::core::id::{IncidentId, Key};
use crate::core::incident::{Cause, Denial, Incident, Phase};
use crate::core::machine::input::{Binding, Resolution};
use crate::core::{Detector, DetectorState, Mono};
use crate::playbook::Mode;

/// One watched key: its health, latest reading and last hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DetectorView {
    /// Its key; none for a binding that came to nothing.
    pub key: Option<Key>,
    /// The playbook's name.
    pub playbook: Arc<str>,
    /// The target's kind and name, cleaned: `unit nginx.service`.
    pub target: Arc<str>,
    /// What it may do here, after arming: its mode in force.
    pub mode: Mode,
    /// The key's health, by which rows are sorted.
    pub health: Health,
    /// When a pending fault will have lasted for its hold time; none for every other health.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fires_at: Option<Mono>,
    /// What the most telling check saw: `97%`, `failed`; none before the first reading.
    pub seen: Option<Arc<str>>,
    /// That check's condition: `> 85%`, `not active`.
    pub condition: Arc<str>,
    /// Since when it stands so.
    pub since: Mono,
    /// Number of the key's open incident; none where there is none.
    pub incident: Option<IncidentId>,
    /// A page that is open for it: it needs action, whatever else happens to it meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<DeliveryState>,
    /// How often its fault began within the last hour, where that is so often that it is flapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapping: Option<u8>,
    /// The last hour's changes of mark, oldest first: what the timeline draws.
    pub marks: Vec<(Mono, TimelineMark)>,
    /// Latest figures of the telling check, oldest first, at most 120: what the sparkline draws.
    pub figures: Vec<(Mono, f64)>,
}

/// How a watched key stands, most urgent first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// A person is needed: it asks.
    Asks,
    /// A person is needed: it was escalated.
    Escalated(Cause),
    /// Broken, and nothing is done about it now, for this reason.
    Held(Denial),
    /// Broken; the hold time has passed, and the gate is being asked.
    Broken,
    /// An attempt runs: of the ladder's rungs, this one, counted from 1.
    Fixing { rung: usize, of: usize },
    /// An attempt is over and is being verified (or soaks).
    Verifying { soaking: bool },
    /// The fault is there, but not yet for the hold time.
    Pending,
    /// It cannot be seen, and why.
    Unknown(Arc<str>),
    /// Nothing has been read yet.
    Waiting,
    /// The detector's readings show no fault.
    Ok,
    /// It does not apply to this host, and why.
    NotApplicable(Arc<str>),
    /// Its target came to nothing, and why.
    Unresolved(Arc<str>),
}

/// What a row stands for: a key that is watched, or a binding that came to nothing here.
#[derive(Debug, Clone, Copy)]
pub enum RowSubject<'a> {
    /// Its checks are read.
    Watched(&'a Detector),
    /// Nothing is read, because its target is not here.
    Absent(&'a Binding),
}

impl Health {
    /// How a row stands: as its open incident does, else as its readings do. Live, in a backtest and in the past alike.
    #[must_use]
    pub fn of(subject: RowSubject<'_>, incident: Option<&Incident>) -> Self {
        let playbook = match subject {
            RowSubject::Watched(watched) => &watched.playbook,
            RowSubject::Absent(binding) => &binding.playbook,
        };
        match (incident, subject) {
            (Some(incident), _) => Self::of_incident(incident, playbook.remediate.len()),
            (None, RowSubject::Watched(watched)) => Self::of_readings(watched),
            (None, RowSubject::Absent(binding)) => match &binding.resolution {
                Resolution::NotApplicable { why, .. } => Self::NotApplicable(Arc::clone(why)),
                Resolution::Unresolved { why, .. } => Self::Unresolved(Arc::clone(why)),
                Resolution::Here(_) => Self::Waiting,
            },
        }
    }

    fn of_readings(watched: &Detector) -> Self {
        match watched.fault {
            DetectorState::Waiting => Self::Waiting,
            DetectorState::Clear => Self::Ok,
            // declined or closed by hand: it is still broken, and says so
            DetectorState::Broken if watched.muted => Self::Broken,
            DetectorState::Broken => Self::Pending,
            DetectorState::Unknown => Self::Unknown(watched.why_unknown()),
        }
    }

    fn of_incident(incident: &Incident, rungs: usize) -> Self {
        match incident.phase() {
            Phase::Firing | Phase::Closed { .. } => Self::Broken,
            Phase::Held(denial) => Self::Held(denial.clone()),
            Phase::Asking(_) => Self::Asks,
            Phase::Remediating(attempt) => {
                let rung = incident.attempt(*attempt).map_or(1, |attempt| attempt.plan.rung + 1);
                Self::Fixing { rung, of: rungs }
            }
            Phase::Verifying { .. } => Self::Verifying { soaking: false },
            Phase::Soaking { .. } => Self::Verifying { soaking: true },
            Phase::Escalated(cause) => Self::Escalated(cause.clone()),
        }
    }
}

/// What the timeline shows of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineMark {
    /// Nobody watched: no engine ran.
    NoData,
    /// It was watched and could not be seen.
    Unknown,
    /// The detector's readings show no fault.
    Ok,
    /// At least one check of the detector shows the fault.
    Broken,
    /// An operator's approval was requested.
    Asked,
    /// An attempt was started on the target.
    Fixing,
    /// An attempt was verified.
    Verified,
    /// An attempt failed.
    Failed,
    /// A page went out.
    Escalated,
}
