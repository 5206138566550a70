//! A running child: its handle is waited for, and it is ended with everything that it left.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use tokio::io::AsyncWriteExt as _;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::task::JoinHandle;

use super::LAST_WORDS;
use super::scope::{ChildScope, Emptied};
use crate::host::sys::{self, SpawnSpec, Streams};

/// Where a child's standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// Into the same stream as its output.
    WithOutput,
    /// Into a stream of its own.
    Apart,
}

/// A program with everything that it is started with.
#[derive(Debug)]
pub struct Invocation {
    /// Absolute path of the program's file.
    pub program: PathBuf,
    /// The argument vector; the first is the program's own name.
    pub argv: Vec<String>,
    /// The scope's marker is added.
    pub env: Vec<(String, String)>,
    /// Is something written to its standard input? It is empty otherwise.
    pub input: bool,
    /// Where its standard error goes.
    pub errors: Errors,
}

/// The way in which a child's main process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildExit {
    /// It exited by itself, with this status.
    Exit(i32),
    /// It was ended by the signal of this number.
    Signal(i32),
    /// It was ended at its deadline.
    TimedOut,
}

impl std::fmt::Display for ChildExit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "ended by signal {signal}"),
            Self::TimedOut => f.write_str("ended at its deadline"),
        }
    }
}

/// A child that this process reaps itself. Whoever drops it ends all of it.
#[derive(Debug)]
pub struct RunningChild {
    /// As it was named.
    pub name: String,
    /// What it prints; taken by whoever reads it.
    pub output: Option<Receiver>,
    /// Its standard error, where it has a stream of its own.
    pub errors: Option<Receiver>,
    input: Option<Sender>,
    handle: AsyncFd<OwnedFd>,
    scope: Arc<ChildScope>,
}

impl Invocation {
    /// Starts it in this scope. The calling thread stands still until the program runs, and must be inside a runtime.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(self, name: String, scope: &Arc<ChildScope>) -> io::Result<RunningChild> {
        let (output, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        let errors = match self.errors {
            Errors::Apart => Some(pipe_with(PipeFlags::CLOEXEC)?),
            Errors::WithOutput => None,
        };
        let (errors, their_errors) = errors.unzip();
        let input = if self.input { Some(pipe_with(PipeFlags::CLOEXEC)?) } else { None };
        let (their_input, input) = input.unzip();
        let streams = Streams { input: their_input, output: theirs, errors: their_errors };
        let marker = scope.marker();
        let environment = self.env.iter().map(|(name, value)| (&**name, &**value));
        let environment = environment.chain([(marker.name, &*marker.value)]);
        let argv = self.argv.iter().map(String::as_str);
        let place = scope.place()?;
        let child = SpawnSpec::new(&self.program, argv, environment, place, streams, scope.tag().0)?.start()?;
        scope.main_is(child.pid);
        let running = || -> io::Result<RunningChild> {
            Ok(RunningChild {
                name,
                output: Some(receiver(output)?),
                errors: errors.map(receiver).transpose()?,
                input: input.map(sender).transpose()?,
                handle: sys::readable(child.handle)?,
                scope: Arc::clone(scope),
            })
        };
        running().inspect_err(|_| scope.abandon_main())
    }
}

fn receiver(pipe: OwnedFd) -> io::Result<Receiver> {
    rustix::io::ioctl_fionbio(&pipe, true)?;
    Receiver::from_owned_fd(pipe)
}

fn sender(pipe: OwnedFd) -> io::Result<Sender> {
    rustix::io::ioctl_fionbio(&pipe, true)?;
    Sender::from_owned_fd(pipe)
}

impl RunningChild {
    /// Waits for the main process's death, and reaps it.
    ///
    /// # Errors
    /// Where it cannot be waited for.
    pub async fn wait(&self) -> io::Result<ChildExit> {
        loop {
            let mut ready = self.handle.readable().await?;
            let who = WaitId::PidFd(self.handle.get_ref().as_fd());
            if let Some(status) = waitid(who, WaitIdOptions::EXITED | WaitIdOptions::NOHANG)? {
                self.scope.main_is_reaped();
                return Ok(match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => ChildExit::Exit(code),
                    (None, signal) => ChildExit::Signal(signal.unwrap_or_default()),
                });
            }
            ready.clear_ready();
        }
    }

    /// Writes this to its standard input in the background, and closes it.
    pub fn feed(&mut self, body: Vec<u8>) -> Option<JoinHandle<()>> {
        let mut input = self.input.take()?;
        // A child that does not read to the end has had enough.
        Some(tokio::spawn(async move { drop(input.write_all(&body).await) }))
    }

    /// Ends what the main process, which ended by itself, left running.
    pub async fn end_leavings(self) -> Emptied {
        let scope = self.scope();
        drop(self);
        let emptied = if scope.is_plainly_empty() {
            Emptied { empty: true, ended: Vec::new() }
        } else {
            let leaving = Arc::clone(&scope);
            apart(move || leaving.end_leavings()).await
        };
        close(scope, &emptied);
        emptied
    }

    /// Asks all of it to end, and ends it by force after the grace period.
    pub async fn end(self, grace: Duration) -> Emptied {
        let (scope, ending) = (self.scope(), self.scope());
        let emptied = apart(move || ending.end(grace)).await;
        // One that cannot die (it waits for a broken disk) is reaped whenever it does.
        if tokio::time::timeout(LAST_WORDS, self.wait()).await.is_err() {
            tokio::spawn(async move { drop(self.wait().await) });
        }
        close(scope, &emptied);
        emptied
    }

    fn scope(&self) -> Arc<ChildScope> {
        Arc::clone(&self.scope)
    }
}

/// Removes an empty scope that belongs to this child alone; an attempt's stays for its next step.
fn close(scope: Arc<ChildScope>, emptied: &Emptied) {
    let Some(scope) = Arc::into_inner(scope).filter(|_| emptied.empty) else { return };
    if !scope.remove_at_once() {
        tokio::task::spawn_blocking(move || scope.remove());
    }
}

/// Off the runtime's own threads: emptying a scope looks through `/proc` and sleeps.
async fn apart(ending: impl FnOnce() -> Emptied + Send + 'static) -> Emptied {
    tokio::task::spawn_blocking(ending).await.unwrap_or_default()
}

/// Not waited for to its end: from now on the scope reaps it with the rest.
impl Drop for RunningChild {
    fn drop(&mut self) {
        self.scope.abandon_main();
    }
}
