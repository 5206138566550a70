//! monit: a start program where the victim does not exist.

use std::fs;
use std::thread;
use std::time::Duration;

use super::stage::Stage;
use crate::{Outcome, monit};

/// After a victim's return, monit has seen it within this: its start has ended and a whole cycle has passed.
const SEEN: Duration = Duration::from_millis(2500);

/// Kills fall on moments spread over the cycle, as faults do. Prime, so that they do not fall into step with it.
const PHASE: Duration = Duration::from_millis(137);

pub fn measure(stage: &Stage, kills: usize) -> Outcome<Vec<Duration>> {
    let mut victim = stage.victim()?;
    let pidfile = stage.path("victim.pid");
    fs::write(&pidfile, format!("{}\n", victim.pid()))?;
    let checks = format!(
        "check process victim with pidfile {}\n  start program = \"{}\" with timeout 10 seconds\n  \
         if does not exist then start\n",
        pidfile.display(),
        stage.stamp().join(" "),
    );
    let _monit = monit::start(stage.folder(), &checks)?;
    let mut times = Vec::with_capacity(kills);
    for round in 0..kills {
        let phase = PHASE * u32::try_from(round % 8)?;
        thread::sleep(SEEN + phase);
        stage.forget_stamps()?;
        let killed = victim.kill()?;
        let stamped = stage.next_stamp(Duration::from_secs(30))?.ok_or("monit did not act on a kill")?;
        times.push(stamped.saturating_sub(killed));
        victim = stage.victim()?;
        fs::write(&pidfile, format!("{}\n", victim.pid()))?;
    }
    Ok(times)
}
