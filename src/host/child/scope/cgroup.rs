//! A cgroup of a scope's own: made below this process's own cgroup, joined between fork and exec, emptied, removed.
//!
//! Version 2 is emptied by `cgroup.kill`, which catches a fork bomb whole; version 1 by freezing (where the freezer
//! is the hierarchy in use) and killing every member until none is left. No controller is needed: membership is all.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};

use super::ContainmentLevel;
use crate::host::sys::{Placement, SpawnSpec, Streams, null};

/// Which interface a hierarchy has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CgroupVersion {
    /// The unified hierarchy.
    V2,
    /// A named hierarchy or one of the old controllers.
    V1,
}

/// The folder below which scopes get theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    folder: PathBuf,
    version: CgroupVersion,
}

/// One cgroup that a scope made for itself; it exists as a folder until it is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cgroup {
    folder: PathBuf,
    version: CgroupVersion,
}

impl Parent {
    /// The best hierarchy in which this process may make cgroups and put its children there; proved by making one.
    pub fn detect(probe: &str) -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        candidates(&own, &mounts).into_iter().find(|parent| parent.works(probe))
    }

    /// Proves it: makes one, and starts a child there.
    fn works(&self, probe: &str) -> bool {
        let Ok(cgroup) = self.make(probe) else { return false };
        let entered = cgroup.place().and_then(|place| {
            let streams = Streams { input: None, output: null()?, errors: None };
            let child = SpawnSpec::new(Path::new("/bin/true"), ["true"], [], place, streams, 800_000)?.start()?;
            Ok(waitid(WaitId::PidFd(child.handle.as_fd()), WaitIdOptions::EXITED)?)
        });
        cgroup.remove();
        entered.is_ok()
    }

    /// How well it holds.
    pub fn level(&self) -> ContainmentLevel {
        match self.version {
            CgroupVersion::V2 => ContainmentLevel::CgroupV2,
            CgroupVersion::V1 => ContainmentLevel::CgroupV1,
        }
    }

    /// Makes one; one of that name that is there already is used.
    pub fn make(&self, name: &str) -> io::Result<Cgroup> {
        let cgroup = self.named(name);
        match fs::create_dir(&cgroup.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // A bound on forks, where the controller is there. Without it the scope can still be emptied.
        let _ = fs::write(cgroup.folder.join("pids.max"), "4096");
        Ok(cgroup)
    }

    /// The one of this name, if it is there.
    pub fn find(&self, name: &str) -> Option<Cgroup> {
        Some(self.named(name)).filter(|cgroup| cgroup.folder.is_dir())
    }

    /// The names of those whose names begin so.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.starts_with(prefix))
            .collect()
    }

    fn named(&self, name: &str) -> Cgroup {
        Cgroup { folder: self.folder.join(name), version: self.version }
    }
}

/// Where this process is in each hierarchy that is mounted, best first: v2, the v1 freezer, systemd's own v1
/// hierarchy, any other that carries no limits.
fn candidates(own: &str, mountinfo: &str) -> Vec<Parent> {
    let mut found: Vec<(usize, Parent)> = mountinfo
        .lines()
        .filter_map(|line| {
            let (mount, filesystem) = line.split_once(" - ")?;
            let mut fields = mount.split(' ').skip(3);
            let (root, point) = (unescaped(fields.next()?), unescaped(fields.next()?));
            let mut filesystem = filesystem.split(' ');
            let version = match filesystem.next()? {
                "cgroup2" => CgroupVersion::V2,
                "cgroup" => CgroupVersion::V1,
                _ => return None,
            };
            let options = filesystem.nth(1).unwrap_or_default();
            let rank = match version {
                CgroupVersion::V2 => 0,
                CgroupVersion::V1 => {
                    1 + ["freezer", "name=systemd", "pids"]
                        .iter()
                        .position(|name| options.split(',').any(|option| option == *name))?
                }
            };
            let path = own.lines().find_map(|line| {
                let (hierarchy, path) = line.split_once(':')?.1.split_once(':')?;
                let here = match version {
                    CgroupVersion::V2 => hierarchy.is_empty(),
                    CgroupVersion::V1 => {
                        !hierarchy.is_empty()
                            && hierarchy.split(',').all(|name| options.split(',').any(|option| option == name))
                    }
                };
                here.then_some(path)
            })?;
            // Inside a container the mount may show only a part of the hierarchy; who came in from outside of it
            // (`/..`) may still make its cgroups at the top.
            let below = Path::new(path).strip_prefix(&root).or(Path::new(path).strip_prefix("/")).ok()?;
            let outside = below.components().any(|part| part == Component::ParentDir);
            let below = if outside { Path::new("") } else { below };
            let folder = Path::new(&point).join(below);
            folder.is_dir().then_some((rank, Parent { folder, version }))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, parent)| parent).collect()
}

/// `\040` and its like, as mountinfo writes spaces.
fn unescaped(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

impl Cgroup {
    /// For a child to be put there: version 2 lets it be born inside, in version 1 it enters.
    pub fn place(&self) -> io::Result<Placement> {
        match self.version {
            CgroupVersion::V2 => {
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                Ok(Placement::Born(rustix::fs::open(&self.folder, flags, Mode::empty())?))
            }
            CgroupVersion::V1 => {
                Ok(Placement::Entrance(OpenOptions::new().write(true).open(self.folder.join("cgroup.procs"))?.into()))
            }
        }
    }

    /// Does anything live in it or below it? One short look.
    pub fn is_populated(&self) -> bool {
        match self.version {
            CgroupVersion::V2 => fs::read_to_string(self.folder.join("cgroup.events"))
                .map_or_else(|_| !self.members().is_empty(), |events| !events.contains("populated 0")),
            CgroupVersion::V1 => !self.members().is_empty(),
        }
    }

    /// Does the kernel itself say that something lives in it or below it? Version 1 does not say.
    pub fn is_told_populated(&self) -> bool {
        match self.version {
            CgroupVersion::V2 => fs::read_to_string(self.folder.join("cgroup.events"))
                .is_ok_and(|events| !events.contains("populated 0")),
            CgroupVersion::V1 => false,
        }
    }

    /// A folder that stands for one of version 2.
    #[cfg(test)]
    pub fn feigned(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), version: CgroupVersion::V2 }
    }

    /// The living processes in it and in what they made below it.
    pub fn members(&self) -> Vec<i32> {
        self.folders()
            .iter()
            .filter_map(|folder| fs::read_to_string(folder.join("cgroup.procs")).ok())
            .flat_map(|list| list.lines().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>())
            // 0 stands for a process outside of our view (another pid namespace).
            .filter(|pid| *pid != 0)
            .collect()
    }

    /// Sends a signal to every member. A pid that has meanwhile passed to a process outside gets nothing: the handle
    /// is taken first, membership is read again afterwards.
    pub fn signal(&self, signal: Signal) {
        let handles: Vec<(i32, OwnedFd)> = self
            .members()
            .into_iter()
            .filter_map(|pid| Some((pid, pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?)))
            .collect();
        let members = self.members();
        for (_, handle) in handles.iter().filter(|(pid, _)| members.contains(pid)) {
            let _ = pidfd_send_signal(handle, signal);
        }
    }

    /// Kills every member. Call it until there is none.
    pub fn kill(&self) {
        if self.version == CgroupVersion::V2 && write_existing(&self.folder.join("cgroup.kill"), "1").is_ok() {
            return;
        }
        // Without `cgroup.kill`: nothing can fork while it is frozen. Frozen processes die once thawed.
        let freezing = match self.version {
            CgroupVersion::V2 => ("cgroup.freeze", "1", "0"),
            CgroupVersion::V1 => ("freezer.state", "FROZEN", "THAWED"),
        };
        let switch = self.folder.join(freezing.0);
        if write_existing(&switch, freezing.1).is_ok() {
            // Freezing takes a moment; a process that escapes it is caught by the next call.
            std::thread::sleep(Duration::from_millis(2));
        }
        self.signal(Signal::KILL);
        let _ = write_existing(&switch, freezing.2);
    }

    /// Removes it, once empty, with what was made below it. It may stay busy for a moment after the last member died.
    pub fn remove(&self) {
        for pause in [0, 1, 5, 20, 50] {
            std::thread::sleep(Duration::from_millis(pause));
            let mut folders = self.folders();
            folders.reverse();
            if folders.iter().map(fs::remove_dir).all(|removed| removed.is_ok()) {
                return;
            }
        }
    }

    /// The same in one step: false where something was made below it, or it is still busy.
    pub fn remove_at_once(&self) -> bool {
        fs::remove_dir(&self.folder).is_ok()
    }

    /// Its folder and all below, each after its parent.
    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.clone()];
        let mut at = 0;
        while at < folders.len() {
            let below: Vec<PathBuf> = fs::read_dir(&folders[at])
                .into_iter()
                .flatten()
                .flatten()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path())
                .collect();
            folders.extend(below);
            at += 1;
        }
        folders
    }
}

fn write_existing(path: &Path, text: &str) -> io::Result<()> {
    use io::Write as _;
    let mut file: File = OpenOptions::new().write(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unified_hierarchy_comes_first_and_then_the_freezer() {
        let own = "3:cpu,cpuacct:/a\n2:freezer:/\n1:name=systemd:/\n0::/\n";
        let mounts = "30 20 0:26 / /proc rw - cgroup cgroup rw,name=systemd\n\
                      31 20 0:27 / /sys rw - cgroup cgroup rw,freezer\n\
                      32 20 0:28 / /dev rw - cgroup2 cgroup2 rw\n\
                      33 20 0:29 / /tmp rw - cgroup cgroup rw,cpu,cpuacct\n";
        let found = candidates(own, mounts);
        let folders: Vec<&str> = found.iter().map(|parent| parent.folder.to_str().unwrap()).collect();
        assert_eq!(folders, ["/dev/", "/sys/", "/proc/"]);
        assert_eq!(found[0].version, CgroupVersion::V2);
    }

    #[test]
    fn a_hierarchy_that_is_not_mounted_or_not_seen_is_no_candidate() {
        assert_eq!(candidates("0::/x/y\n", "30 20 0:26 / /proc rw - proc proc rw\n"), []);
        assert_eq!(candidates("0::/no/such/place\n", "30 20 0:26 / /proc rw - cgroup2 cgroup2 rw\n"), []);
    }
}
