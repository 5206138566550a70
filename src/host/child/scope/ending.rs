//! Ends what lives in a scope: TERM, a grace period, then KILL until nothing is left.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::cgroup::Cgroup;
use super::descendants::{self, Process, Sighting};
use super::{ChildScope, Emptied, SETTLE, lock};

/// From the first SIGKILL until a scope that is still not empty counts as impossible to empty.
const PATIENCE: Duration = Duration::from_secs(5);

/// What lives among the members that a cgroup lists, and the strays. A member that does not answer lives.
fn alive(listed: &[Sighting], strays: Vec<Process>) -> Vec<Process> {
    let mut members: Vec<Process> =
        listed.iter().filter_map(|look| look.process()).filter(|process| !process.zombie).collect();
    for stray in strays {
        if members.iter().all(|member| member.pid != stray.pid) {
            members.push(stray);
        }
    }
    members
}

impl ChildScope {
    /// Ends what is still there after the main process has ended by itself: a moment to settle, TERM, a second, KILL.
    pub fn end_leavings(&self) -> Emptied {
        if self.is_left_empty() || self.wait_empty(SETTLE) {
            return Emptied { empty: true, ended: Vec::new() };
        }
        self.end(Duration::from_secs(1))
    }

    /// TERM, a grace period, KILL, until nothing lives in it or it is out of patience. Blocks.
    pub fn end(&self, grace: Duration) -> Emptied {
        let ended = self.members().iter().map(Process::named).collect();
        self.signal(Signal::TERM);
        Emptied { empty: self.wait_empty(grace) || self.kill_until_empty(), ended }
    }

    /// One SIGKILL to all that is in it now.
    pub(super) fn kill(&self) {
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
        self.strays().iter().for_each(|stray| stray.signal(Signal::KILL));
    }

    pub(super) fn kill_until_empty(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            self.kill();
            if self.wait_empty(Duration::from_millis(20)) {
                return true;
            }
        }
        false
    }

    fn signal(&self, signal: Signal) {
        if let Some(cgroup) = &self.cgroup {
            cgroup.signal(signal);
        }
        self.strays().iter().for_each(|stray| stray.signal(signal));
    }

    /// Waits, looking ever less often, and reaps what has died.
    fn wait_empty(&self, length: Duration) -> bool {
        let until = Instant::now() + length;
        let mut pause = Duration::from_micros(500);
        loop {
            // Without a cgroup, who hops from fork to fork may be missed by one look at the tree.
            let empty = self.is_empty() && (self.cgroup.is_some() || self.is_empty());
            self.reap();
            let left = until.saturating_duration_since(Instant::now());
            if empty || left.is_zero() {
                return empty;
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }

    fn reap(&self) {
        let main = *lock(&self.main);
        descendants::dead(main.abandoned, main.owned, self.tag).into_iter().for_each(descendants::reap);
    }

    /// Does nothing live in it?
    pub(super) fn is_empty(&self) -> bool {
        self.members().is_empty() && !self.cgroup.as_ref().is_some_and(Cgroup::is_told_populated)
    }

    pub(super) fn members(&self) -> Vec<Process> {
        let listed: Vec<i32> = self.cgroup.iter().flat_map(Cgroup::members).collect();
        alive(&descendants::looked(&listed), self.strays())
    }

    /// What is below this process but (where there is a cgroup) may have left it.
    fn strays(&self) -> Vec<Process> {
        let main = *lock(&self.main);
        descendants::living(main.owned.or(main.abandoned), &self.marker, self.tag)
    }

    /// Ends whatever on this host bears its marks, whoever its parent is now. False where something of it may still
    /// live: also where a process does not say whether it is of it.
    pub fn end_leftover(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        loop {
            let marked = descendants::marked_on_host(&self.marker);
            if marked.is_known_empty() && self.is_empty() {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            for process in &marked.marked {
                process.signal(Signal::KILL);
            }
            self.kill_until_empty();
            if marked.marked.is_empty() {
                // Whoever did not answer may do so soon.
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_does_not_answer_lives_and_is_counted_once() {
        let process = |pid, started| Process { pid, parent: 1, zombie: false, started };
        let dead = Process { zombie: true, ..process(4, Some(1)) };
        let listed = [
            Sighting::Gone,
            Sighting::Silent(process(2, None)),
            Sighting::Seen(process(3, Some(1))),
            Sighting::Seen(dead),
        ];
        let strays = vec![process(2, Some(7)), process(5, None)];
        let pids: Vec<i32> = alive(&listed, strays).iter().map(|process| process.pid).collect();
        assert_eq!(pids, [2, 3, 5]);
    }
}
