//! The two marks that every descendant of a child inherits: a variable in the environment, and a limit.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Process;
use crate::foreign::processes;

/// The variable that marks an attempt's processes.
pub const ATTEMPT: &str = "SALVE_ATTEMPT";
/// The variable that marks the processes of a check, of evidence or of a channel.
pub const CHILD: &str = "SALVE_CHILD";

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

/// Those among these processes that bear one of the two marks.
pub(super) fn marked(processes: Vec<Process>, marker: &Marker, tag: RlimitTag) -> Vec<Process> {
    let tagged: HashSet<i32> = processes.iter().map(|process| process.pid).filter(|pid| has_tag(*pid, tag)).collect();
    let others: Vec<i32> = processes.iter().map(|process| process.pid).filter(|pid| !tagged.contains(pid)).collect();
    // One whose memory does not answer is not taken for ours by it: it may be any other scope's.
    let Bearing { bear, unanswered: _ } = bearing(&others, marker);
    processes.into_iter().filter(|process| tagged.contains(&process.pid) || bear.contains(&process.pid)).collect()
}

/// Whose environment has a marker.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bearing {
    /// These have it.
    pub(super) bear: HashSet<i32>,
    /// These did not say.
    pub(super) unanswered: Vec<i32>,
}

impl Bearing {
    /// By the answers of those who gave any.
    pub(super) fn among(pids: &[i32], answers: &HashMap<i32, bool>) -> Self {
        let bear = answers.iter().filter(|(_, bears)| **bears).map(|(pid, _)| *pid).collect();
        let unanswered = pids.iter().copied().filter(|pid| !answers.contains_key(pid)).collect();
        Self { bear, unanswered }
    }
}

/// Which of these processes have the marker in their environment.
pub(super) fn bearing(pids: &[i32], marker: &Marker) -> Bearing {
    let wanted = format!("{}={}", marker.name, marker.value);
    let bears = move |pid: i32| {
        let environ = processes::beginning(pid, "environ", processes::ENVIRONMENT).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    Bearing::among(pids, &processes::each(pids, bears))
}

pub(super) fn has_tag(pid: i32, tag: RlimitTag) -> bool {
    let limit = |file: &str| -> Option<u64> {
        let limits = fs::read_to_string(file).ok()?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max msgqueue size"))?;
        // The hard limit: the soft one may have been lowered.
        line.split_ascii_whitespace().nth(1)?.parse().ok()
    };
    limit(&format!("/proc/{pid}/limits")) == Some(tag.0) && limit("/proc/self/limits") != Some(tag.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
