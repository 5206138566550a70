//! The kinds of actions, registered once. A kind's file resolves an action (`plan`) and carries it out (`carry_out`);
//! one that reads the host before it acts reports what it would find (`dry_run`). Its table in playbook files is
//! registered under the same name in `playbook::action`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::container::ResolvedContainerAction;
use super::http::ResolvedHttpRequest;
use super::limit::ResolvedLimit;
use super::link::ResolvedLinkAction;
use super::plan::PlanError;
use super::remount::ResolvedRemount;
use super::resolved_action::{ResolvedClean, ResolvedRun, ResolvedUnitJob};
use super::runner::{StepContext, StepOutcome};
use super::signal::ResolvedSignal;
use super::snapshot::ResolvedSnapshot;
use super::truncate::ResolvedTruncate;
use super::wait::ResolvedWait;
use super::{Context, clean, container, http, limit, link, remount, run, signal, snapshot, truncate, unit, wait};
use crate::core::plan::PlannedStep;
use crate::playbook::{Action, Playbook};

/// How long a kind that reads files may take to plan, because they may not answer.
macro_rules! planned {
    ($plan:expr) => {
        $plan
    };
    ($plan:expr, time) => {
        $plan.await
    };
}

macro_rules! kinds {
    ($($module:ident: $kind:ident($resolved:ident) $(and $dry:ident)? $(in $time:ident)?;)*) => {
        /// One resolved action.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ResolvedAction {
            $(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind($resolved),)*
        }

        impl ResolvedAction {
            /// The kind of action, as in playbook files.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($module),)*
                }
            }

            /// What reading the host adds to the plan; changes nothing.
            pub(super) async fn dry_run(self) -> Vec<Arc<str>> {
                match self {
                    $($(Self::$kind(resolved) => $module::$dry(resolved).await,)?)*
                    _ => Vec::new(),
                }
            }

            /// Carries the action out, at the latest until the rung's deadline.
            pub(super) async fn carry_out(self, context: &mut StepContext<'_>) -> StepOutcome {
                match self {
                    $(Self::$kind(resolved) => $module::carry_out(resolved, context).await,)*
                }
            }
        }

        /// Resolves one action. It reads the host and changes nothing; files are read within a deadline.
        pub(super) async fn plan(
            action: &Action,
            playbook: &Playbook,
            context: &Context,
        ) -> Result<PlannedStep, PlanError> {
            match action {
                $(Action::$kind(action) => planned!($module::plan(action, playbook, context) $(, $time)?),)*
            }
        }
    };
}

kinds! {
    unit: Unit(ResolvedUnitJob);
    run: Run(ResolvedRun) in time;
    clean: Clean(ResolvedClean) and dry_run in time;
    truncate: Truncate(ResolvedTruncate) in time;
    signal: Signal(ResolvedSignal);
    http: Http(ResolvedHttpRequest) in time;
    remount: Remount(ResolvedRemount) in time;
    container: Container(ResolvedContainerAction);
    link: Link(ResolvedLinkAction);
    limit: Limit(ResolvedLimit);
    wait: Wait(ResolvedWait);
    snapshot: Snapshot(ResolvedSnapshot);
}
