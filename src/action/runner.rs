//! Carries out the steps of a plan, one after the other, until one deadline; the first that fails ends the attempt.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::action::registry::ResolvedAction;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::AttemptId;
use crate::core::plan::{AttemptReport, Plan, PlannedStep, ScopeLevel, StepReport, StepResult};
use crate::host::Systemd;
use crate::host::child::{ChildScope, ContainmentLevel, Scopes};

/// Carries out plans. There is one for each state folder; it owns the cgroup or other place where attempts get their
/// scopes.
#[derive(Debug)]
pub struct Runner {
    state: PathBuf,
    scopes: Scopes,
    systemd: Option<Systemd>,
}

impl Runner {
    /// A runner for this state folder; it finds the best kind of scope that works here, by creating one.
    pub fn new(state: &Path) -> Self {
        Self { state: state.into(), scopes: Scopes::detect(&id(state)), systemd: Systemd::lazy().ok() }
    }

    /// The same without cgroups, however many this host offers.
    pub fn without_cgroups(state: &Path) -> Self {
        Self { state: state.into(), scopes: Scopes::subreaper(&id(state)), systemd: Systemd::lazy().ok() }
    }

    /// How an attempt's processes will be held together.
    pub fn level(&self) -> ScopeLevel {
        scope_level(self.scopes.level())
    }

    /// Carries out a plan whose intent is durable. Ends soon after the plan's deadline, whatever its processes do:
    /// at most five seconds of grace and five more for what cannot be killed.
    pub async fn execute(&self, attempt: AttemptId, plan: Arc<Plan>) -> AttemptReport {
        let began = Instant::now();
        let deadline = began + Duration::from_millis(plan.timeout_ms);
        let mut scope = None;
        let mut scope_empty = true;
        let mut steps = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let step_began = Instant::now();
            let ran = self.carry_out(attempt, step, &mut scope, deadline).await;
            scope_empty &= ran.scope_empty;
            let done = matches!(ran.result, StepResult::Done(_)) && ran.scope_empty;
            steps.push(StepReport {
                sentence: Arc::clone(&step.sentence),
                result: ran.result,
                output: ran.output.into(),
                took_ms: millis(step_began),
            });
            if !done {
                break;
            }
        }
        let level = scope.as_ref().map_or(ScopeLevel::None, |scope| scope_level(scope.level()));
        if let Some(scope) = scope.take() {
            close(scope).await;
        }
        AttemptReport { steps, scope: level, scope_empty, took_ms: millis(began) }
    }

    async fn carry_out(
        &self,
        attempt: AttemptId,
        step: &PlannedStep,
        scope: &mut Option<Arc<ChildScope>>,
        deadline: Instant,
    ) -> StepOutcome {
        if Instant::now() >= deadline {
            return StepOutcome { result: StepResult::TimedOut, output: String::new(), scope_empty: true };
        }
        let mut context = StepContext::new(&self.state, &self.scopes, self.systemd.as_ref(), attempt, scope, deadline);
        match step.order.open::<ResolvedAction>() {
            // Its secrets are in memory only, and so is what can be done.
            None => StepOutcome::refused("this plan was read back from a record; only a fresh one can be carried out"),
            Some(resolved) => resolved.clone().carry_out(&mut context).await,
        }
    }

    /// After a crash: ends what is left of an attempt's scope. True once it is empty.
    pub async fn empty_leftover(&self, attempt: AttemptId) -> bool {
        let scope = self.scopes.leftover(attempt.0);
        let ending = move || {
            let empty = scope.end_leftover();
            scope.remove();
            empty
        };
        tokio::task::spawn_blocking(ending).await.unwrap_or(false)
    }
}

/// As the journal records it.
pub(super) const fn scope_level(level: ContainmentLevel) -> ScopeLevel {
    match level {
        ContainmentLevel::CgroupV2 => ScopeLevel::CgroupV2,
        ContainmentLevel::CgroupV1 => ScopeLevel::CgroupV1,
        ContainmentLevel::Subreaper => ScopeLevel::Subreaper,
    }
}

/// Removes an emptied scope, off the runtime's own threads because it may have to wait for the kernel.
async fn close(scope: Arc<ChildScope>) {
    let _ = tokio::task::spawn_blocking(move || scope.remove()).await;
}

/// Names a state folder: the same after a restart, another one for another folder.
fn id(state: &Path) -> String {
    let mut hash = DefaultHasher::new();
    match fs::metadata(state) {
        Ok(found) => (found.dev(), found.ino()).hash(&mut hash),
        Err(_) => state.hash(&mut hash),
    }
    format!("{:08x}", hash.finish() & 0xffff_ffff)
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
