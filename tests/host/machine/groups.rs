//! A place of its own in the kernel's control groups for each host. Without it all hosts that run at once put a service
//! of one name into one group, and a systemd that ends its own would wait for, or end, another's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One host's groups: in the unified hierarchy, and in systemd's own where there is one.
pub struct Groups(Vec<PathBuf>);

impl Groups {
    /// Makes them. Where groups cannot be made, hosts share one place.
    pub fn make(name: &str) -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap();
        let made = mounts.lines().filter_map(|mount| Some(place(mount, &own)?.join(name)));
        Self(made.filter(|group| fs::create_dir(group).is_ok()).collect())
    }

    /// A program that enters them before it begins.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("sh");
        let enter = r#"program=$1; shift
while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done
shift; exec "$program" "$@""#;
        command.args(["-c", enter, "sh", program]).args(&self.0).arg("--");
        command
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for group in &self.0 {
            remove(group);
        }
    }
}

/// Where this program stands in the hierarchy of a line of `mountinfo`, if that is one that systemd uses.
fn place(mount: &str, own: &str) -> Option<PathBuf> {
    let (before, after) = mount.split_once(" - ")?;
    let at = before.split(' ').nth(4)?;
    let prefix = match after.split(' ').next()? {
        "cgroup2" => "0::/",
        "cgroup" if after.contains("name=systemd") => ":name=systemd:/",
        _ => return None,
    };
    let path = own.lines().find_map(|line| line.split_once(prefix)).map(|(_, path)| path)?;
    Some(Path::new(at).join(path))
}

/// Groups are removed from the leaves; what is still busy stays.
fn remove(group: &Path) {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove(&entry.path());
    }
    let _ = fs::remove_dir(group);
}
