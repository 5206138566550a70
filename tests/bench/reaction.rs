//! From the death of a watched process to the first instruction of its remediation: salve, what it cannot be faster
//! than (a bare task that waits and spawns; one durable write), and monit at its shortest cycle, side by side in one
//! run on one machine. Figures of different machines, or of different minutes, say nothing about each other.
//!
//! `cargo bench --bench reaction [-- [--kills N] [--monit-kills N] [--watched N]]`; no figure makes it fail, a missing one does.
//! `cargo test` runs it in short: a few kills, to see that figures come out.
//!
//! The file plays three parts: the bench, the victim that is killed, and the remediation, which reads the clock as its
//! first act. Salve ends whatever an attempt leaves running, so it is the bench that brings the victim back.

#![allow(clippy::print_stdout, reason = "a bench speaks on standard output")]

mod crowd;
mod daemon;
mod durable;
mod figures;
mod floor;
mod monit;
mod stage;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use figures::{Figures, ratio};
use stage::Stage;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Salve's budget ends after 100 attempts, so it begins anew with an empty journal after so many kills. Floor, durable
/// write and salve take turns at this length, so that a busy minute of the machine falls on all of them.
const TURN: usize = 50;

/// What it is called as a test.
const NAME: &str = "reaction_in_short";

/// So many kills show that figures come out: enough for what goes up and down to be taken for flapping.
const SHORT: usize = 6;

/// What was asked for on the command line.
struct Wanted {
    kills: usize,
    monit_kills: usize,
    /// Measures salve among so many processes instead; 0 for the usual measure.
    watched: usize,
    /// How long it is watched while nothing happens, in seconds.
    idle: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["stamp", path] => stage::stamp(path),
        ["victim"] => stage::live(),
        // `cargo test` leaves this word out: it has no release binary, and asks for no figures
        _ if !words.contains(&"--bench") => in_short(&words),
        _ => wanted(&words).and_then(|wanted| measure(&wanted)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("the bench could not be carried out: {error}");
            ExitCode::FAILURE
        }
    }
}

/// As a test: is everything still measured that is to be measured? Whether it runs is up to the words, as for any test.
fn in_short(words: &[&str]) -> Outcome<()> {
    let listed = words.contains(&"--list");
    let filters: Vec<&&str> = words.iter().filter(|word| !word.starts_with('-')).collect();
    if listed || !filters.is_empty() && !filters.iter().any(|filter| NAME.contains(**filter)) {
        println!("{NAME}: benchmark");
        return Ok(());
    }
    measure(&Wanted { kills: SHORT, monit_kills: 0, watched: 0, idle: 0 })?;
    measure(&Wanted { kills: 2, monit_kills: 0, watched: 20, idle: 1 })?;
    println!("{NAME} ... ok");
    Ok(())
}

fn wanted(words: &[&str]) -> Outcome<Wanted> {
    let mut wanted = Wanted { kills: 100, monit_kills: 20, watched: 0, idle: 60 };
    let mut words = words.iter().filter(|word| **word != "--bench");
    while let Some(word) = words.next() {
        let figure = match *word {
            "--kills" => &mut wanted.kills,
            "--monit-kills" => &mut wanted.monit_kills,
            "--watched" => &mut wanted.watched,
            other => return Err(format!("`{other}` is none of --kills, --monit-kills, --watched").into()),
        };
        *figure = words.next().ok_or_else(|| format!("{word} needs a number"))?.parse()?;
    }
    if wanted.kills == 0 { Err("--kills must be at least 1".into()) } else { Ok(wanted) }
}

fn measure(wanted: &Wanted) -> Outcome<()> {
    let stage = Stage::set()?;
    if wanted.watched > 0 {
        let (many, few) = (wanted.watched, crowd::FEW.min(wanted.watched / 2));
        let idle = Duration::from_secs(wanted.idle);
        return crowd::measure(&stage, crowd::Wanted { many, few, kills: wanted.kills, idle });
    }
    let (mut floor, mut durable, mut salve) = (Figures::default(), Figures::default(), Figures::default());
    let mut left = wanted.kills;
    while left > 0 {
        let turn = left.min(TURN);
        floor.add(floor::measure(&stage, turn)?);
        durable.add(durable::measure(&stage, turn)?);
        salve.add(daemon::measure(&stage, turn)?);
        left -= turn;
    }
    let counts = [&floor, &durable, &salve].map(Figures::count);
    if counts.iter().any(|count| *count != wanted.kills) {
        return Err(format!("{} kills, and only {counts:?} figures", wanted.kills).into());
    }
    let monit = match monit::version() {
        Some(version) if wanted.monit_kills > 0 => {
            let mut figures = Figures::default();
            figures.add(monit::measure(&stage, wanted.monit_kills)?);
            Ok((version, figures))
        }
        Some(_) => Err("left out: --monit-kills 0"),
        None => Err("monit is not installed here: nothing to compare with"),
    };

    let load = std::fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    let processors = std::thread::available_parallelism()?;
    println!("\nload average {load} on {processors} processors: other work lengthens every wait, salve's the most");
    println!("from kill -9 to the remediation's main, milliseconds");
    println!("{:<42} {:>10} {:>10} {:>10} {:>5}", "", "median", "min", "max", "n");
    println!("{}", floor.row("floor: tokio task, pidfd, spawn"));
    println!("{}", durable.row("one durable write: WAL, synchronous=FULL"));
    println!("{}", salve.row("salve, intent durable first"));
    if let Ok((version, figures)) = &monit {
        println!("{}", figures.row(&format!("{version}, cycle 1 s")));
    }
    println!();
    let goal = 2.0 * floor.median() + durable.median();
    ratio("salve / floor", salve.median() / floor.median(), None);
    ratio("salve / (2 x floor + durable write)", salve.median() / goal, Some(figures::Goal::AtMost(1.0)));
    match &monit {
        Ok((_, figures)) => {
            ratio("monit / salve", figures.median() / salve.median(), Some(figures::Goal::AtLeast(200.0)));
        }
        Err(why) => println!("monit / salve: {why}"),
    }
    Ok(())
}
