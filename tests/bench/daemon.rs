//! Salve itself: the release binary as a daemon, with a journal, a playbook and settings of its own.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Outcome;
use super::stage::{self, CALM, Stage};

/// Salve acts, or is ready again, within this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Salve is measured as it runs for weeks, not in its first seconds, in which it reads every process of the host.
const SETTLED: Duration = Duration::from_secs(4);

/// The daemon that is measured; its end is the end of this.
pub struct Daemon {
    child: Child,
    state: PathBuf,
    log: PathBuf,
}

pub fn measure(stage: &Stage, kills: usize) -> Outcome<Vec<Duration>> {
    measure_among(stage, kills, &[], 0)
}

/// The same while further playbooks, by file name, watch so many further processes.
pub fn measure_among(
    stage: &Stage,
    kills: usize,
    playbooks: &[(String, String)],
    others: usize,
) -> Outcome<Vec<Duration>> {
    let mut victim = stage.victim()?;
    let mut daemon = Daemon::start(stage, playbooks)?;
    daemon.wait_for_pidfds(others, PATIENCE)?;
    thread::sleep(SETTLED);
    let mut times = Vec::with_capacity(kills);
    for round in 0..kills {
        daemon.wait_until_ready(victim.pid(), round)?;
        thread::sleep(CALM);
        stage.forget_stamps()?;
        let killed = victim.kill()?;
        let Some(stamped) = stage.next_stamp(PATIENCE)? else {
            return Err(daemon.complaint(&format!("salve did not act on kill {}", round + 1)).into());
        };
        times.push(stamped.saturating_sub(killed));
        victim = stage.victim()?;
    }
    daemon.wait_until_ready(victim.pid(), kills)?;
    Ok(times)
}

impl Daemon {
    /// Over an empty journal, with further playbooks by file name.
    pub fn start(stage: &Stage, further: &[(String, String)]) -> Outcome<Self> {
        let journal = stage.path("state");
        if journal.exists() {
            fs::remove_dir_all(&journal)?;
        }
        let (home, playbooks, settings, log) =
            (stage.path("home"), stage.path("playbooks"), stage.path("salve.toml"), stage.path("daemon.log"));
        if playbooks.exists() {
            fs::remove_dir_all(&playbooks)?;
        }
        for folder in [&home, &playbooks] {
            fs::create_dir_all(folder)?;
            fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        }
        private(&playbooks.join("victim.toml"), &playbook(stage)?)?;
        for (name, text) in further {
            private(&playbooks.join(name), text)?;
        }
        private(&settings, "boot_grace = \"0s\"\nhost_budget = { attempts = 100000, window = \"1m\" }\n")?;
        let errors = File::create(&log)?;
        let child = Command::new(env!("CARGO_BIN_EXE_salve"))
            .arg("daemon")
            .arg("--state")
            .arg(&journal)
            .arg("--playbooks")
            .arg(&playbooks)
            .arg("--settings")
            .arg(&settings)
            .env_clear()
            .env("HOME", &home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()?;
        Ok(Self { child, state: journal, log })
    }

    /// Until it waits for this victim's death, and so many incidents have ended.
    fn wait_until_ready(&mut self, victim: u32, incidents: usize) -> Outcome<()> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.complaint(&format!("salve ended: {status}")).into());
            }
            if self.attends(victim)? && self.closed()? >= incidents {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                let stand =
                    format!("attends the victim: {}, incidents closed: {}", self.attends(victim)?, self.closed()?);
                return Err(self.complaint(&format!("salve was not ready for the next kill ({stand})")).into());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Until it holds at least so many descriptors: a pidfd for each process that it watches.
    pub fn wait_for_pidfds(&mut self, count: usize, patience: Duration) -> Outcome<()> {
        let began = Instant::now();
        loop {
            let open = fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count();
            if open >= count {
                return Ok(());
            }
            if began.elapsed() > patience || self.child.try_wait()?.is_some() {
                return Err(self
                    .complaint(&format!("salve has {open} descriptors, and watches {count} processes"))
                    .into());
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// What it has used of a processor so far, for itself and in the kernel.
    pub fn processor_time(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = stat.rsplit_once(')').ok_or("no stat")?.1.split_ascii_whitespace();
        let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or_default()).sum();
        Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
    }

    /// Does it hold a pidfd of this process?
    fn attends(&self, pid: u32) -> Outcome<bool> {
        let wanted = format!("Pid:\t{pid}");
        for entry in fs::read_dir(format!("/proc/{}/fdinfo", self.child.id()))? {
            // a descriptor may be closed while we look
            let text = fs::read_to_string(entry?.path()).unwrap_or_default();
            if text.lines().any(|line| line == wanted) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many incidents have ended, by its journal.
    fn closed(&self) -> Outcome<usize> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_salve"));
        command.args(["journal", "export", "--json", "--state"]).arg(&self.state).env_clear();
        let output = command.stdin(Stdio::null()).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.contains("\"closed\":{")).count())
    }

    fn complaint(&self, what: &str) -> String {
        let mut text = format!("{what}\n{}", fs::read_to_string(&self.log).unwrap_or_default());
        let mut command = Command::new(env!("CARGO_BIN_EXE_salve"));
        command.args(["journal", "export", "--json", "--state"]).arg(&self.state).env_clear();
        if let Ok(output) = command.output() {
            let lines = String::from_utf8_lossy(&output.stdout).into_owned();
            let lines: Vec<&str> = lines.lines().collect();
            text.push_str(&lines[lines.len().saturating_sub(12)..].join("\n"));
        }
        text
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        stage::end(&mut self.child);
    }
}

fn playbook(stage: &Stage) -> Outcome<String> {
    let run = serde_json::to_string(&stage.stamp())?; // an array of strings reads the same in TOML
    let name = &stage.victim;
    Ok(format!(
        r#"title  = "the victim lives"
target = {{ process = "{name}" }}
risk   = "low"
mode   = "auto"

[detect]
process  = {{ exists = false }}
for      = "0s"
flapping = "ignore"

[[remediate]]
do         = [{{ run = {run} }}]
timeout    = "10s"
idempotent = true

[verify]
process = {{ exists = true }}
within  = "30s"

[escalate]
attempts = 100
window   = "1h"
"#
    ))
}

/// Salve reads nothing that others could have written.
fn private(path: &Path, text: &str) -> Outcome<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(())
}
