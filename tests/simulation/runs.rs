//! Many worlds on every processor; a failure is made small and told with the command that brings it back.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::coverage::Coverage;
use crate::fault::Fault;
use crate::ledger::{Violation, hold};
use crate::rng::mix;
use crate::trace::Trace;
use crate::walk;
use crate::world::{World, guarded};

/// From this many incidents on, everything that can be seen must have been seen.
const LONG: u64 = 1_000_000;

/// What the command line asks for.
#[derive(Debug, Clone)]
pub struct Order {
    pub incidents: u64,
    pub seed: u64,
    pub world: Option<u64>,
    pub without: Vec<Fault>,
    pub trace: bool,
    /// Go on after a failure, and list every kind of failure with one world of it.
    pub all: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { incidents: LONG, seed: 1, world: None, without: Vec::new(), trace: false, all: false }
    }
}

/// A world that broke an invariant.
pub struct Failure {
    pub world: u64,
    pub violation: Violation,
}

impl Failure {
    pub fn told(&self) -> String {
        use std::fmt::Write as _;
        let mut without: Vec<Fault> = Vec::new();
        let fails = |without: &[Fault]| {
            let mut world = World::of(self.world, without);
            guarded(|| world.run()).is_err_and(|violation| violation.invariant == self.violation.invariant)
        };
        for fault in Fault::ALL {
            without.push(*fault);
            if !fails(&without) {
                without.pop();
            }
        }
        let mut world = World::of(self.world, &without);
        let needed = world.faults.names().join(", ");
        world.trace = Trace::last(120);
        let violation = guarded(|| world.run()).err();
        let mut text = format!("invariant broken: {}\n  {}\n", self.violation.invariant, self.violation.text);
        let _ = writeln!(text, "replay: cargo test --release --test simulation -- --world {:#x} --trace", self.world);
        let words: Vec<&str> = without.iter().map(|fault| fault.word()).collect();
        let _ = writeln!(text, "  smaller: add --without '{}'", words.join(","));
        let _ = writeln!(text, "  needs these faults: {needed}");
        for line in world.traced() {
            let _ = writeln!(text, "{line}");
        }
        if let Some(violation) = violation {
            let _ = writeln!(text, "{}: {}", violation.invariant, violation.text);
        }
        text
    }
}

/// None where the ordinary tests are meant.
pub fn order(arguments: impl Iterator<Item = String>) -> Result<Option<Order>, String> {
    let (mut order, mut ours) = (Order::default(), false);
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--incidents" => order.incidents = number(&value()?)?,
            "--seed" => order.seed = number(&value()?)?,
            "--world" => order.world = Some(number(&value()?)?),
            "--trace" => order.trace = true,
            "--all" => order.all = true,
            "--without" => {
                for word in value()?.split(',').filter(|word| !word.is_empty()) {
                    let fault = Fault::ALL.iter().find(|fault| fault.word() == word.trim());
                    order.without.push(*fault.ok_or(format!("no fault is called `{word}`"))?);
                }
            }
            _ => continue,
        }
        ours = true;
    }
    Ok(ours.then_some(order))
}

fn number(text: &str) -> Result<u64, String> {
    let plain = text.replace('_', "");
    let parsed = plain.strip_prefix("0x").map_or_else(|| plain.parse(), |hex| u64::from_str_radix(hex, 16));
    parsed.map_err(|_| format!("`{text}` is not a number"))
}

pub fn carry_out(order: &Order) -> ExitCode {
    if let Some(seed) = order.world {
        return one(seed, order);
    }
    let began = Instant::now();
    let shown = Mutex::new(Duration::ZERO);
    let progress = |done: u64| {
        let passed = began.elapsed();
        let mut shown = shown.lock().expect("nobody panics with it");
        if passed.saturating_sub(*shown) >= Duration::from_secs(5) {
            *shown = passed;
            println!("{:>7.1} s {done:>9} incidents", passed.as_secs_f64());
        }
    };
    let coverage = match swarm(order, progress) {
        Ok(coverage) => coverage,
        Err(failure) => {
            println!("{}", failure.told());
            return ExitCode::FAILURE;
        }
    };
    let took = began.elapsed();
    println!("{}", coverage.table());
    let mut points = 0;
    for script in walk::SCRIPTS {
        match walk::every_boundary(script) {
            Ok(count) => points += count,
            Err(wrong) => {
                println!("{wrong}");
                return ExitCode::FAILURE;
            }
        }
    }
    report(order, &coverage, took, points)
}

fn report(order: &Order, coverage: &Coverage, took: Duration, points: u64) -> ExitCode {
    let per_second = u128::from(coverage.incidents) * 1000 / took.as_millis().max(1);
    println!("seed {}: {} worlds, {} simulated hours", order.seed, coverage.worlds, coverage.hours);
    println!(
        "{} incidents, {} inputs, {} records in {:.1} s: {per_second} incidents/s",
        coverage.incidents,
        coverage.inputs,
        coverage.records,
        took.as_secs_f64()
    );
    println!("{points} crash points walked in {} scripts", walk::SCRIPTS.len());
    let missing = coverage.missing();
    if order.incidents >= LONG && !missing.is_empty() {
        println!("never seen, so not tested: {}", missing.join(", "));
        return ExitCode::FAILURE;
    }
    println!("invariants broken: {}", coverage.broken);
    if coverage.broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(seed: u64, order: &Order) -> ExitCode {
    let mut world = World::of(seed, &order.without);
    println!("world {seed:#x}, faults: {}", world.faults.names().join(", "));
    if order.trace {
        for file in &world.shelf.files {
            println!("{:?} {:?}", file.standing, file.playbook);
        }
        world.trace = Trace::All;
    }
    match guarded(|| world.run()) {
        Ok(()) => {
            println!("{} incidents, invariants broken: 0", world.coverage.incidents);
            ExitCode::SUCCESS
        }
        Err(violation) => {
            println!("invariant broken: {}\n  {}", violation.invariant, violation.text);
            ExitCode::FAILURE
        }
    }
}

/// Worlds until so many incidents have been seen; the failure of the lowest number where some fail.
pub fn swarm(order: &Order, progress: impl Fn(u64) + Sync) -> Result<Coverage, Failure> {
    let (next, done, over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let total = Mutex::new(Coverage::default());
    let failure: Mutex<Option<(u64, Failure)>> = Mutex::new(None);
    let kinds: Mutex<BTreeMap<&str, (u64, u64, String)>> = Mutex::default();
    let work = || {
        let mut coverage = Coverage::default();
        while !over.load(Ordering::Relaxed) && done.load(Ordering::Relaxed) < order.incidents {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let seed = mix(order.seed, index);
            let mut world = World::of(seed, &order.without);
            let result = guarded(|| world.run()).and_then(|()| {
                let idle = index > 500 && done.load(Ordering::Relaxed) == 0;
                hold!(!idle, "something happens", "no incident in {index} worlds");
                Ok(())
            });
            let all = done.fetch_add(world.coverage.incidents, Ordering::Relaxed) + world.coverage.incidents;
            coverage.add(&world.coverage);
            progress(all);
            if let (Err(violation), true) = (&result, order.all) {
                coverage.broken += 1;
                let mut kinds = kinds.lock().expect("nobody panics with it");
                let (count, world, text) = kinds.entry(violation.invariant).or_default();
                if *count == 0 || text.len() > violation.text.len() {
                    (*world, *text) = (seed, violation.text.clone());
                }
                *count += 1;
            } else if let Err(violation) = result {
                over.store(true, Ordering::Relaxed);
                let mut failure = failure.lock().expect("nobody panics with it");
                if failure.as_ref().is_none_or(|(other, _)| index < *other) {
                    *failure = Some((index, Failure { world: seed, violation }));
                }
            }
        }
        total.lock().expect("nobody panics with it").add(&coverage);
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    for (kind, (count, seed, text)) in kinds.into_inner().expect("nobody panicked with it") {
        println!("{count:>6} worlds: {kind}\n       as --world {seed:#x}: {text}");
    }
    match failure.into_inner().expect("nobody panicked with it") {
        Some((_, failure)) => Err(failure),
        None => Ok(total.into_inner().expect("nobody panicked with it")),
    }
}

/// The same seed, line by line the same.
pub fn twice(seed: u64) -> Result<(), String> {
    let lines = || {
        let mut world = World::of(seed, &[]);
        world.trace = Trace::last(usize::MAX);
        guarded(|| world.run()).map_err(|violation| violation.text).map(|()| world.traced())
    };
    let (first, second) = (lines()?, lines()?);
    match first.iter().zip(&second).position(|(one, other)| one != other) {
        Some(at) => Err(format!("line {at}: {} / {}", first[at], second[at])),
        None if first.len() < 100 || first.len() != second.len() => Err(format!("{} lines", first.len())),
        None => Ok(()),
    }
}
