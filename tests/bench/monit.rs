//! monit at its shortest cycle, one second, in the foreground with files of its own and no line to the outside.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Outcome;
use super::stage::{self, Stage};

/// After a victim's return, monit has seen it within this: its start has ended and a whole cycle has passed.
const SEEN: Duration = Duration::from_millis(2500);

/// Kills fall on moments spread over the cycle, as faults do. Prime, so that they do not fall into step with it.
const PHASE: Duration = Duration::from_millis(137);

struct Monit(Child);

/// How it calls itself; none where there is none.
pub fn version() -> Option<String> {
    let output = Command::new("monit").arg("-V").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.lines().next()?.split_ascii_whitespace().last()?.to_owned();
    Some(format!("monit {number}"))
}

pub fn measure(stage: &Stage, kills: usize) -> Outcome<Vec<Duration>> {
    let mut victim = stage.victim()?;
    let pidfile = stage.path("victim.pid");
    fs::write(&pidfile, format!("{}\n", victim.pid()))?;
    let _monit = start(stage)?;
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

fn start(stage: &Stage) -> Outcome<Monit> {
    let control = stage.path("monitrc");
    let place = |name: &str| stage.path(name).to_string_lossy().into_owned();
    let text = format!(
        "set daemon 1\nset logfile {log}\nset pidfile {pid}\nset idfile {id}\nset statefile {state}\n\
         check process victim with pidfile {victim}\n  start program = \"{start}\" with timeout 10 seconds\n  \
         if does not exist then start\n",
        log = place("monit.log"),
        pid = place("monit.pid"),
        id = place("monit.id"),
        state = place("monit.state"),
        victim = place("victim.pid"),
        start = stage.stamp().join(" "),
    );
    fs::write(&control, text)?;
    fs::set_permissions(&control, Permissions::from_mode(0o600))?;
    let mut command = Command::new("monit");
    command.arg("-c").arg(control).arg("-I").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(Monit(command.spawn()?))
}

impl Drop for Monit {
    fn drop(&mut self) {
        stage::end(&mut self.0);
    }
}
