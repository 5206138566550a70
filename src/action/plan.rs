//! Resolves a rung to the last argument: what is shown is what is run, and the digest binds an approval to all of it.

pub(super) mod error;

use rustix::process::geteuid;

use self::error::PlanError;
use super::{Context, registry};
use crate::core::plan::{Digest, Plan, PlannedStep};
use crate::host::clock;
use crate::playbook::{Playbook, Rung};

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
