//! What an event of the journal is on the timeline of a backtest.

use crate::core::event::Event;
use crate::core::{IncidentId, Plan, Verdict};
use crate::engine::backtest::BacktestMark;

/// The mark that an event leaves on a timeline, and a phrase for the screen; none where it leaves none.
pub(super) fn mark_of(event: &Event) -> Option<(BacktestMark, String)> {
    let sentences =
        |plan: &Plan| plan.steps.iter().map(|step| step.sentence.to_string()).collect::<Vec<_>>().join(", then ");
    Some(match event {
        Event::Opened { incident: IncidentId(id), readings, .. } => {
            let seen = readings.iter().find(|reading| reading.verdict == Verdict::Holds);
            (BacktestMark::Fired, format!("incident #{id}: {}", seen.map_or("", |reading| &reading.seen)))
        }
        Event::Denied { denial, .. } => (BacktestMark::Stopped, denial.to_string()),
        Event::Asked { request, .. } => (BacktestMark::Asked, sentences(&request.plan)),
        Event::ShadowPlan { plan, .. } => (BacktestMark::Asked, format!("in shadow: {}", sentences(plan))),
        Event::Intent { plan, .. } => (BacktestMark::Acted, sentences(plan)),
        Event::Verified { .. } => (BacktestMark::Verified, "every verifier held".into()),
        Event::NotVerified { why, .. } => (BacktestMark::Failed, why.to_string()),
        Event::Escalated { cause, .. } => (BacktestMark::Called, cause.to_string()),
        Event::Closed { outcome, .. } => (BacktestMark::Ended, outcome.to_string()),
        _ => return None,
    })
}
