//! Waits between two steps, at most until the deadline.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use super::table::WaitAction;
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::playbook::Playbook;

/// A wait of fixed length between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedWait {
    /// The length of the wait, in milliseconds.
    pub length_ms: u64,
}

impl ActionKind for WaitAction {
    type Resolved = ResolvedWait;

    /// Resolves a wait to its length.
    async fn plan(&self, _: &Playbook, _: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let details = vec![("blast radius", "none".to_owned()), ("rollback", "none needed".to_owned())];
        Ok(ResolvedStep {
            sentence: format!("wait {}", self.0),
            details,
            resolved: ResolvedWait { length_ms: self.0.millis() },
        })
    }

    /// Sleeps for the planned length; a wait that reaches past the deadline is timed out.
    async fn carry_out(resolved: ResolvedWait, context: &mut StepContext<'_>) -> StepOutcome {
        let end = Instant::now() + Duration::from_millis(resolved.length_ms);
        sleep_until(end.min(context.deadline)).await;
        let result = if end > context.deadline { StepResult::TimedOut } else { StepResult::Done("waited".into()) };
        StepOutcome { result, output: String::new(), scope_empty: true }
    }
}
