//! Whose process is it? What `/proc` says about who descends from a child, whatever its descendants did to get away.
//!
//! Two marks are inherited over fork, exec, `setsid` and a change of cgroup: a variable in the environment, and the
//! [`RlimitTag`], a limit with a number of its own, which also survives a cleared environment. A descendant whose
//! parents have gone is adopted by this process (a subreaper while a scope is open), so that everything that is left of
//! a child is found in the tree below this process.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::io::Errno;
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
    fn told(pid: i32, answer: Option<Self>) -> Self {
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
    fn read(pid: i32) -> Sighting {
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

/// Those among these processes that bear one of the two marks.
fn marked(processes: Vec<Process>, marker: &Marker, tag: RlimitTag) -> Vec<Process> {
    let tagged: HashSet<i32> = processes.iter().map(|process| process.pid).filter(|pid| has_tag(*pid, tag)).collect();
    let others: Vec<i32> = processes.iter().map(|process| process.pid).filter(|pid| !tagged.contains(pid)).collect();
    // One whose memory does not answer is not taken for ours by it: it may be any other scope's.
    let Bearing { bear, unanswered: _ } = bearing(&others, marker);
    processes.into_iter().filter(|process| tagged.contains(&process.pid) || bear.contains(&process.pid)).collect()
}

/// Looks at processes, in their order.
pub fn looked(pids: &[i32]) -> Vec<Sighting> {
    let mut answers = processes::each(pids, Process::read);
    pids.iter().map(|pid| Sighting::told(*pid, answers.remove(pid))).collect()
}

/// Every process that can be seen, whether it answers or not.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids: Vec<i32> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    looked(&pids).into_iter().filter_map(Sighting::process).collect()
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap_or(i32::MAX)
}

/// Children of this process. One that does not answer lives: it is about to become another program.
fn children(pids: &[i32]) -> Vec<Process> {
    let children = looked(pids).into_iter().filter_map(Sighting::process);
    // it may have been adopted after it was listed
    children.map(|child| Process { parent: own_pid(), ..child }).collect()
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

/// What on this host may be left of a crash.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OnHost {
    /// What bears the marker, and what descends from it.
    pub marked: Vec<Process>,
    /// What did not say whether it bears the marker.
    pub unanswered: Vec<i32>,
}

impl OnHost {
    /// Is it known that nothing is left?
    pub fn is_known_empty(&self) -> bool {
        self.marked.is_empty() && self.unanswered.is_empty()
    }
}

/// Every living process on the host that bears this marker, and what descends from these; for what a crash of
/// this program left behind. Never this process nor one that it descends from.
pub fn marked_on_host(marker: &Marker) -> OnHost {
    let all = all();
    let living: Vec<i32> = all.iter().filter(|process| !process.zombie).map(|process| process.pid).collect();
    on_host(&all, &bearing(&living, marker), own_pid())
}

fn on_host(all: &[Process], bearing: &Bearing, own: i32) -> OnHost {
    let spared = with_ancestors(own, all);
    let found = all.iter().copied().filter(|process| bearing.bear.contains(&process.pid)).collect();
    let marked: Vec<Process> =
        with_descendants(found, all).into_iter().filter(|process| !spared.contains(&process.pid)).collect();
    let told = |pid: &i32| spared.contains(pid) || marked.iter().any(|process| process.pid == *pid);
    let unanswered = bearing.unanswered.iter().copied().filter(|pid| !told(pid)).collect();
    OnHost { marked, unanswered }
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

/// Whose environment has a marker.
#[derive(Debug, PartialEq, Eq)]
struct Bearing {
    /// These have it.
    bear: HashSet<i32>,
    /// These did not say.
    unanswered: Vec<i32>,
}

impl Bearing {
    /// By the answers of those who gave any.
    fn among(pids: &[i32], answers: &HashMap<i32, bool>) -> Self {
        let bear = answers.iter().filter(|(_, bears)| **bears).map(|(pid, _)| *pid).collect();
        let unanswered = pids.iter().copied().filter(|pid| !answers.contains_key(pid)).collect();
        Self { bear, unanswered }
    }
}

/// Which of these processes have the marker in their environment.
fn bearing(pids: &[i32], marker: &Marker) -> Bearing {
    let wanted = format!("{}={}", marker.name, marker.value);
    let bears = move |pid: i32| {
        let environ = processes::beginning(pid, "environ", processes::ENVIRONMENT).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    Bearing::among(pids, &processes::each(pids, bears))
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
        assert_eq!(process, Process { pid: 7, parent: 42, zombie: false, started: Some(98765) });
        assert!(Process::parse(7, "7 (x) Z 1 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 5 1").unwrap().zombie);
    }

    #[test]
    fn descendants_are_found_at_any_depth_and_the_dead_are_left_out() {
        let process = |pid, parent, zombie| Process { pid, parent, zombie, started: None };
        let all = [process(4, 3, false), process(3, 2, false), process(5, 2, true), process(9, 1, false)];
        let found = with_descendants(vec![process(2, 1, false)], &all);
        assert_eq!(found.iter().map(|process| process.pid).collect::<Vec<_>>(), [2, 3, 4]);
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

    #[test]
    fn what_does_not_say_whether_it_is_left_of_a_crash_leaves_it_unknown() {
        let process = |pid, parent| Process { pid, parent, zombie: false, started: Some(1) };
        let all = [process(1, 0), process(2, 1), process(3, 2), process(4, 1), process(5, 4), process(6, 1)];
        let pids = [1, 2, 3, 4, 5, 6];
        // 3 is this process; 1 is an ancestor that does not answer, 6 nobody of ours
        let answers = HashMap::from([(2, false), (3, false), (4, false), (5, false)]);
        let found = on_host(&all, &Bearing::among(&pids, &answers), 3);
        assert_eq!(found, OnHost { marked: Vec::new(), unanswered: vec![6] });
        assert!(!found.is_known_empty());
        let answers = HashMap::from([(2, false), (3, false), (4, true), (6, false)]);
        let found = on_host(&all, &Bearing::among(&pids, &answers), 3);
        assert_eq!(found, OnHost { marked: vec![all[3], all[4]], unanswered: Vec::new() });
        let answers = HashMap::from([(2, false), (3, false), (4, false), (5, false), (6, false)]);
        assert!(on_host(&all, &Bearing::among(&pids, &answers), 3).is_known_empty());
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
