//! What is remembered of a control group from one probe to the next: how its memory grew, and how many processes were
//! killed.

use std::time::Duration;

use super::CgroupSubject;
use crate::check::prober::history::{Remembered, Rise, Samples};
use crate::core::Mono;

/// Memory and kills over the window. Each control group that a unit had is told from the next by its inode.
#[derive(Debug, Default)]
pub struct CgroupTrace {
    /// Bytes in use, and the group's inode.
    memory: Samples,
    /// Kills so far in all groups of the unit, and those of the latest group.
    kills: Samples,
}

impl Remembered for CgroupSubject {
    type Trace = CgroupTrace;
}

impl CgroupTrace {
    /// Adds the bytes in use by the group of this inode. Returns by how many bytes memory grew and within what time; none
    /// before there are enough samples.
    pub(super) fn add_memory(
        &mut self,
        now: Mono,
        bytes: u64,
        inode: u64,
        window: Duration,
    ) -> Option<(f64, Duration)> {
        // What a unit used before a restart says nothing about the run of now.
        if self.memory.latest().is_some_and(|[_, before, ..]| before != inode) {
            self.memory = Samples::default();
        }
        self.memory.add(now, [bytes, inode, 0, 0], window);
        self.memory.trend()
    }

    /// Adds the kills since the group was made. Returns how many there were within the window, as the first figure.
    pub(super) fn add_kills(&mut self, now: Mono, kills: u64, window: Duration) -> Rise {
        // A group that was created again counts from zero.
        let [sum, before, ..] = self.kills.latest().unwrap_or([0, kills, 0, 0]);
        let sum = sum + if kills >= before { kills - before } else { kills };
        self.kills.add(now, [sum, kills, 0, 0], window)
    }
}
