//! A child of this process: the one way in which this crate starts a program, for attempts, command checks, evidence,
//! channels and readers of the journal alike.
//!
//! Started clean: its own session without a terminal, umask 077, nothing but the declared environment, limits, no
//! descriptor but its standard three. Held by a [`Scope`] that is emptied when it has ended, at its deadline, and when
//! whoever waits for it stops waiting. Its output is drained always, and only so much of it is kept.

mod capture;
mod running;
mod scope;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, FusedFuture, join, select};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

pub use self::capture::{Capture, CapturedText};
pub use self::running::{ChildExit, Errors, Invocation, RunningChild};
pub use self::scope::{ChildScope, ContainmentLevel, Emptied, Marker, Scopes};
use super::program::{FIXED_PATH, ProgramError, resolve};
use crate::foreign::{self, MayHang, NoAnswer};

/// How long output that is still in the pipe may take once nothing lives that could write more.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What is read of a stream at once, in bytes.
const BLOCK: usize = 16 << 10;

/// A program to run to its end or its deadline.
#[derive(Debug)]
pub struct Job {
    /// A bare name, looked for on the fixed path, or an absolute path.
    pub program: String,
    /// Behind the program's own name.
    pub args: Vec<String>,
    /// Added to the clean environment.
    pub env: Vec<(&'static str, String)>,
    /// What it reads; where this is empty, it has no input.
    pub stdin: Vec<u8>,
    /// Where its standard error goes.
    pub errors: Errors,
    /// From its start.
    pub deadline: Duration,
    /// At its deadline, from the request to end to the end by force.
    pub grace: Duration,
    /// Bytes of each stream to keep, half from its beginning and half from its end.
    pub keep: usize,
}

/// How it ended and what it printed.
#[derive(Debug)]
pub struct ChildResult {
    /// How its main process ended.
    pub ended: ChildExit,
    /// Its standard output, with its standard error where both were one.
    pub output: Capture,
    /// Its standard error, where it was kept apart.
    pub errors: Capture,
}

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It may not be run, or there is none.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// Its file, or the mount below it, does not answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The kernel refused.
    #[error("{program} cannot be started: {error}")]
    Failed {
        /// As it was named.
        program: String,
        /// What the kernel said.
        error: io::Error,
    },
}

impl Job {
    /// With no input, two seconds of grace, one stream for output and errors, and 64 KiB of it kept.
    pub fn new(program: impl Into<String>, args: Vec<String>, deadline: Duration) -> Self {
        Self {
            program: program.into(),
            args,
            env: Vec::new(),
            stdin: Vec::new(),
            errors: Errors::WithOutput,
            deadline,
            grace: Duration::from_secs(2),
            keep: 64 << 10,
        }
    }

    /// Runs it. When this returns, nothing of it lives any more, or it cannot be killed.
    ///
    /// # Errors
    /// Where it could not be started, or not within its deadline.
    pub async fn run(mut self) -> Result<ChildResult, StartError> {
        let deadline = Instant::now() + self.deadline;
        let (grace, keep, stdin) = (self.grace, self.keep, std::mem::take(&mut self.stdin));
        let mut running = self.start_with(!stdin.is_empty(), deadline).await?;
        let (mut output, mut errors) = (Capture::new(keep), Capture::new(keep));
        let (stream, complaints) = (running.output.take(), running.errors.take());
        let ended = {
            let mut reading = pin!(join(drain(stream, &mut output), drain(complaints, &mut errors)).fuse());
            let feed = running.feed(stdin);
            let ended = beside(&mut reading, timeout_at(deadline, running.wait())).await;
            let program = running.name.clone();
            if ended.is_ok() {
                beside(&mut reading, running.end_leavings()).await;
            } else {
                beside(&mut reading, running.end(grace)).await;
            }
            if let Some(feed) = feed {
                feed.abort();
            }
            if !reading.is_terminated() {
                // not for one who can be neither killed nor waited out
                let _ = timeout(LAST_WORDS, reading).await;
            }
            match ended {
                Ok(ended) => ended.map_err(|error| StartError::Failed { program, error })?,
                Err(_) => ChildExit::TimedOut,
            }
        };
        Ok(ChildResult { ended, output, errors })
    }

    /// Starts it and lets the caller read what it prints; `stdin`, `grace` and `keep` do not count.
    ///
    /// # Errors
    /// Where it could not be started within its deadline.
    pub async fn start(self) -> Result<RunningChild, StartError> {
        let deadline = Instant::now() + self.deadline;
        self.start_with(false, deadline).await
    }

    async fn start_with(self, input: bool, deadline: Instant) -> Result<RunningChild, StartError> {
        let (name, errors) = (self.program.clone(), self.errors);
        // a program in UTF-8, which for everything else needs no locale: LANG would have it load twelve files at each start
        let environment = [("PATH", FIXED_PATH.join(":")), ("LC_CTYPE", "C.UTF-8".to_owned())];
        let env = environment.into_iter().chain(self.env).map(|(name, value)| (name.to_owned(), value)).collect();
        let argv = std::iter::once(name.clone()).chain(self.args).collect();
        start(&name, deadline, move |may_hang| {
            let program: PathBuf = resolve(&self.program, may_hang)?.path;
            Ok((Invocation { program, argv, env, input, errors }, Arc::new(ChildScope::for_child())))
        })
        .await
    }
}

/// Starts what `prepare` gives, in a thread that is left behind where a file of it does not answer: looking a program up
/// and executing it both read the file. What starts after its deadline all the same is ended at once.
///
/// # Errors
/// What `prepare` refused, or [`StartError`].
pub async fn start<E: From<StartError> + Send + 'static>(
    name: &str,
    deadline: Instant,
    prepare: impl FnOnce(&MayHang) -> Result<(Invocation, Arc<ChildScope>), E> + Send + 'static,
) -> Result<RunningChild, E> {
    let runtime = tokio::runtime::Handle::current();
    let program = name.to_owned();
    let begin = move |may_hang: &MayHang| {
        let _inside = runtime.enter();
        let (invocation, scope) = prepare(may_hang)?;
        invocation.start(program.clone(), &scope).map_err(|error| StartError::Failed { program, error }.into())
    };
    let limit = deadline.saturating_duration_since(Instant::now());
    match foreign::task("program", Path::new(name), limit, begin).await {
        Ok(started) => started,
        Err(silence) => Err(StartError::from(silence).into()),
    }
}

/// Waits for something, and reads meanwhile what a child prints: a full pipe would hang it.
async fn beside<T>(reading: &mut Pin<&mut impl FusedFuture>, wanted: impl Future<Output = T>) -> T {
    match select(pin!(wanted), reading).await {
        Either::Left((done, _)) => done,
        Either::Right((_, wanted)) => wanted.await,
    }
}

/// Reads a stream until every writer is gone.
async fn drain(stream: Option<Receiver>, capture: &mut Capture) {
    let Some(mut stream) = stream else { return };
    let mut block = Vec::with_capacity(BLOCK);
    while let Ok(1..) = stream.read_buf(&mut block).await {
        capture.push(&block);
        block.clear();
    }
}

/// One stream of a child, read until every writer is gone. It never stops early: a full pipe would hang the child.
#[derive(Debug)]
pub struct Drain {
    capture: Arc<Mutex<Capture>>,
    reading: Option<JoinHandle<()>>,
}

impl Drain {
    /// Begins to read; keeps so many bytes.
    #[must_use]
    pub fn of(stream: Option<Receiver>, keep: usize) -> Self {
        let capture = Arc::new(Mutex::new(Capture::new(keep)));
        let kept = Arc::clone(&capture);
        let reading = stream.map(|mut stream| {
            tokio::spawn(async move {
                let mut block = vec![0; BLOCK];
                while let Ok(count @ 1..) = stream.read(&mut block).await {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(&block[..count]);
                }
            })
        });
        Self { capture, reading }
    }

    /// What was printed. Waits for the end of the stream, but not for one who can be neither killed nor waited out.
    pub async fn finish(mut self) -> Capture {
        if let Some(mut reading) = self.reading.take()
            && timeout(LAST_WORDS, &mut reading).await.is_err()
        {
            reading.abort();
        }
        let mut capture = self.capture.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *capture, Capture::new(0))
    }
}
