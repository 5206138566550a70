//! Runs one child of an attempt: exactly the planned program is started, and the outcome says how it ended.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use crate::action::program::bound::{self, BoundFile};
use crate::action::program::identity::{self, FileIdentity};
use crate::action::program::output::captured;
use crate::action::step::StepOutcome;
use crate::core::plan::StepResult;
use crate::foreign::MayHang;
use crate::host::child::{self, ChildExit, ChildScope, Drain, Emptied, Errors, Invocation, StartError};
use crate::text::secret::Secret;

/// The detail line about process handling that every plan shows.
pub const LIMITS: &str = "session of its own, umask 077, 1024 open files, no core file, no input";
/// The time between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);
/// How many bytes of output are kept: half from its beginning, half from its end.
const KEPT: usize = 128 * 1024;

/// A program with everything that it is started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedProgram {
    /// The program's absolute path, found when the plan was made.
    pub program: PathBuf,
    /// The file's identity when the plan was made; another file is refused.
    pub identity: FileIdentity,
    /// Program, as written, and arguments.
    pub argv: Vec<Secret>,
    /// The whole environment but for the attempt's marker, in order of names.
    pub env: Vec<(String, Secret)>,
    /// The files that its arguments and environment name; changed ones are refused like another program.
    #[serde(default)]
    pub files: Vec<BoundFile>,
}

/// Why a planned program was not started.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("{0}")]
    Refused(String),
}

/// Runs one program in the attempt's scope. When it returns, the scope is empty, or the outcome says that it is not.
pub async fn run(resolved: &ResolvedProgram, scope: &Arc<ChildScope>, deadline: Instant) -> StepOutcome {
    let name = resolved.program.to_string_lossy().into_owned();
    let (planned, place) = (resolved.clone(), Arc::clone(scope));
    let prepare = move |may_hang: &MayHang| match changed(&planned, may_hang) {
        Some(why) => Err(RunError::Refused(why)),
        None => Ok((invocation(&planned).ok_or_else(gone)?, place)),
    };
    let mut child = match child::start(&name, deadline, prepare).await {
        Ok(child) => child,
        Err(RunError::Refused(why)) => return StepOutcome::refused(why),
        Err(RunError::Start(error)) => return StepOutcome::failed(error.to_string()),
    };
    let drain = Drain::of(child.output.take(), KEPT);
    let waited = timeout_at(deadline, child.wait()).await;
    let in_time = waited.is_ok();
    let emptied = if in_time { child.end_leavings().await } else { child.end(GRACE).await };
    let mut output = captured(&drain.finish().await);
    note(&mut output, in_time, &emptied);
    let result = match waited {
        Ok(Ok(status)) => ended(status),
        Ok(Err(error)) => StepResult::Failed(format!("cannot be waited for: {error}").into()),
        Err(_) => StepResult::TimedOut,
    };
    StepOutcome { result, output, scope_empty: emptied.empty }
}

/// Why the program is no longer the planned one: another file, or one that others could have changed; none if it is.
fn changed(resolved: &ResolvedProgram, may_hang: &MayHang) -> Option<String> {
    let path = resolved.program.to_string_lossy();
    match identity::resolve_here(&path, may_hang) {
        Ok((program, identity)) if program == resolved.program && identity == resolved.identity => {
            bound::changed(&resolved.files, may_hang)
        }
        Ok(_) => Some(format!("{path} changed since the plan was made")),
        Err(error) => Some(error.to_string()),
    }
}

/// The command with its secrets; none if they are not known.
fn invocation(resolved: &ResolvedProgram) -> Option<Invocation> {
    let argv = resolved.argv.iter().map(|word| word.expose().map(str::to_owned)).collect::<Option<_>>()?;
    let variable = |(name, value): &(String, Secret)| Some((name.clone(), value.expose()?.to_owned()));
    let env = resolved.env.iter().map(variable).collect::<Option<_>>()?;
    Some(Invocation { program: resolved.program.clone(), argv, env, input: false, errors: Errors::WithOutput })
}

fn gone() -> RunError {
    RunError::Refused("its secrets are not known any more".into())
}

fn ended(ended: ChildExit) -> StepResult {
    match ended {
        ChildExit::Exit(0) => StepResult::Done("exit code 0".into()),
        ChildExit::Exit(_) | ChildExit::Signal(_) => StepResult::Failed(ended.to_string().into()),
        ChildExit::TimedOut => StepResult::TimedOut,
    }
}

/// Describes what salve did to its processes, below the program's own output.
fn note(output: &mut String, in_time: bool, emptied: &Emptied) {
    const SHOWN: usize = 5;
    if !output.is_empty() && !output.ends_with('\n') {
        output.push('\n');
    }
    if !emptied.ended.is_empty() {
        let names = emptied.ended.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = emptied.ended.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let why = if in_time { "left running, so ended" } else { "ended at the deadline" };
        let _ = writeln!(output, "[{why}: {names}{more}]");
    }
    if !emptied.empty {
        output.push_str("[some of its processes cannot be ended]\n");
    }
}
