//! Control groups of the unified hierarchy, as systemd names them.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Where the unified hierarchy is mounted.
pub const ROOT: &str = "/sys/fs/cgroup";

/// Does this host have the unified hierarchy, and systemd its groups in it?
#[must_use]
pub fn unified() -> bool {
    Path::new(ROOT).join("cgroup.controllers").exists()
}

/// Is memory counted by group on this host?
#[must_use]
pub fn counts_memory() -> bool {
    let controllers = fs::read_to_string(Path::new(ROOT).join("cgroup.controllers")).unwrap_or_default();
    controllers.split_ascii_whitespace().any(|name| name == "memory")
}

/// systemd names it from the hierarchy's root, and never climbs.
#[must_use]
pub fn folder(group: &str) -> Option<PathBuf> {
    let below = Path::new(group).strip_prefix("/").ok().filter(|below| below.components().next().is_some())?;
    let plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    plain.then(|| Path::new(ROOT).join(below))
}

/// The ids of all processes of a group and of those below it. A zombie is in none.
#[must_use]
pub fn members(folder: &Path) -> Vec<i32> {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    let mut pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
    let below = fs::read_dir(folder).into_iter().flatten().flatten();
    for group in below.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        pids.extend(members(&group.path()));
    }
    pids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_the_root_is_a_group() {
        for group in ["", "/", "relative", "/../etc", "/a/../../b"] {
            assert_eq!(folder(group), None, "{group}");
        }
        assert_eq!(folder("/system.slice/a.service"), Some("/sys/fs/cgroup/system.slice/a.service".into()));
    }
}
