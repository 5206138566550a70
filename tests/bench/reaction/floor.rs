//! What nobody is faster than: a task that waits for the death and spawns, with no check, no plan, no record.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use super::stage::{CALM, Stage, now};
use crate::Outcome;

pub fn measure(stage: &Stage, kills: usize) -> Outcome<Vec<Duration>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut times = Vec::with_capacity(kills);
        for _ in 0..kills {
            times.push(one(stage).await?);
        }
        Ok(times)
    })
}

async fn one(stage: &Stage) -> Outcome<Duration> {
    // tokio waits for its children by pidfd
    let mut victim = Command::new(stage.path(&stage.victim)).arg("victim").kill_on_drop(true).spawn()?;
    let pid = victim.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).ok_or("the victim has no pid")?;
    let [program, arguments @ ..] = stage.stamp();
    let mut remediation = std::process::Command::new(program);
    remediation.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    let killer = thread::spawn(move || {
        thread::sleep(CALM);
        let moment = now();
        kill_process(pid, Signal::KILL).map(|()| moment)
    });
    victim.wait().await?;
    let mut remediation = remediation.spawn()?;
    remediation.wait()?;
    let moment = killer.join().map_err(|_| "the killing thread panicked")??;
    let stamped = stage.next_stamp(Duration::from_secs(10))?.ok_or("the floor's remediation did not begin")?;
    Ok(stamped.saturating_sub(moment))
}
