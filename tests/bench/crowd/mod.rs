//! Many processes: the reaction where few and where many are watched or merely exist, and what watching many costs salve
//! while they live, alone and while programs come and go.
//!
//! The figures of one run stand beside each other: few and many take turns, so that a busy minute of the machine falls
//! on both.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::daemon::Daemon;
use super::reaction::salve;
use super::reaction::stage::Stage;
use super::reaction::times::{self, Times};
use super::table::{Goal, Row};
use super::{Options, Outcome};

/// In short the many are few too, and nobody waits for the CPU time of a minute.
pub const OPTIONS: [(&str, usize, usize); 3] = [("--many", 10_000, 20), ("--crowd-kills", 50, 6), ("--idle", 60, 0)];

/// The few that many are compared with.
const FEW: usize = 200;
/// So many kills in a row before another crowd takes its turn.
const TURN: usize = 25;
/// One shell forks so many, because its list of jobs grows slow.
const OF_ONE_SHELL: usize = 1000;
/// A playbook takes so many targets.
const TARGETS: usize = 64;
/// So many programs begin and end in a second, on a host where things come and go.
const COMING_AND_GOING: u32 = 200;

/// Processes that do nothing, each under a name of its own.
#[derive(Debug)]
struct Crowd {
    shells: Vec<Child>,
    names: Vec<String>,
}

impl Crowd {
    /// Forks of shells that wait for their standard input, which ends with this.
    fn gather(count: usize) -> Outcome<Self> {
        let names: Vec<String> = (0..count).map(|nth| format!("c{}-{nth}", std::process::id())).collect();
        let mut crowd = Self { shells: Vec::new(), names };
        for names in crowd.names.chunks(OF_ONE_SHELL) {
            let script = format!(
                "exec 3<&0\nfor name in {}; do ( printf %s $name >/proc/self/comm; read end <&3 ) & done\necho there; wait",
                names.join(" ")
            );
            let mut command = Command::new("/bin/sh");
            let shell = command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            crowd.shells.push(shell);
            let output = crowd.shells.last_mut().and_then(|shell| shell.stdout.take()).ok_or("no output")?;
            BufReader::new(output).read_line(&mut String::new())?;
        }
        Ok(crowd)
    }

    /// Playbooks that watch the first of them; their remediation never comes about.
    fn playbooks(&self, count: usize) -> Vec<String> {
        let watching = |names: &[String]| salve::playbook(names, "shadow", "[\"/bin/true\"]");
        self.names[..count].chunks(TARGETS).map(watching).collect()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for shell in &mut self.shells {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
    }
}

pub fn measure(options: &Options) -> Outcome<Vec<Row>> {
    let (many, kills) = (options.get("--many")?, options.get("--crowd-kills")?);
    let idle = Duration::from_secs(options.get("--idle")?.try_into()?);
    let few = FEW.min(many);
    let stage = Stage::set()?;
    // how many exist, and how many of them are watched
    let crowds = [(few, few), (many, few), (many, many)];
    let mut measured: [Times; 3] = Default::default();
    let mut left = kills;
    while left > 0 {
        let turn = left.min(TURN);
        for ((exist, watched), times) in crowds.into_iter().zip(&mut measured) {
            let crowd = Crowd::gather(exist)?;
            times.add(salve::measure_among(&stage, turn, &crowd.playbooks(watched), watched)?);
        }
        left -= turn;
    }
    println!("\nfrom kill -9 to the remediation's main among other processes, milliseconds");
    println!("{}", times::heading());
    for ((exist, watched), times) in crowds.into_iter().zip(&measured) {
        println!("{}", times.row(&format!("salve, {watched} of {exist} watched")));
    }
    let [of_few, beside, of_many] = measured.map(|times| times.median());
    let row = |measure: String, salve| Row {
        measure,
        salve,
        floor: Some(of_few),
        peer: Err("none".into()),
        goal: Goal::OfFloor(1.3),
    };
    if !idle.is_zero() {
        processor_time(&stage, many, idle)?;
    }
    Ok(vec![
        row(format!("reaction, ms, {few} of {many}; floor: of {few}"), beside),
        row(format!("reaction, ms, {many} watched; floor: {few}"), of_many),
    ])
}

/// What watching many costs, in seconds of a processor per minute, while they merely live and while others come and go.
fn processor_time(stage: &Stage, many: usize, idle: Duration) -> Outcome<()> {
    let crowd = Crowd::gather(many)?;
    let mut daemon = Daemon::start(stage.folder(), &crowd.playbooks(many))?;
    daemon.wait_for_descriptors(many)?;
    thread::sleep(Duration::from_secs(15)); // what it does at first is no standing cost
    let per_minute = |spent: Duration| spent.as_secs_f64() * 60.0 / idle.as_secs_f64();
    let during = |act: &dyn Fn(Instant) -> Outcome<()>| -> Outcome<f64> {
        let before = daemon.process.cpu()?;
        act(Instant::now() + idle)?;
        Ok(per_minute(daemon.process.cpu()?.saturating_sub(before)))
    };
    let calm = during(&|end| {
        thread::sleep(end.saturating_duration_since(Instant::now()));
        Ok(())
    })?;
    let busy = during(&come_and_go)?;
    println!("\nprocessor time of salve, {many} watched, seconds per minute");
    println!("{:<42} {calm:>10.3}", "while nothing happens");
    println!("{:<42} {busy:>10.3}", format!("while {COMING_AND_GOING} programs a second come and go"));
    Ok(())
}

/// Runs programs that do nothing until then.
fn come_and_go(end: Instant) -> Outcome<()> {
    let mut next = Instant::now();
    while next < end {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        Command::new("/bin/true").stdin(Stdio::null()).status()?;
        next += Duration::from_secs(1) / COMING_AND_GOING;
    }
    Ok(())
}
