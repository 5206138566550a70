//! Whose process is it? What `/proc` says about who descends from a child, whatever its descendants did to get away.
//!
//! Two marks are inherited over fork, exec, `setsid` and a change of cgroup: a variable in the environment, and the
//! [`RlimitTag`], a limit with a number of its own, which also survives a cleared environment. A descendant whose
//! parents have gone is adopted by this process (a subreaper while a scope is open), so that everything that is left of
//! a child is found in the tree below this process.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};

use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};

use crate::foreign::processes;

/// The variable that marks an attempt's processes.
pub const ATTEMPT: &str = "SALVE_ATTEMPT";
/// The variable that marks the processes of a check, of evidence or of a channel.
pub const CHILD: &str = "SALVE_CHILD";

/// No `stat` is longer, in bytes.
const LONGEST: u64 = 4096;

/// The limits of attempts begin here.
const FIRST: u64 = 100_000;
/// How many limits attempts share, and how many all others share: below the kernel's default of 819,200, so that an
/// unprivileged process may set any of them.
const SHARE: u64 = 350_000;

/// A variable that marks a child and its descendants in their environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// [`ATTEMPT`] or [`CHILD`].
    pub name: &'static str,
    /// Its value, which no other child of this host has.
    pub value: String,
}

/// A limit on POSIX message queues that no one else has: all descendants inherit it, none can raise it unprivileged,
/// and anyone may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RlimitTag(pub u64);

impl RlimitTag {
    /// For the attempt with this marker.
    pub fn of_attempt(marker: &str) -> Self {
        let mut hash = DefaultHasher::new();
        marker.hash(&mut hash);
        Self(FIRST + hash.finish() % SHARE)
    }

    /// For the child with this number: another one than that of the 349,999 children before it.
    pub fn of_child(number: u64) -> Self {
        Self(FIRST + SHARE + number % SHARE)
    }
}

/// A process as `/proc/PID/stat` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// It is dead and waits to be reaped.
    pub zombie: bool,
    /// When it started, in ticks since boot: with the id, this names one process.
    pub started: u64,
}

impl Process {
    /// Looks at one process; none where it is gone, or does not answer.
    pub fn look(pid: i32) -> Option<Self> {
        looked(&[pid]).remove(&pid).flatten()
    }

    /// Reads it, in a thread that may hang.
    fn read(pid: i32) -> Option<Self> {
        let stat = processes::beginning(pid, "stat", LONGEST)?;
        Self::parse(pid, &String::from_utf8_lossy(&stat))
    }

    fn parse(pid: i32, stat: &str) -> Option<Self> {
        // The name in parentheses may hold anything, so the fields count from its end.
        let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        let started = fields.nth(17)?.parse().ok()?;
        Some(Self { pid, parent, zombie: matches!(state, "Z" | "X"), started })
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
        if Self::look(self.pid).is_some_and(|now| now.started == self.started) {
            let _ = pidfd_send_signal(&handle, signal);
        }
    }
}

/// Those among these processes that bear one of the two marks.
fn marked(processes: Vec<Process>, marker: &Marker, tag: RlimitTag) -> Vec<Process> {
    let tagged: HashSet<i32> = processes.iter().map(|process| process.pid).filter(|pid| has_tag(*pid, tag)).collect();
    let others: Vec<i32> = processes.iter().map(|process| process.pid).filter(|pid| !tagged.contains(pid)).collect();
    let bearing = bearing(&others, marker);
    processes.into_iter().filter(|process| tagged.contains(&process.pid) || bearing.contains(&process.pid)).collect()
}

/// Looks at processes. One that is gone is nothing; one that is not in the answer does not answer.
fn looked(pids: &[i32]) -> BTreeMap<i32, Option<Process>> {
    processes::each(pids, Process::read).into_iter().collect()
}

/// Every process that can be seen, and answers.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids: Vec<i32> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    looked(&pids).into_values().flatten().collect()
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap_or(i32::MAX)
}

/// Children of this process. One that does not answer lives: it is about to become another program.
fn children(pids: &[i32]) -> Vec<Process> {
    let looked = looked(pids);
    let silent = |pid| Some(Process { pid, parent: own_pid(), zombie: false, started: 0 });
    pids.iter().filter_map(|pid| looked.get(pid).copied().unwrap_or_else(|| silent(*pid))).collect()
}

/// This process's children, the adopted ones among them.
pub fn own_children() -> Vec<Process> {
    let listed = || -> Option<Vec<Process>> {
        let mut pids: Vec<i32> = Vec::new();
        for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
            let list = fs::read_to_string(task.path().join("children")).ok()?;
            pids.extend(list.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
        Some(children(&pids))
    };
    // A kernel without that list: by everybody's parent.
    listed().unwrap_or_else(|| all().into_iter().filter(|process| process.parent == own_pid()).collect())
}

/// The living processes below this one that belong to a scope: its main process, adopted descendants, and what descends
/// from these.
pub fn living(main: Option<i32>, marker: &Marker, tag: RlimitTag) -> Vec<Process> {
    let children: Vec<Process> = own_children().into_iter().filter(|child| !child.zombie).collect();
    let (mut own, others): (Vec<_>, Vec<_>) = children.into_iter().partition(|child| Some(child.pid) == main);
    own.extend(marked(others, marker, tag));
    if own.is_empty() { own } else { with_descendants(own, &all()) }
}

/// The adopted children of this process that a scope left behind dead, to be reaped.
pub fn dead(abandoned: Option<i32>, owned: Option<i32>, tag: RlimitTag) -> Vec<Process> {
    own_children()
        .into_iter()
        .filter(|child| {
            let ours = Some(child.pid) == abandoned || (Some(child.pid) != owned && has_tag(child.pid, tag));
            child.zombie && ours
        })
        .collect()
}

/// Has this process adopted anything of a scope whose main process has been reaped? One short look: the kernel hands
/// orphans to the first thread, which lives as long as the process. `others` are main processes of other scopes.
pub fn has_adopted(marker: &Marker, tag: RlimitTag, others: &HashSet<i32>) -> bool {
    let own = own_pid();
    let Ok(list) = fs::read_to_string(format!("/proc/self/task/{own}/children")) else { return true };
    let pids = list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    let strangers: Vec<i32> = pids.filter(|pid| !others.contains(pid)).collect();
    !marked(children(&strangers), marker, tag).is_empty()
}

/// Every living process on the host that bears this marker, and what descends from these; for what a crash of
/// this program left behind. Never this process nor one that it descends from.
pub fn marked_on_host(marker: &Marker) -> Vec<Process> {
    let all = all();
    let spared = with_ancestors(own_pid(), &all);
    let living: Vec<i32> = all.iter().filter(|process| !process.zombie).map(|process| process.pid).collect();
    let bearing = bearing(&living, marker);
    let found = all.iter().copied().filter(|process| bearing.contains(&process.pid)).collect();
    with_descendants(found, &all).into_iter().filter(|process| !spared.contains(&process.pid)).collect()
}

fn with_descendants(mut found: Vec<Process>, all: &[Process]) -> Vec<Process> {
    let mut known: HashSet<i32> = found.iter().map(|process| process.pid).collect();
    loop {
        let more: Vec<Process> = all
            .iter()
            .copied()
            .filter(|process| !process.zombie && known.contains(&process.parent) && !known.contains(&process.pid))
            .collect();
        if more.is_empty() {
            return found;
        }
        known.extend(more.iter().map(|process| process.pid));
        found.extend(more);
    }
}

/// A process and its ancestors.
fn with_ancestors(pid: i32, all: &[Process]) -> HashSet<i32> {
    let mut line = HashSet::from([pid]);
    let mut pid = pid;
    while let Some(process) = all.iter().find(|process| process.pid == pid) {
        if !line.insert(process.parent) {
            break;
        }
        pid = process.parent;
    }
    line
}

/// Those among these processes whose environment has the marker. One whose memory does not answer is not taken for
/// ours by it.
fn bearing(pids: &[i32], marker: &Marker) -> HashSet<i32> {
    let wanted = format!("{}={}", marker.name, marker.value);
    let bears = move |pid: i32| {
        let environ = processes::beginning(pid, "environ", processes::ENVIRONMENT).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    processes::each(pids, bears).into_iter().filter(|(_, bears)| *bears).map(|(pid, _)| pid).collect()
}

fn has_tag(pid: i32, tag: RlimitTag) -> bool {
    let limit = |file: &str| -> Option<u64> {
        let limits = fs::read_to_string(file).ok()?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max msgqueue size"))?;
        // The hard limit: the soft one may have been lowered.
        line.split_ascii_whitespace().nth(1)?.parse().ok()
    };
    limit(&format!("/proc/{pid}/limits")) == Some(tag.0) && limit("/proc/self/limits") != Some(tag.0)
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

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) R 1 (b) S 42 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 1";
        let process = Process::parse(7, stat).unwrap();
        assert_eq!(process, Process { pid: 7, parent: 42, zombie: false, started: 98765 });
        assert!(Process::parse(7, "7 (x) Z 1 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 5 1").unwrap().zombie);
    }

    #[test]
    fn descendants_are_found_at_any_depth_and_the_dead_are_left_out() {
        let process = |pid, parent, zombie| Process { pid, parent, zombie, started: 0 };
        let all = [process(4, 3, false), process(3, 2, false), process(5, 2, true), process(9, 1, false)];
        let found = with_descendants(vec![process(2, 1, false)], &all);
        assert_eq!(found.iter().map(|process| process.pid).collect::<Vec<_>>(), [2, 3, 4]);
    }

    #[test]
    fn this_process_and_its_ancestors_are_never_among_what_is_ended() {
        let line = with_ancestors(own_pid(), &all());
        assert!(line.contains(&own_pid()));
        assert!(line.contains(&rustix::process::getppid().unwrap().as_raw_nonzero().get()));
    }

    #[test]
    fn tags_stay_in_the_range_that_anyone_may_set_and_attempts_share_none_with_other_children() {
        for number in 0..1000 {
            let RlimitTag(attempt) = RlimitTag::of_attempt(&format!("x:{number}"));
            let RlimitTag(child) = RlimitTag::of_child(number * 350);
            assert!((100_000..450_000).contains(&attempt) && (450_000..800_000).contains(&child));
        }
        assert_ne!(RlimitTag::of_child(1), RlimitTag::of_child(2));
    }
}
