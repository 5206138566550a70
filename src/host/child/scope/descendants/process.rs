//! One process as `/proc` shows it, read so that one that does not answer holds nothing up.

use std::fs;
use std::hash::Hash;
use std::io::ErrorKind;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};

use crate::foreign::processes;

/// No `stat` is longer, in bytes.
const LONGEST: u64 = 4096;

/// A process as `/proc` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Process {
    /// The process id, in this process's PID namespace.
    pub pid: i32,
    /// Its parent's; 0 where that is not told.
    pub parent: i32,
    /// It is dead and waits to be reaped.
    pub zombie: bool,
    /// When it started, in ticks since boot: with the id, this names one process. None where it does not answer.
    pub started: Option<u64>,
}

/// What came of looking at a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// There is no such process.
    Gone,
    /// It is there and does not answer, or could not be asked just now: what is known of it without asking.
    Silent(Process),
    /// It answered: this is what `/proc` says of it.
    Seen(Process),
}

impl Sighting {
    /// The process, if there is one.
    pub fn process(self) -> Option<Process> {
        match self {
            Self::Gone => None,
            Self::Silent(process) | Self::Seen(process) => Some(process),
        }
    }

    /// By what reading its `stat` came to; none where that gave no answer.
    pub(super) fn told(pid: i32, answer: Option<Self>) -> Self {
        answer.unwrap_or_else(|| Self::unasked(pid))
    }

    /// A process that does not answer: its `status` is told without waiting for it.
    fn unasked(pid: i32) -> Self {
        match fs::read(format!("/proc/{pid}/status")) {
            Ok(status) => Self::Silent(Process::of_status(pid, &String::from_utf8_lossy(&status))),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::Gone,
            Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Self::Gone,
            Err(_) => Self::Silent(Process { pid, parent: 0, zombie: false, started: None }),
        }
    }
}

impl Process {
    /// Looks at one process.
    pub fn look(pid: i32) -> Sighting {
        Sighting::told(pid, processes::each(&[pid], Self::read).remove(&pid))
    }

    /// Reads it, in a thread that may hang.
    pub(super) fn read(pid: i32) -> Sighting {
        let stat = processes::beginning(pid, "stat", LONGEST);
        let process = stat.and_then(|stat| Self::parse(pid, &String::from_utf8_lossy(&stat)));
        process.map_or(Sighting::Gone, Sighting::Seen)
    }

    fn parse(pid: i32, stat: &str) -> Option<Self> {
        // The name in parentheses may hold anything, so the fields count from its end.
        let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        let started = fields.nth(17)?.parse().ok()?;
        Some(Self { pid, parent, zombie: matches!(state, "Z" | "X"), started: Some(started) })
    }

    /// As its `status` shows it, which does not say when it started.
    fn of_status(pid: i32, status: &str) -> Self {
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
        let zombie = field("State:").is_some_and(|state| state.starts_with(['Z', 'X']));
        let parent = field("PPid:").and_then(|parent| parent.parse().ok()).unwrap_or_default();
        Self { pid, parent, zombie, started: None }
    }

    /// Its name and id, clean.
    pub fn named(&self) -> String {
        let name = fs::read_to_string(format!("/proc/{}/comm", self.pid)).unwrap_or_default();
        format!("{} ({})", crate::text::clean_line(name.trim_end()), self.pid)
    }

    /// Sends a signal to exactly this process: a later one with the same id gets nothing.
    pub fn signal(&self, signal: Signal) {
        let Some(handle) = Pid::from_raw(self.pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else {
            return;
        };
        if self.is_behind(&handle, || Self::look(self.pid)) {
            let _ = pidfd_send_signal(&handle, signal);
        }
    }

    /// Is it the one behind this handle? One that does not answer is told by being a child of this process: until it is
    /// reaped, no other has its id.
    fn is_behind(&self, handle: &OwnedFd, look: impl FnOnce() -> Sighting) -> bool {
        let Some(started) = self.started else { return is_own_child(handle) };
        match look() {
            Sighting::Gone => false,
            Sighting::Silent(_) => is_own_child(handle),
            Sighting::Seen(now) => now.started == Some(started),
        }
    }
}

/// Is the process behind this handle a child of this one that has not been reaped?
fn is_own_child(handle: &OwnedFd) -> bool {
    let only_looking = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::PidFd(handle.as_fd()), only_looking).is_ok()
}

/// Reaps a dead child of this process; does nothing where it is no child or still lives.
pub fn reap(process: Process) {
    if let Some(pid) = Pid::from_raw(process.pid) {
        let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::child::scope::descendants::own_pid;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) R 1 (b) S 42 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 1";
        let process = Process::parse(7, stat).unwrap();
        assert_eq!(process, Process { pid: 7, parent: 42, zombie: false, started: Some(98765) });
        assert!(Process::parse(7, "7 (x) Z 1 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 5 1").unwrap().zombie);
    }

    #[test]
    fn who_does_not_answer_is_there_with_its_parent_and_who_is_gone_is_not() {
        let parent = rustix::process::getppid().unwrap().as_raw_nonzero().get();
        let own = Process { pid: own_pid(), parent, zombie: false, started: None };
        assert_eq!(Sighting::told(own_pid(), None), Sighting::Silent(own));
        assert_eq!(Sighting::told(own_pid(), None).process(), Some(own));
        assert_eq!(Sighting::told(i32::MAX, None), Sighting::Gone);
        assert_eq!(Sighting::told(own_pid(), Some(Sighting::Gone)), Sighting::Gone);
        assert!(Process::of_status(7, "Name:\tx\nState:\tZ (zombie)\nPPid:\t3\n").zombie);
    }

    #[test]
    fn a_child_that_does_not_answer_gets_its_signal_and_a_stranger_that_does_not_gets_none() {
        use std::os::unix::process::ExitStatusExt as _;
        let mut child = std::process::Command::new("/bin/sleep").arg("600").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let silent = |pid| Process { pid, parent: own_pid(), zombie: false, started: None };
        let handle = |pid| pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()).unwrap();
        // it answered before, and does not any more
        let before = Process { started: Some(1), ..silent(pid) };
        assert!(before.is_behind(&handle(pid), || Sighting::Silent(silent(pid))));
        assert!(!before.is_behind(&handle(pid), || Sighting::Gone));
        assert!(!before.is_behind(&handle(pid), || Sighting::Seen(Process { started: Some(2), ..before })));
        let parent = rustix::process::getppid().unwrap().as_raw_nonzero().get();
        assert!(!silent(parent).is_behind(&handle(parent), || Sighting::Silent(silent(parent))));
        silent(pid).signal(Signal::KILL);
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}
