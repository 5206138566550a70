//! The kinds of actions, registered once. A kind's file resolves it (`plan`) and does it (`carry_out`); one that looks
//! at the host before it acts tells what it would find (`dry_run`). Its model, as it stands in files, is registered
//! under the same name in `playbook::action`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::container::ContainerOrder;
use super::http::HttpOrder;
use super::limit::LimitOrder;
use super::link::LinkOrder;
use super::order::{CleanOrder, RunOrder, UnitOrder};
use super::plan::PlanError;
use super::remount::RemountOrder;
use super::runner::{Ran, Stage};
use super::signal::SignalOrder;
use super::snapshot::SnapshotOrder;
use super::truncate::TruncateOrder;
use super::wait::WaitOrder;
use super::{Context, clean, container, http, limit, link, remount, run, signal, snapshot, truncate, unit, wait};
use crate::core::plan::PlannedStep;
use crate::playbook::{Action, Playbook};

/// A kind that looks at files is waited for: they may not answer.
macro_rules! planned {
    ($plan:expr) => {
        $plan
    };
    ($plan:expr, time) => {
        $plan.await
    };
}

macro_rules! kinds {
    ($($module:ident: $kind:ident($order:ident) $(and $dry:ident)? $(in $time:ident)?;)*) => {
        /// One resolved action.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Order {
            $(#[doc = concat!("Of the kind `", stringify!($module), "`.")] $kind($order),)*
        }

        impl Order {
            /// The kind's word.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($module),)*
                }
            }

            /// What looking at the host adds to the plan; changes nothing.
            pub(super) async fn dry_run(self) -> Vec<Arc<str>> {
                match self {
                    $($(Self::$kind(order) => $module::$dry(order).await,)?)*
                    _ => Vec::new(),
                }
            }

            /// Does it.
            pub(super) async fn carry_out(self, stage: &mut Stage<'_>) -> Ran {
                match self {
                    $(Self::$kind(order) => $module::carry_out(order, stage).await,)*
                }
            }
        }

        /// Resolves one action. Looks at the host, changes nothing; what looks at files does so within a deadline.
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
    unit: Unit(UnitOrder);
    run: Run(RunOrder) in time;
    clean: Clean(CleanOrder) and dry_run in time;
    truncate: Truncate(TruncateOrder) in time;
    signal: Signal(SignalOrder);
    http: Http(HttpOrder) in time;
    remount: Remount(RemountOrder) in time;
    container: Container(ContainerOrder);
    link: Link(LinkOrder);
    limit: Limit(LimitOrder);
    wait: Wait(WaitOrder);
    snapshot: Snapshot(SnapshotOrder);
}
