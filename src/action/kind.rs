//! How one kind of action is carried out: the trait that a kind implements beside its table, and that all of this module
//! goes by. No other file matches on single kinds.

use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::context::Context;
use super::plan::error::PlanError;
use super::step::{StepContext, StepOutcome};
use crate::playbook::Playbook;
use crate::playbook::action::table::ActionTable;

/// A step as its kind resolved it, before it is sealed in a plan.
pub(super) struct ResolvedStep<R> {
    /// What the step does, in one line.
    pub sentence: String,
    /// Label and value of each detail, such as the blast radius.
    pub details: Vec<(&'static str, String)>,
    /// What is carried out.
    pub resolved: R,
}

/// One kind of action, as it is carried out. Its table in playbooks is [`ActionTable`].
pub(super) trait ActionKind: ActionTable {
    /// The action resolved to the last argument. Its JSON is recorded with the plan.
    type Resolved: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + 'static;

    /// Resolves the action. It reads the host and changes nothing; files are read within a deadline.
    ///
    /// # Errors
    /// Where something cannot be resolved, or must not be done.
    fn plan(
        &self,
        playbook: &Playbook,
        context: &Context,
    ) -> impl Future<Output = Result<ResolvedStep<Self::Resolved>, PlanError>> + Send;

    /// What reading the host adds to the plan; changes nothing.
    fn dry_run(_: Self::Resolved) -> impl Future<Output = Vec<Arc<str>>> + Send {
        async { Vec::new() }
    }

    /// Carries the action out, at the latest until the rung's deadline.
    fn carry_out(resolved: Self::Resolved, context: &mut StepContext<'_>) -> impl Future<Output = StepOutcome> + Send;
}
