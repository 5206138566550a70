//! Finds the processes that descend from a child in `/proc`, whatever they did to get away.
//!
//! Two marks are inherited over fork, exec, `setsid` and a change of cgroup: a variable in the environment, and the
//! [`RlimitTag`], a limit with a number of its own, which also survives a cleared environment. A descendant whose
//! parents have gone is adopted by this process (a subreaper while a scope is open), so that everything that is left of
//! a child is found in the tree below this process.

mod marks;
mod process;

use std::collections::HashSet;
use std::fs;

use crate::foreign::processes;

pub use self::marks::{ATTEMPT, CHILD, Marker, RlimitTag};
use self::marks::{Bearing, bearing, has_tag, marked};
pub use self::process::{Process, Sighting, reap};

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

/// Has this process a child that is not among these main processes? Then it may have been adopted. One short look at the
/// kernel's own list, which waits for nobody: the kernel hands orphans to the first thread, which lives as long as the
/// process.
pub fn has_unknown_children(mains: &HashSet<i32>) -> bool {
    strangers(mains).is_none_or(|strangers| !strangers.is_empty())
}

/// Has this process adopted anything of a scope whose main process has been reaped? `others` are main processes of other
/// scopes.
pub fn has_adopted(marker: &Marker, tag: RlimitTag, others: &HashSet<i32>) -> bool {
    strangers(others).is_none_or(|strangers| !marked(children(&strangers), marker, tag).is_empty())
}

/// The first thread's children that are not among these main processes; none where the kernel does not tell.
fn strangers(mains: &HashSet<i32>) -> Option<Vec<i32>> {
    let list = fs::read_to_string(format!("/proc/self/task/{}/children", own_pid())).ok()?;
    let pids = list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    Some(pids.filter(|pid| !mains.contains(pid)).collect())
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn descendants_are_found_at_any_depth_and_the_dead_are_left_out() {
        let process = |pid, parent, zombie| Process { pid, parent, zombie, started: None };
        let all = [process(4, 3, false), process(3, 2, false), process(5, 2, true), process(9, 1, false)];
        let found = with_descendants(vec![process(2, 1, false)], &all);
        assert_eq!(found.iter().map(|process| process.pid).collect::<Vec<_>>(), [2, 3, 4]);
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
}
