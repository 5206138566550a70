//! The processes of a control group: their open files against their limits, and the zombies among their children.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::check::proc;
use crate::host::cgroups;

/// The processes of a control group at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Processes {
    /// Open files of the one that is closest to its limit, and that limit.
    pub open_files: Option<(u64, u64)>,
    /// Children that died and were not reaped.
    pub zombies: u64,
}

/// Looks at every process of a group and of those below it; what ends meanwhile is left out.
pub(super) fn processes(folder: &Path) -> Processes {
    let mut seen = Processes::default();
    let share = |(open, limit): (u64, u64)| u128::from(open) * 1_000_000 / u128::from(limit.max(1));
    for pid in cgroups::members(folder) {
        seen.open_files = seen.open_files.into_iter().chain(proc::open_files(pid)).max_by_key(|found| share(*found));
        let children = proc::read_stats(&proc::children(pid), false).into_values().filter_map(|child| child.stat);
        seen.zombies += children.filter(|child| child.state == 'Z').count() as u64;
    }
    seen
}
