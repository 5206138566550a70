//! The CPU that polled checks take at a period of one second: salve, bare loops that do the same and nothing else, and
//! monit. Each runs by itself against the same servers; the servers count what reaches them, so that a figure is the
//! CPU for 60 probes of each check, whoever probes a little more or less often than asked.
//!
//! CPU is that of the process with all that it waited for: the programs of `command` checks count.

pub mod floors;
mod monit;
mod salve;
mod served;

use std::thread;
use std::time::{Duration, Instant};

use served::Served;

use super::process::Process;
use super::table::{Goal, Row};
use super::{Options, Outcome, daemon};

/// How many of each, for how long. `--monit 0` leaves monit out.
pub const OPTIONS: [(&str, usize, usize); 5] =
    [("--tcp", 1000, 20), ("--http", 500, 10), ("--command", 200, 4), ("--seconds", 20, 1), ("--monit", 1, 0)];

/// Whoever has not probed everything once after this will not.
const PATIENCE: Duration = Duration::from_mins(1);

/// After that, salve has forgotten its first seconds, in which it reads every process of the host.
const SETTLED: Duration = Duration::from_secs(4);

/// A kind of polled check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tcp,
    Http,
    Command,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Command => "command",
        }
    }

    /// What does the same and nothing else; the cheapest counts.
    const fn floors(self) -> &'static [&'static str] {
        match self {
            Self::Tcp => &["blocking-connect", "epoll-connect"],
            Self::Http => &["blocking-get"],
            Self::Command => &["spawn-and-wait"],
        }
    }

    const fn goal(self) -> Goal {
        match self {
            Self::Tcp | Self::Command => Goal::OfFloor(1.2),
            Self::Http => Goal::OfPeer(0.5),
        }
    }
}

/// What somebody's probes took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// CPU seconds a minute, at one probe of each check a second.
    per_minute: f64,
    /// Probes that were counted, a second.
    rate: f64,
}

pub fn measure(options: &Options) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    println!("\nCPU of polled checks, period 1 s");
    println!("{:<42} {:>10} {:>10}", "", "s/min", "probes/s");
    for kind in [Kind::Tcp, Kind::Http, Kind::Command] {
        let count = options.get(&format!("--{}", kind.name()))?;
        if count > 0 {
            rows.push(row(kind, count, options)?);
        }
    }
    Ok(rows)
}

fn row(kind: Kind, count: usize, options: &Options) -> Outcome<Row> {
    let (folder, length) = (daemon::folder("checks-")?, Duration::from_secs(options.get("--seconds")?.try_into()?));
    let served = Served::start(kind, count, folder.path())?;
    let cost = |name: &str, process: &mut Process| -> Outcome<f64> {
        let cost = cost(process, &served, length).map_err(|error| format!("{} of {name}: {error}", kind.name()))?;
        println!("{:<42} {:>10.3} {:>10.1}", format!("{count} {}: {name}", kind.name()), cost.per_minute, cost.rate);
        Ok(cost.per_minute)
    };
    let mut floor = f64::INFINITY;
    for name in kind.floors() {
        floor = floor.min(cost(name, &mut floors::start(name, served.names())?)?);
    }
    let mut daemon = daemon::Daemon::start(folder.path(), &salve::playbooks(kind, served.names()))?;
    let salve = cost("salve", &mut daemon.process).map_err(|error| daemon.complaint(&error.to_string()))?;
    drop(daemon);
    let peer = match super::monit::version() {
        Some(version) if options.get("--monit")? > 0 => {
            let checks = monit::checks(kind, served.names())?;
            Ok(cost(&version, &mut super::monit::start(folder.path(), &checks)?)?)
        }
        Some(_) => Err("left out: --monit 0".to_owned()),
        None => Err(super::monit::MISSING.to_owned()),
    };
    let measure = format!("CPU of {count} {} checks at 1 s, s/min", kind.name());
    Ok(Row { measure, salve, floor: Some(floor), peer, goal: kind.goal() })
}

/// What the probes of a process cost, once it has probed everything and settled.
fn cost(process: &mut Process, served: &Served, length: Duration) -> Outcome<Cost> {
    served.refill()?;
    let (began, first) = (Instant::now(), served.count()?);
    while served.count()? - first < served.names().len() as u64 {
        process.must_live()?;
        if began.elapsed() > PATIENCE {
            return Err(format!("{} of {} were probed", served.count()? - first, served.names().len()).into());
        }
        thread::sleep(Duration::from_millis(50));
    }
    // in short nothing is read out of the figures
    thread::sleep(SETTLED.min(length));
    let (began, cpu, probes) = (Instant::now(), process.cpu()?, served.count()?);
    thread::sleep(length);
    // on a busy machine a short time may pass between two turns of a loop
    while served.count()? == probes && began.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(50));
    }
    let (cpu, probes) = (process.cpu()?.saturating_sub(cpu), u32::try_from(served.count()? - probes)?);
    process.must_live()?;
    if probes == 0 {
        return Err("nothing was probed any more".into());
    }
    let a_minute = 60.0 * f64::from(u32::try_from(served.names().len())?);
    Ok(Cost {
        per_minute: cpu.as_secs_f64() / f64::from(probes) * a_minute,
        rate: f64::from(probes) / began.elapsed().as_secs_f64(),
    })
}
