//! What an event of the journal is on the timeline of a backtest.

use crate::core::event::Event;
use crate::core::event::concern::{AttemptEvent, Concern, DecisionEvent, IncidentEvent, PageOccasion};
use crate::core::{Plan, Verdict};
use crate::engine::backtest::BacktestMark;

/// The mark that an event leaves on a timeline, and a phrase for the screen; none where it leaves none.
pub(super) fn mark_of(event: &Event) -> Option<(BacktestMark, String)> {
    let sentences =
        |plan: &Plan| plan.steps.iter().map(|step| step.sentence.to_string()).collect::<Vec<_>>().join(", then ");
    match event.concern() {
        Concern::Incident(event) => match event {
            IncidentEvent::Opened { incident, readings, .. } => {
                let seen = readings.iter().find(|reading| reading.verdict == Verdict::Holds);
                let seen = seen.map_or("", |reading| &reading.seen);
                Some((BacktestMark::Fired, format!("incident {incident}: {seen}")))
            }
            IncidentEvent::Closed { outcome, .. } => Some((BacktestMark::Ended, outcome.to_string())),
            IncidentEvent::Relapsed { .. } | IncidentEvent::Suspected => None,
        },
        Concern::Decision(decision) => match decision {
            DecisionEvent::Denied(denial) => Some((BacktestMark::Stopped, denial.to_string())),
            DecisionEvent::Asked(request) => Some((BacktestMark::Asked, sentences(&request.plan))),
            DecisionEvent::ShadowPlan { plan, .. } => {
                Some((BacktestMark::Asked, format!("in shadow: {}", sentences(plan))))
            }
            DecisionEvent::Approved | DecisionEvent::FirstApproved | DecisionEvent::Withdrawn => None,
        },
        Concern::Attempt(attempt) => match attempt {
            AttemptEvent::Started { plan, .. } => Some((BacktestMark::Acted, sentences(plan))),
            AttemptEvent::Verified { .. } => Some((BacktestMark::Verified, "every verifier held".into())),
            AttemptEvent::NotVerified { why, .. } => Some((BacktestMark::Failed, why.to_string())),
            AttemptEvent::Finished { .. } | AttemptEvent::Indeterminate { .. } => None,
        },
        Concern::Page(page) => match page.occasion {
            PageOccasion::Escalated(cause) => Some((BacktestMark::Called, cause.to_string())),
            PageOccasion::Joined(_)
            | PageOccasion::Announced(_)
            | PageOccasion::Widened { .. }
            | PageOccasion::CalledAgain(_)
            | PageOccasion::AckForwarded(_)
            | PageOccasion::Resolved { .. } => None,
        },
        Concern::Engine(_) | Concern::Reading(_) | Concern::Call(_) | Concern::Rule(_) => None,
    }
}
