//! Describes what a plan would do, without doing it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::registry::ResolvedAction;
use crate::core::plan::{Plan, PlannedStep};

/// One step of a dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DryStep {
    /// The kind of action, as in playbook files.
    pub kind: Arc<str>,
    /// What the step would do, in one line, exactly as an approval shows it.
    pub sentence: Arc<str>,
    /// Label and value of each detail, such as the blast radius, exactly as an approval shows them.
    pub details: Vec<(Arc<str>, Arc<str>)>,
    /// What reading the host adds: for `clean` the manifest, and the files that are kept with the reasons.
    pub found: Vec<Arc<str>>,
}

/// Describes what each step would do. Nothing is executed; `clean` selects files exactly as it would before deleting.
pub async fn dry_run(plan: &Plan) -> Vec<DryStep> {
    let mut steps = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        steps.push(dry_step(step).await);
    }
    steps
}

async fn dry_step(step: &PlannedStep) -> DryStep {
    let found = match step.order.open::<ResolvedAction>() {
        Some(resolved) => resolved.clone().dry_run().await,
        None => vec!["this plan was read back from a record; only a fresh one can be tried".into()],
    };
    let PlannedStep { kind, sentence, details, .. } = step.clone();
    DryStep { kind, sentence, details, found }
}
