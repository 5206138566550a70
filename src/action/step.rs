//! What a step may use while it is carried out, and how it ended.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::time::Instant;

use crate::core::AttemptId;
use crate::core::plan::StepResult;
use crate::host::Systemd;
use crate::host::child::{ChildScope, Scopes};

/// What a step may use while it is carried out.
pub(super) struct StepContext<'r> {
    state: &'r Path,
    scopes: &'r Scopes,
    /// The connection to systemd; none if it does not run this host.
    pub systemd: Option<&'r Systemd>,
    attempt: AttemptId,
    scope: &'r mut Option<Arc<ChildScope>>,
    /// When the whole rung must be done; a step that runs longer is timed out.
    pub deadline: Instant,
}

impl<'r> StepContext<'r> {
    /// What a step of this attempt may use. `scope` is the attempt's scope, once a step has needed it.
    pub(super) fn new(
        state: &'r Path,
        scopes: &'r Scopes,
        systemd: Option<&'r Systemd>,
        attempt: AttemptId,
        scope: &'r mut Option<Arc<ChildScope>>,
        deadline: Instant,
    ) -> Self {
        Self { state, scopes, systemd, attempt, scope, deadline }
    }

    /// The attempt's scope, which is created when a step first needs it.
    pub fn scope(&mut self) -> std::io::Result<Arc<ChildScope>> {
        if let Some(scope) = self.scope {
            return Ok(Arc::clone(scope));
        }
        let fresh = Arc::new(self.scopes.open(self.attempt.0)?);
        *self.scope = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// The folder of salve's own state, which no action may touch.
    pub fn state(&self) -> PathBuf {
        self.state.to_owned()
    }
}

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutcome {
    /// How the step ended, for the report.
    pub result: StepResult,
    /// What it printed, cleaned and redacted.
    pub output: String,
    /// Whether no process of it is left.
    pub scope_empty: bool,
}

impl StepOutcome {
    /// The outcome of a step that was refused: nothing was done.
    pub fn refused(why: impl Into<Arc<str>>) -> Self {
        Self { result: StepResult::Refused(why.into()), output: String::new(), scope_empty: true }
    }

    /// The outcome of a step that failed and left nothing running.
    pub fn failed(why: impl Into<Arc<str>>) -> Self {
        Self { result: StepResult::Failed(why.into()), output: String::new(), scope_empty: true }
    }
}
