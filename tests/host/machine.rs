//! A throw-away host: the image below, a scratch layer above, a real systemd as its first process.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::groups::Groups;
use super::image;

/// How long a host may take to boot or to end, and a command in it to finish.
const PATIENCE: Duration = Duration::from_mins(1);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A running host; dropping it powers it off and leaves nothing behind.
pub struct Machine {
    work: PathBuf,
    nspawn: Child,
    leader: u32,
    /// Dropped last: they are empty then.
    _groups: Groups,
}

impl Machine {
    /// Boots a fresh host, with the program under test as `/usr/local/bin/salve`. Hosts share the kernel's limits (of
    /// inotify, above all) with whatever else runs here, so one that could not begin is tried again.
    pub fn boot() -> Self {
        (0..3).find_map(|_| Self::try_boot()).expect("a host boots")
    }

    fn try_boot() -> Option<Self> {
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
                let state = self.output("systemctl is-system-running");
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

    /// A command on the host, as root in a clean environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        let environment = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        command.args(["-t", &self.leader.to_string(), "-a", "env", "-i", environment, "HOME=/root", "LANG=C.UTF-8"]);
        command.args(["TERM=xterm-256color", program]);
        command
    }

    fn output(&self, script: &str) -> Output {
        self.command("sh").args(["-c", script]).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a script on the host; its output. A script that fails fails the scenario.
    pub fn sh(&self, script: &str) -> String {
        let output = self.output(script);
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{script}\n{}\n{}", words(&output.stdout), words(&output.stderr));
        words(&output.stdout)
    }

    /// The same, whatever its exit code.
    pub fn try_sh(&self, script: &str) -> String {
        let output = self.output(script);
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Writes a file on the host, owned by root.
    pub fn write(&self, path: &str, text: &str) {
        let file = self.work.join("root/merged").join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Waits until a script on the host succeeds.
    pub fn wait(&self, what: &str, script: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.output(script).status.success() {
            assert!(
                Instant::now() < deadline,
                "never came: {what}\n{}",
                self.try_sh("salve journal export --json | tail -30")
            );
            sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.command("systemctl").args(["poweroff", "--force", "--force", "--no-block"]).output();
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

fn sh(script: &str) {
    let status = Command::new("sh").args(["-c", script]).status().unwrap();
    assert!(status.success(), "{script}: {status}");
}
