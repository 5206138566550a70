//! A bounded child: clean environment, fixed path, a process group of its own that is ended at the deadline, and
//! output of which only so much is kept. Used for command channels and for evidence; attempts have their own, stricter
//! way.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{sleep, timeout};

use super::program::FIXED_PATH;
use crate::text::clean;

/// Between the request to end and the end by force.
const GRACE: Duration = Duration::from_secs(2);
/// How long output is awaited after the child has ended: a grandchild may hold the pipe for ever.
const DRAIN: Duration = Duration::from_millis(200);

/// What to run.
#[derive(Debug)]
pub struct Job {
    /// Absolute.
    pub program: PathBuf,
    pub args: Vec<String>,
    /// Added to the clean environment.
    pub env: Vec<(&'static str, String)>,
    pub stdin: Vec<u8>,
    pub deadline: Duration,
    /// Bytes of output to keep, half from its beginning and half from its end.
    pub keep: usize,
}

/// How it ended and what it printed.
#[derive(Debug)]
pub struct Ran {
    pub ended: Ended,
    /// Standard output and error as they came; clean.
    pub output: String,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Exit(i32),
    Signal(i32),
    TimedOut,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "ended by signal {signal}"),
            Self::TimedOut => f.write_str("ended at its deadline"),
        }
    }
}

/// Runs it to its end or its deadline.
pub async fn run(job: Job) -> io::Result<Ran> {
    let (reader, writer) = io::pipe()?;
    let child = Command::new(&job.program)
        .args(&job.args)
        .env_clear()
        .env("PATH", FIXED_PATH.join(":"))
        .env("LANG", "C.UTF-8")
        .envs(job.env)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .spawn()?;
    super::oom::usual(child.id());
    let mut child = Leader(child);
    let kept = Arc::new(Mutex::new(Kept::new(job.keep)));
    let drain = tokio::spawn(drain(pipe::Receiver::from_owned_fd(reader.into())?, Arc::clone(&kept)));
    let feed = child.0.stdin.take().map(|stdin| tokio::spawn(feed(stdin, job.stdin)));
    let ended = if let Ok(status) = timeout(job.deadline, child.0.wait()).await {
        ended(status?)
    } else {
        end(&mut child.0).await?;
        Ended::TimedOut
    };
    let stop = drain.abort_handle();
    if timeout(DRAIN, drain).await.is_err() {
        stop.abort();
    }
    if let Some(feed) = feed {
        feed.abort();
    }
    let output = kept.lock().unwrap_or_else(PoisonError::into_inner).text();
    Ok(Ran { ended, output })
}

/// A group's leader. Whoever stops waiting for it (the outbox was dropped) ends the group.
struct Leader(Child);

impl Drop for Leader {
    fn drop(&mut self) {
        // it has a number until it is reaped, and until then no stranger can have the same
        if let Some(leader) = leader_of(&self.0) {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

fn leader_of(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
}

fn ended(status: std::process::ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exit(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}

/// Ends the whole group: asks, waits, forces. The leader is reaped last, so its number cannot pass to a stranger.
async fn end(child: &mut Child) -> io::Result<()> {
    let Some(leader) = leader_of(child) else { return Ok(()) };
    let _ = kill_process_group(leader, Signal::TERM);
    let step = Duration::from_millis(50);
    for _ in 0..GRACE.as_millis() / step.as_millis() {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if !matches!(waitid(WaitId::Pid(leader), look), Ok(None)) {
            break;
        }
        sleep(step).await;
    }
    let _ = kill_process_group(leader, Signal::KILL);
    // one that cannot die (it waits for a broken disk) is left to the kernel
    match timeout(GRACE, child.wait()).await {
        Ok(reaped) => reaped.map(|_| ()),
        Err(_) => Ok(()),
    }
}

async fn feed(mut stdin: ChildStdin, body: Vec<u8>) {
    // a child that does not read to the end has had enough
    let _ = stdin.write_all(&body).await;
    let _ = stdin.shutdown().await;
}

async fn drain(mut output: pipe::Receiver, kept: Arc<Mutex<Kept>>) {
    let mut block = vec![0; 16 << 10];
    while let Ok(read @ 1..) = output.read(&mut block).await {
        kept.lock().unwrap_or_else(PoisonError::into_inner).add(&block[..read]);
    }
}

/// The first and the last bytes of a stream.
#[derive(Debug)]
struct Kept {
    half: usize,
    first: Vec<u8>,
    last: Vec<u8>,
    left_out: usize,
}

impl Kept {
    fn new(keep: usize) -> Self {
        Self { half: keep / 2, first: Vec::new(), last: Vec::new(), left_out: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(self.half - self.first.len()));
        self.first.extend_from_slice(first);
        self.last.extend_from_slice(rest);
        // twice the room, so that moving bytes up stays rare
        if self.last.len() > 2 * self.half {
            let extra = self.last.len() - self.half;
            self.last.drain(..extra);
            self.left_out += extra;
        }
    }

    fn text(&mut self) -> String {
        let extra = self.last.len().saturating_sub(self.half);
        self.last.drain(..extra);
        self.left_out += extra;
        let words = |bytes: &[u8]| clean(&String::from_utf8_lossy(bytes)).into_owned();
        match self.left_out {
            0 => words(&[&*self.first, &*self.last].concat()),
            left_out => {
                format!("{}\n[… {left_out} bytes left out …]\n{}", words(&self.first), words(&self.last))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, deadline: Duration) -> Job {
        Job {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            env: vec![("SALVE_KIND", "trigger".into())],
            stdin: b"the page\n".to_vec(),
            deadline,
            keep: 1024,
        }
    }

    #[tokio::test]
    async fn a_child_reads_the_body_in_a_clean_environment() {
        let ran = run(sh("cat; echo \"$SALVE_KIND $HOME $PATH\"; pwd >&2; exit 3", Duration::from_secs(30))).await;
        let ran = ran.unwrap();
        assert_eq!(ran.ended, Ended::Exit(3));
        assert_eq!(ran.output, "the page\ntrigger  /usr/sbin:/usr/bin:/sbin:/bin\n/\n");
    }

    #[tokio::test]
    async fn at_the_deadline_the_whole_group_is_ended() {
        // ignores TERM, and so does its child, whose number it prints
        let script = "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1; done";
        let ran = run(sh(script, Duration::from_millis(300))).await.unwrap();
        assert_eq!(ran.ended, Ended::TimedOut);
        gone(ran.output.trim()).await;
    }

    /// Waits until a process has gone, or is dead and not yet reaped.
    async fn gone(pid: &str) {
        for _ in 0..1000 {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if stat.is_empty() || stat.contains(") Z ") {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{pid} is still there");
    }

    #[tokio::test]
    async fn who_stops_waiting_ends_the_whole_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let script = format!("sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", path.display());
        let running = tokio::spawn(run(sh(&script, Duration::from_mins(10))));
        while !path.exists() {
            sleep(Duration::from_millis(10)).await;
        }
        running.abort();
        gone(std::fs::read_to_string(path).unwrap().trim()).await;
    }

    #[tokio::test]
    async fn a_grandchild_that_holds_the_pipe_holds_up_nothing() {
        let ran = run(sh("sleep 5 & echo $!", Duration::from_mins(1))).await.unwrap();
        assert_eq!(ran.ended, Ended::Exit(0));
        let left = Pid::from_raw(ran.output.trim().parse().unwrap()).unwrap();
        // it is still there: nobody waited for it
        rustix::process::kill_process(left, Signal::KILL).unwrap();
    }

    #[tokio::test]
    async fn of_much_output_the_ends_are_kept() {
        let ran = run(sh("echo first; seq 1 100000; echo last", Duration::from_mins(1))).await.unwrap();
        assert!(ran.output.starts_with("first\n1\n") && ran.output.ends_with("\nlast\n"), "{}", ran.output);
        assert!(ran.output.contains("bytes left out") && ran.output.len() < 1200);
    }
}
