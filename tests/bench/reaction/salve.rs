//! Salve: its daemon, and the playbook that it is measured with.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::stage::{CALM, Stage};
use crate::Outcome;
use crate::daemon::Daemon;

/// Salve acts, or is ready again, within this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Salve is measured as it runs for weeks, not in its first seconds, in which it reads every process of the host.
const SETTLED: Duration = Duration::from_secs(4);

pub fn measure(stage: &Stage, kills: usize) -> Outcome<Vec<Duration>> {
    measure_among(stage, kills, &[], 0)
}

/// The same while these playbooks watch so many further processes.
pub fn measure_among(stage: &Stage, kills: usize, others: &[String], count: usize) -> Outcome<Vec<Duration>> {
    let mut victim = stage.victim()?;
    let mut daemon = Daemon::start(stage.folder(), &[&[victims_playbook(stage)?], others].concat())?;
    daemon.wait_for_descriptors(count)?;
    thread::sleep(SETTLED);
    let mut times = Vec::with_capacity(kills);
    for round in 0..kills {
        wait_until_ready(&mut daemon, victim.pid(), round)?;
        thread::sleep(CALM);
        stage.forget_stamps()?;
        let killed = victim.kill()?;
        let Some(stamped) = stage.next_stamp(PATIENCE)? else {
            return Err(daemon.complaint(&format!("salve did not act on kill {}", round + 1)).into());
        };
        times.push(stamped.saturating_sub(killed));
        victim = stage.victim()?;
    }
    wait_until_ready(&mut daemon, victim.pid(), kills)?;
    Ok(times)
}

/// Until it waits for this victim's death, and so many incidents have ended.
fn wait_until_ready(daemon: &mut Daemon, victim: u32, incidents: usize) -> Outcome<()> {
    let began = Instant::now();
    loop {
        if let Err(ended) = daemon.process.must_live() {
            return Err(daemon.complaint(&format!("salve: {ended}")).into());
        }
        let (attends, closed) = (attends(daemon, victim)?, closed(daemon)?);
        if attends && closed >= incidents {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let stand = format!("attends the victim: {attends}, incidents closed: {closed}");
            return Err(daemon.complaint(&format!("salve was not ready for the next kill ({stand})")).into());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Does it hold a pidfd of this process?
fn attends(daemon: &Daemon, pid: u32) -> Outcome<bool> {
    let wanted = format!("Pid:\t{pid}");
    for entry in fs::read_dir(format!("/proc/{}/fdinfo", daemon.process.pid()))? {
        // a descriptor may be closed while we look
        let text = fs::read_to_string(entry?.path()).unwrap_or_default();
        if text.lines().any(|line| line == wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many incidents have ended, by its journal.
fn closed(daemon: &Daemon) -> Outcome<usize> {
    Ok(daemon.journal()?.lines().filter(|line| line.contains("\"closed\":{")).count())
}

fn victims_playbook(stage: &Stage) -> Outcome<String> {
    let run = serde_json::to_string(&stage.stamp())?; // an array of strings reads the same in TOML
    Ok(playbook(std::slice::from_ref(&stage.victim), "auto", &run))
}

/// A playbook that runs this when one of these processes dies.
pub fn playbook(names: &[String], mode: &str, run: &str) -> String {
    let targets: Vec<String> = names.iter().map(|name| format!("{{ process = \"{name}\" }}")).collect();
    let targets = targets.join(", ");
    format!(
        r#"title   = "processes live"
targets = [{targets}]
risk    = "low"
mode    = "{mode}"

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
    )
}
