//! A container restarted by its engine, which waits until that is done.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::table::ContainerAction;
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::host::containers::{ContainerEngine, NO_ENGINE, fits};
use crate::playbook::{Playbook, Target};

/// How long the container may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// A container to restart, and the engine that is asked to do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedContainerAction {
    /// The container's name, as its engine knows it.
    pub name: String,
    /// The path of the engine's socket.
    pub socket: PathBuf,
}

impl ActionKind for ContainerAction {
    type Resolved = ResolvedContainerAction;

    /// Resolves a restart of the target container to its name and the engine that runs it.
    async fn plan(&self, _: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let Target::Container(name) = &context.target else {
            return Err(PlanError::Refused(format!("{} is no container", context.target)));
        };
        if !fits(name) {
            return Err(PlanError::Refused(format!("`{name}` is no name of a container")));
        }
        let engine = ContainerEngine::of_this_host().ok_or_else(|| PlanError::Refused(NO_ENGINE.into()))?;
        let details = vec![
            ("through", engine.socket().display().to_string()),
            (
                "blast radius",
                "the container's clients lose their connections; what it kept in no volume is lost".into(),
            ),
            ("rollback", "none".into()),
        ];
        let resolved = ResolvedContainerAction { name: name.to_string(), socket: engine.socket().into() };
        Ok(ResolvedStep { sentence: format!("restart container {name}"), details, resolved })
    }

    /// Asks the engine for the restart, and waits for it until the deadline.
    async fn carry_out(resolved: ResolvedContainerAction, context: &mut StepContext<'_>) -> StepOutcome {
        let left = context.deadline.saturating_duration_since(Instant::now());
        let grace = GRACE.min(left / 2);
        match ContainerEngine::at(&resolved.socket).restart(&resolved.name, grace, left).await {
            Ok(()) => {
                StepOutcome { result: StepResult::Done("restarted".into()), output: String::new(), scope_empty: true }
            }
            Err(_) if Instant::now() >= context.deadline => {
                StepOutcome { result: StepResult::TimedOut, output: String::new(), scope_empty: true }
            }
            Err(why) => StepOutcome::failed(why),
        }
    }
}
