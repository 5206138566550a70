//! One incident, as screens need it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::DeliveryState;
use crate::core::command::Operator;
use crate::core::detector::reading::Reading;
use crate::core::event::event_text::AttemptNumbers;
use crate::core::id::{AttemptId, IncidentId, Key};
use crate::core::incident::{ApprovalRequest, Cause, Denial, Incident, Outcome, Phase};
use crate::core::plan::Plan;
use crate::core::{CheckRole, Mono, Now, Recorded};
use crate::playbook::Risk;

/// One incident with its whole story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IncidentView {
    /// The incident's number, unique in the journal.
    pub id: IncidentId,
    /// Content of the playbook and canonical target that it is about.
    pub key: Key,
    /// The playbook's name and title.
    pub playbook: Arc<str>,
    /// As the playbook says it.
    pub title: Arc<str>,
    /// How much may go wrong.
    pub risk: Risk,
    /// When the fault began, and when the incident was opened.
    pub since: Now,
    /// The state that the incident is in.
    pub stage: IncidentStage,
    /// Attempts so far, of the ladder's rungs.
    pub attempts: usize,
    /// How many rungs the playbook's ladder has.
    pub rungs: usize,
    /// Attempts that the playbook allows in its window; 0 where that is not known.
    #[serde(default)]
    pub limit: u32,
    /// The latest readings: role, condition in words, reading.
    pub readings: Vec<(CheckRole, Arc<str>, Option<Reading>)>,
    /// Every event of it, oldest first.
    pub story: Vec<Arc<Recorded>>,
    /// A person has seen the page.
    pub acknowledged: Option<Operator>,
    /// A page that is open for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<DeliveryState>,
}

impl IncidentView {
    /// How its attempts are counted, for people.
    #[must_use]
    pub fn numbers(&self) -> AttemptNumbers {
        AttemptNumbers::of(&self.story, self.limit)
    }
}

/// The state of an incident, with what a screen shows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentStage {
    /// Fresh readings are being gathered.
    Firing,
    /// The gate said no for now.
    Held(Denial),
    /// An operator's yes is wanted.
    Asking(ApprovalRequest),
    /// An attempt runs.
    Remediating { attempt: AttemptId, plan: Arc<Plan>, since: Mono },
    /// It is being verified.
    Verifying { attempt: AttemptId, deadline: Mono },
    /// It is verified and must stay so.
    Soaking { attempt: AttemptId, until: Mono },
    /// A page went out.
    Escalated(Cause),
    /// It is over.
    Closed { outcome: Outcome, at: Now },
}

impl IncidentStage {
    /// The phase of an incident with what a screen shows of it. `deadline` is the end of its verification or soak, where
    /// it has one, and `named` tells a remembered moment on both clocks.
    #[must_use]
    pub fn of(incident: &Incident, deadline: Option<Mono>, named: impl Fn(Mono, Timestamp) -> Now) -> Self {
        let until = deadline.unwrap_or(incident.opened);
        match incident.phase() {
            Phase::Firing => Self::Firing,
            Phase::Held(denial) => Self::Held(denial.clone()),
            Phase::Asking(request) => Self::Asking(request.clone()),
            Phase::Remediating(id) => match incident.attempt(*id) {
                Some(attempt) => {
                    Self::Remediating { attempt: *id, plan: Arc::clone(&attempt.plan), since: attempt.started }
                }
                None => Self::Firing,
            },
            Phase::Verifying { attempt, .. } => Self::Verifying { attempt: *attempt, deadline: until },
            Phase::Soaking { attempt, .. } => Self::Soaking { attempt: *attempt, until },
            Phase::Escalated(cause) => Self::Escalated(cause.clone()),
            Phase::Closed { outcome, mono, wall } => Self::Closed { outcome: outcome.clone(), at: named(*mono, *wall) },
        }
    }
}
