//! Gathers evidence at once; the report keeps it as the step's output.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;

use super::table::SnapshotAction;
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::evidence;
use crate::playbook::{Attachment, Playbook, Target};

/// The evidence to gather, and the target that it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolvedSnapshot {
    /// The kinds of evidence, in the order of the report.
    pub kinds: Vec<Attachment>,
    /// The target of the attempt, which the evidence is about.
    pub target: Target,
}

impl ActionKind for SnapshotAction {
    type Resolved = ResolvedSnapshot;

    /// Resolves a snapshot to the kinds of evidence that it gathers about the attempt's target.
    async fn plan(&self, _: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let titles: Vec<String> = self.0.iter().map(|kind| evidence::title(kind, &context.target)).collect();
        let details = vec![("blast radius", "none: it only looks".to_owned()), ("rollback", "none needed".to_owned())];
        let resolved = ResolvedSnapshot { kinds: self.0.clone(), target: context.target.clone() };
        Ok(ResolvedStep { sentence: format!("gather evidence: {}", titles.join("; ")), details, resolved })
    }

    /// Gathers the evidence. A kind that fails says so in the output, and the rung goes on.
    async fn carry_out(resolved: ResolvedSnapshot, context: &mut StepContext<'_>) -> StepOutcome {
        let gathering = evidence::gather(&resolved.kinds, &resolved.target);
        let Ok(gathered) = timeout_at(context.deadline, gathering).await else {
            return StepOutcome { result: StepResult::TimedOut, output: String::new(), scope_empty: true };
        };
        let output = gathered.iter().fold(String::new(), |mut out, evidence| {
            let _ = writeln!(out, "{}:\n{}", evidence.title, evidence.body.trim_end());
            out
        });
        let done = format!("{} pieces of evidence", gathered.len());
        StepOutcome { result: StepResult::Done(done.into()), output, scope_empty: true }
    }
}
