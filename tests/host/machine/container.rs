//! A container: the image below, a scratch layer above, a real systemd as its first process.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::groups::Groups;
use super::sh;
use crate::image;

/// How long one may take to boot.
const PATIENCE: Duration = Duration::from_mins(1);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A running container; dropping it powers it off.
pub struct Container {
    work: PathBuf,
    nspawn: Child,
    leader: u32,
    /// Dropped last: they are empty then.
    _groups: Groups,
}

impl Container {
    /// Boots a fresh one; none where it did not come up.
    pub fn boot() -> Option<Self> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let work = image::folder().join(format!("run-{}-{number}", std::process::id()));
        let root = work.join("root");
        for folder in ["upper", "work", "merged"] {
            fs::create_dir_all(&root).unwrap();
            if folder == "upper" {
                sh(&format!("mount -t tmpfs -o size=1g,mode=755 tmpfs {}", root.display()));
            }
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let layers = format!(
            "lowerdir={},upperdir={root}/upper,workdir={root}/work",
            image::base().display(),
            root = root.display()
        );
        sh(&format!("mount -t overlay overlay -o {layers} {}/merged", root.display()));
        let merged = root.join("merged");
        fs::copy(env!("CARGO_BIN_EXE_salve"), merged.join("usr/local/bin/salve")).unwrap();
        let log = File::create(work.join("boot.log")).unwrap();
        let name = format!("salve-test-{}-{number}", std::process::id());
        let groups = Groups::make(&name);
        let nspawn = groups
            .command("systemd-nspawn")
            .args(["-q", "--keep-unit", "--register=no", "--boot", "--private-network", "-M"])
            .arg(&name)
            .arg("-D")
            .arg(&merged)
            .env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut machine = Self { work, nspawn, leader: 0, _groups: groups };
        machine.is_up().then_some(machine)
    }

    fn is_up(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && matches!(self.nspawn.try_wait(), Ok(None)) {
            if let Some(leader) = child_of(self.nspawn.id()) {
                self.leader = leader;
                let limit = PATIENCE.as_secs().to_string();
                let words = ["timeout", &limit, "systemctl", "is-system-running", "--wait"];
                let state = self.enter().args(words).output().unwrap();
                if ["running", "degraded"].contains(&String::from_utf8_lossy(&state.stdout).trim()) {
                    return true;
                }
            }
            sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(self.work.join("boot.log")).unwrap_or_default();
        eprintln!("a host did not boot:\n{log}");
        sleep(Duration::from_secs(5));
        false
    }

    /// What runs a program in it.
    pub fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.leader.to_string(), "-a"]);
        command
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.enter().args(["systemctl", "poweroff", "--force", "--force", "--no-block"]).output();
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline && matches!(self.nspawn.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(50));
        }
        let _ = self.nspawn.kill();
        let _ = self.nspawn.wait();
        let root = self.work.join("root");
        let _ = Command::new("umount").arg("-l").arg(root.join("merged")).output();
        let _ = Command::new("umount").arg("-l").arg(&root).output();
        let _ = fs::remove_dir_all(&self.work);
    }
}

fn child_of(parent: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
