//! From the death of a watched process to the first instruction of its remediation: salve, what it cannot be faster
//! than (a bare task that waits and spawns; one durable write), and monit.
//!
//! The program plays the victim that is killed, and the remediation, which reads the clock as its first act. Salve ends
//! whatever an attempt leaves running, so it is the bench that brings the victim back.

mod durable;
mod floor;
mod monit;
pub mod salve;
pub mod stage;
pub mod times;

use stage::Stage;
use times::Times;

use super::table::{Goal, Row};
use super::{Options, Outcome};

/// Enough kills in short for what goes up and down to be taken for flapping.
pub const OPTIONS: [(&str, usize, usize); 2] = [("--kills", 100, 6), ("--monit-kills", 20, 0)];

/// Salve's budget ends after 100 attempts, so it begins anew with an empty journal after so many kills. Floor, durable
/// write and salve take turns at this length, so that a busy minute of the machine falls on all of them.
const TURN: usize = 50;

pub fn measure(options: &Options) -> Outcome<Vec<Row>> {
    let (kills, monit_kills) = (options.get("--kills")?, options.get("--monit-kills")?);
    if kills == 0 {
        return Err("--kills must be at least 1".into());
    }
    let stage = Stage::set()?;
    let (mut floor, mut durable, mut salve) = (Times::default(), Times::default(), Times::default());
    let mut left = kills;
    while left > 0 {
        let turn = left.min(TURN);
        floor.add(floor::measure(&stage, turn)?);
        durable.add(durable::measure(&stage, turn)?);
        salve.add(salve::measure(&stage, turn)?);
        left -= turn;
    }
    let counts = [&floor, &durable, &salve].map(Times::count);
    if counts.iter().any(|count| *count != kills) {
        return Err(format!("{kills} kills, and only {counts:?} figures").into());
    }
    println!("\nfrom kill -9 to the remediation's main, milliseconds");
    println!("{}", times::heading());
    println!("{}", floor.row("floor: tokio task, pidfd, spawn"));
    println!("{}", durable.row("one durable write: WAL, synchronous=FULL"));
    println!("{}", salve.row("salve, intent durable first"));
    let peer = match super::monit::version() {
        Some(version) if monit_kills > 0 => {
            let mut times = Times::default();
            times.add(monit::measure(&stage, monit_kills)?);
            println!("{}", times.row(&format!("{version}, cycle 1 s")));
            Ok(times.median())
        }
        Some(_) => Err("left out: --monit-kills 0".to_owned()),
        None => Err(super::monit::MISSING.to_owned()),
    };
    let row = |measure: &str, goal| Row {
        measure: measure.into(),
        salve: salve.median(),
        floor: Some(2.0 * floor.median() + durable.median()),
        peer: peer.clone(),
        goal,
    };
    Ok(vec![
        row("reaction, ms; floor: 2 x floor + durable write", Goal::OfFloor(1.0)),
        row("reaction, ms", Goal::OfPeer(1.0 / 200.0)),
    ])
}
