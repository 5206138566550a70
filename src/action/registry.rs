//! Resolved actions as an enum over the kinds, made from the one list of kinds (`playbook::action::kinds`). Everything
//! that differs between kinds is asked of [`ActionKind`].
//!
//! A resolved action is sealed inside a planned step: the journal keeps its JSON, without secrets, with the intent; an
//! approval's digest covers it; and the runner carries out exactly this and reads nothing else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::kind::{ActionKind, ResolvedStep};
use super::plan::error::PlanError;
use super::redact;
use super::step::{StepContext, StepOutcome};
use crate::core::plan::PlannedStep;
use crate::core::plan::sealed::SealedOrder;
use crate::playbook::Playbook;
use crate::playbook::action::{self, Action, for_each_action_kind};
use crate::text::clean_line;

macro_rules! dispatch {
    ($($group:ident { $($module:ident: $kind:ident($table:ident);)* })*) => {
        /// One resolved action.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ResolvedAction {
            $($(
                #[doc = concat!("Of the kind `", stringify!($module), "`.")]
                $kind(<action::$table as ActionKind>::Resolved),
            )*)*
        }

        impl ResolvedAction {
            /// The kind of action, as in playbook files.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    $($(Self::$kind(_) => stringify!($module),)*)*
                }
            }

            /// What reading the host adds to the plan; changes nothing.
            pub(super) async fn dry_run(self) -> Vec<Arc<str>> {
                match self {
                    $($(Self::$kind(resolved) => action::$table::dry_run(resolved).await,)*)*
                }
            }

            /// Carries the action out, at the latest until the rung's deadline.
            pub(super) async fn carry_out(self, context: &mut StepContext<'_>) -> StepOutcome {
                match self {
                    $($(Self::$kind(resolved) => action::$table::carry_out(resolved, context).await,)*)*
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
                $($(Action::$kind(action) => {
                    let ResolvedStep { sentence, details, resolved } =
                        ActionKind::plan(action, playbook, context).await?;
                    seal(&sentence, details, ResolvedAction::$kind(resolved))
                })*)*
            }
        }
    };
}

for_each_action_kind!(dispatch);

/// Seals a resolved action in a planned step, with its description cleaned and redacted.
fn seal(
    sentence: &str,
    details: Vec<(&'static str, String)>,
    resolved: ResolvedAction,
) -> Result<PlannedStep, PlanError> {
    let details = details
        .into_iter()
        .map(|(name, value)| (name.into(), Arc::from(&*redact::redact(&clean_line(&value)))))
        .collect();
    let sentence = redact::redact(&clean_line(sentence)).into();
    let (kind, record) = (resolved.kind().into(), serde_json::to_string(&resolved)?);
    Ok(PlannedStep { kind, sentence, details, order: SealedOrder::new(resolved, record) })
}
