//! A request under review. What is answered is exactly what was displayed: the page keeps the request that it drew,
//! and a key counts only as [`super::decision`] says.

use std::sync::Arc;

use crate::console::keys::guard::Guard;
use crate::core::incident::ApprovalRequest;
use crate::core::{Command, IncidentId};
use crate::engine::snapshot::IncidentView;
use crate::playbook::Risk;

/// A request under review.
#[derive(Debug, Clone)]
pub struct Review {
    /// Of which incident.
    pub incident: IncidentId,
    /// The target's name, to be typed where the risk is high.
    pub target: Arc<str>,
    /// The target with its kind.
    pub written: Arc<str>,
    /// How much may go wrong.
    pub risk: Risk,
    /// The request in the form in which the operator sees it: a yes is for exactly this plan.
    pub request: ApprovalRequest,
    /// Whether it is still asked for.
    pub standing: RequestState,
    /// Has it been seen, and are the keys quiet?
    pub guard: Guard,
    /// What was typed of the target's name, once naming it has begun.
    pub naming: Option<String>,
    /// First row of the page that is shown.
    pub scroll: usize,
}

/// Whether a request is still asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestState {
    /// The incident still waits for the answer to it.
    Asked,
    /// The plan changed, and the new one is shown.
    Changed,
    /// The incident waits for no answer any more: it was given elsewhere, or the request is over.
    Gone,
}

impl Review {
    /// Of this incident, if it asks.
    #[must_use]
    pub fn of(incident: &IncidentView) -> Option<Self> {
        Some(Self {
            incident: incident.id,
            target: incident.key.target.name().into(),
            written: incident.key.target.to_string().into(),
            risk: incident.risk,
            request: crate::console::content::rows::request_of(incident)?.clone(),
            standing: RequestState::Asked,
            guard: Guard::default(),
            naming: None,
            scroll: 0,
        })
    }

    /// Takes up what became of the request. A changed plan has to be seen anew.
    pub fn follow(&mut self, incident: Option<&IncidentView>) {
        match incident.and_then(Self::of) {
            None => self.standing = RequestState::Gone,
            Some(now)
                if now.request.plan.digest == self.request.plan.digest
                    && now.request.generation == self.request.generation =>
            {
                self.request.first = now.request.first;
                self.standing = if self.standing == RequestState::Gone { RequestState::Changed } else { self.standing };
            }
            Some(now) => *self = Self { standing: RequestState::Changed, ..now },
        }
    }

    /// The yes to exactly what was displayed.
    #[must_use]
    pub fn yes(&self) -> Command {
        Command::Approve { incident: self.incident, digest: self.request.plan.digest.clone(), reason: "".into() }
    }

    /// Has the target's name been typed?
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.naming.as_deref() == Some(&self.target)
    }
}
