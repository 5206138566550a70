//! Resolves a rung to the last argument: what is shown is what is run, and the digest binds an approval to all of it.

use std::sync::Arc;

use rustix::process::geteuid;

use crate::action::processes::signal::execute::SignalRefusal;
use crate::action::registry::ResolvedAction;
use crate::action::storage::clean::execute::roots::RootError;
use crate::action::units::unit::execute::UnitRefusal;
use crate::action::{Context, redact, registry};
use crate::core::plan::sealed::SealedOrder;
use crate::core::plan::{Digest, Plan, PlannedStep};
use crate::foreign::NoAnswer;
use crate::host::clock;
use crate::host::program::ProgramError;
use crate::playbook::placeholder::TemplateError;
use crate::playbook::{Playbook, Rung};
use crate::text::clean_line;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The ladder has no such rung.
    #[error("the ladder has no rung {}", .0 + 1)]
    NoRung(usize),
    /// A program that may not be run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// An argument that cannot be filled.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A variable that may not be set.
    #[error("the variable `{0}` cannot be set: its name is empty, holds `=` or NUL, or begins with SALVE_")]
    Variable(String),
    /// A value that a file of its own should give.
    #[error("the value of `{name}` cannot be read: {why}")]
    SecretFile {
        /// The name of the variable or header.
        name: String,
        /// What is wrong with the file.
        why: String,
    },
    /// The playbook was read back from the journal, which keeps no secrets.
    #[error("the secret in {0} is not known any more: its playbook was changed or removed, and the journal keeps none")]
    SecretGone(String),
    /// A unit that may not be acted on.
    #[error(transparent)]
    Unit(#[from] UnitRefusal),
    /// A `unit` action without a unit.
    #[error("`unit` names no unit, and the target is {0}")]
    NoUnit(String),
    /// A process that may not be sent a signal.
    #[error(transparent)]
    Signal(#[from] SignalRefusal),
    /// An action that may not be done, or could not be undone, with the reason.
    #[error("{0}")]
    Refused(String),
    /// A folder that may not be cleaned.
    #[error(transparent)]
    Clean(#[from] RootError),
    /// A cap that is no amount of bytes.
    #[error("`max_bytes` is not an amount of bytes")]
    NotBytes,
    /// A file that the plan names did not answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// Something about the host cannot be read.
    #[error("the host cannot be looked at: {0}")]
    Host(#[from] std::io::Error),
    /// A resolved action that cannot be serialised (a path that is not UTF-8).
    #[error("the plan cannot be written down: {0}")]
    ResolvedAction(#[from] serde_json::Error),
}

/// Resolves one rung (from 0) of a playbook for one target. Looks at the host, changes nothing.
///
/// # Errors
/// If anything cannot be resolved or must not be done.
pub async fn plan(playbook: &Playbook, rung: usize, context: &Context) -> Result<Plan, PlanError> {
    let actions = playbook.remediate.get(rung).ok_or(PlanError::NoRung(rung))?;
    let mut steps = Vec::with_capacity(actions.actions.len());
    for action in &actions.actions {
        steps.push(registry::plan(action, playbook, context).await?);
    }
    let digest = digest(playbook, rung, actions, &steps, context)?;
    Ok(Plan { rung, steps, timeout_ms: actions.timeout.millis(), digest })
}

/// The digest over everything that an approval is bound to. The resolved actions contain programs' identities and the
/// environment.
fn digest(
    playbook: &Playbook,
    rung: usize,
    actions: &Rung,
    steps: &[PlannedStep],
    context: &Context,
) -> Result<Digest, PlanError> {
    let (rung, user) = (rung.to_string(), geteuid().as_raw().to_string());
    let (target, limits) = (context.target.to_string(), format!("{} {}", actions.timeout.millis(), actions.idempotent));
    let boot = clock::boot_id()?;
    let shown = serde_json::to_string(steps)?;
    Ok(Digest::over([
        ("content", &*playbook.content.0),
        ("rung", &rung),
        ("steps", &shown),
        ("user", &user),
        ("target", &target),
        ("limits", &limits),
        ("boot", &boot),
    ]))
}

/// Seals a resolved action in a planned step, with its description cleaned and redacted.
pub(super) fn step(
    sentence: &str,
    details: Vec<(&str, String)>,
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

/// The user that salve acts as.
pub(super) fn user() -> String {
    let uid = geteuid();
    if uid.is_root() { "root".into() } else { format!("uid {}", uid.as_raw()) }
}

/// One word as a reader would quote it: plain where it is plain, so that two arguments never look like one.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_so_that_arguments_cannot_be_mistaken() {
        assert_eq!(quoted("--vacuum-size=500M"), "--vacuum-size=500M");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
