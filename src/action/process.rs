//! One child of an attempt: started clean, drained always, waited for to a deadline, and ended with all that it left.

use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{WaitId, WaitIdOptions, WaitIdStatus, waitid};
use tokio::io::AsyncReadExt as _;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, timeout, timeout_at};

use super::order::RunOrder;
use super::output::Capture;
use super::raw::{self, Birth};
use super::scope::{Emptied, MARKER, Scope};
use super::{identity, runner::Ran};
use crate::core::plan::StepResult;

/// Said in every plan.
pub const LIMITS: &str = "session of its own, umask 077, 1024 open files, no core file, no input";
/// From TERM to KILL.
const GRACE: Duration = Duration::from_secs(5);
/// How long output that is still in the pipe may take once nothing lives that could write more.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Runs one program in the attempt's scope. When it returns, the scope is empty, or it says that it is not.
pub async fn run(order: &RunOrder, marker: &str, scope: &Arc<Scope>, deadline: Instant) -> Ran {
    if let Some(why) = changed(order).await {
        return Ran::refused(why);
    }
    let (child, output) = match start(order, marker, scope) {
        Ok(started) => started,
        Err(error) => return Ran::failed(format!("cannot be started: {error}")),
    };
    let capture = Arc::new(Mutex::new(Capture::default()));
    let drain = tokio::spawn(drain(output, Arc::clone(&capture)));
    let waited = timeout_at(deadline, child.wait()).await;
    let in_time = waited.is_ok();
    if in_time {
        scope.main_is(None);
    }
    let emptied = empty(scope, in_time).await;
    if !in_time {
        // Dead, or not to be killed: then it is reaped whenever it dies.
        if timeout(LAST_WORDS, child.wait()).await.is_err() {
            tokio::spawn(async move { child.wait().await });
        }
    }
    drained(drain).await;
    let mut output = capture.lock().unwrap_or_else(PoisonError::into_inner).text();
    note(&mut output, in_time, &emptied);
    let result = match waited {
        Ok(Ok(status)) => ended(&status),
        Ok(Err(error)) => StepResult::Failed(format!("cannot be waited for: {error}").into()),
        Err(_) => StepResult::TimedOut,
    };
    Ran { result, output, scope_empty: emptied.empty }
}

/// Another file, or one that others could have changed, is not what was planned and shown.
async fn changed(order: &RunOrder) -> Option<String> {
    let path = order.program.to_string_lossy();
    match identity::resolve(&path).await {
        Ok((program, identity)) if program == order.program && identity == order.identity => None,
        Ok(_) => Some(format!("{path} changed since the plan was made")),
        Err(error) => Some(error.to_string()),
    }
}

/// A child that this process reaps itself; until then, the scope knows it as its main process.
struct Child {
    scope: Arc<Scope>,
    handle: AsyncFd<OwnedFd>,
}

/// Not waited for to its end (the attempt was dropped): from now on the scope reaps it with the rest.
impl Drop for Child {
    fn drop(&mut self) {
        self.scope.main_is(None);
    }
}

impl Child {
    /// Waits for its death, and reaps it.
    async fn wait(&self) -> io::Result<WaitIdStatus> {
        loop {
            let mut ready = self.handle.readable().await?;
            let who = WaitId::PidFd(self.handle.get_ref().as_fd());
            if let Some(status) = waitid(who, WaitIdOptions::EXITED | WaitIdOptions::NOHANG)? {
                return Ok(status);
            }
            ready.clear_ready();
        }
    }
}

fn start(order: &RunOrder, marker: &str, scope: &Arc<Scope>) -> io::Result<(Child, OwnedFd)> {
    let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
    let environment = order.env.iter().map(|(name, value)| (&**name, &**value)).chain([(MARKER, marker)]);
    let arguments = order.argv.iter().map(String::as_str);
    let born = Birth::new(&order.program, arguments, environment, scope.place()?, theirs, scope.brand().0)?.start()?;
    scope.main_is(Some(born.pid));
    Ok((Child { scope: Arc::clone(scope), handle: raw::readable(born.handle)? }, ours))
}

/// Reads until every writer is gone. Never stops early: a full pipe would hang the child.
async fn drain(output: OwnedFd, capture: Arc<Mutex<Capture>>) {
    let nonblocking = rustix::io::ioctl_fionbio(&output, true);
    let Ok(mut output) = nonblocking.map_err(Into::into).and_then(|()| Receiver::from_owned_fd(output)) else { return };
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = output.read(&mut buffer).await {
        capture.lock().unwrap_or_else(PoisonError::into_inner).push(&buffer[..count]);
    }
}

/// Waits for the end of the output, but not for one who can be neither killed nor waited out.
async fn drained(mut drain: tokio::task::JoinHandle<()>) {
    if timeout(LAST_WORDS, &mut drain).await.is_err() {
        drain.abort();
    }
}

/// Empties the scope off the runtime's own threads, because it looks through `/proc` and sleeps.
async fn empty(scope: &Arc<Scope>, in_time: bool) -> Emptied {
    let scope = Arc::clone(scope);
    let ending = move || if in_time { scope.end_leavings() } else { scope.end(GRACE) };
    tokio::task::spawn_blocking(ending).await.unwrap_or_default()
}

fn ended(status: &WaitIdStatus) -> StepResult {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) => StepResult::Done("exit code 0".into()),
        (Some(code), _) => StepResult::Failed(format!("exit code {code}").into()),
        (None, Some(signal)) => StepResult::Failed(format!("ended by signal {signal}").into()),
        (None, None) => StepResult::Failed("ended in an unknown way".into()),
    }
}

/// What we did to its processes, said below its own output.
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
