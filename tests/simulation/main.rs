//! Deterministic simulation of the core and its driver: a fake clock, host, executor, operator, pager and journal from one seed, with
//! an independent ledger that checks the healing machine's invariants after every event.
//!
//! ```text
//! cargo test --test simulation                                             a small run, and the crash walks
//! cargo test --release --test simulation -- --incidents 1000000            the long run, with its coverage
//! cargo test --release --test simulation -- --incidents 100000 --all       every kind of failure, with one world each
//! cargo test --release --test simulation -- --world 0x1234 --trace         one world again, exactly
//! cargo test --release --test simulation -- --world 0x1234 --without storm the same without a fault
//! ```
//!
//! | file | its one job |
//! |---|---|
//! | `world` | clocks, queue, loop |
//! | `engine` | starts, drives, crashes, winds down and restarts the engine's own driver |
//! | `ports` | the driver's host, journal and clock: where it may crash, and what must be durable first |
//! | `nature`, `senses`, `hands`, `people` | what breaks; checks; attempts; operator and pager |
//! | `shelf`, `host`, `fault` | playbooks, the truth about targets, what this world's swarm switches on |
//! | `calm` | a world's course, to the fault-free end in which every incident must be over |
//! | `ledger` | the invariants |
//! | `walk` | scripted incidents, crashed at every boundary |
//! | `doctor` | spoils what the machine says, to show that the ledger sees it |
//! | `runs` | many worlds, failures made small, the command line |

#![allow(clippy::print_stdout, reason = "its report is what this program is for")]

mod calm;
mod compare;
mod count;
mod coverage;
mod doctor;
mod engine;
mod fault;
mod hands;
mod host;
mod ledger;
mod names;
mod nature;
mod people;
mod ports;
mod rng;
mod runs;
mod senses;
mod shelf;
mod trace;
mod walk;
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::runs::Order;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(world::remember_panic));
    match runs::order(std::env::args().skip(1)) {
        Ok(Some(order)) => runs::carry_out(&order),
        Ok(None) => test(&Arguments::from_args()),
        Err(wrong) => {
            println!("{wrong}");
            ExitCode::from(2)
        }
    }
}

/// Runs the ordinary tests; all of them together must have walked over enough crash points.
fn test(arguments: &Arguments) -> ExitCode {
    let conclusion = libtest_mimic::run(arguments, trials());
    let all = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list && !arguments.ignored;
    if !all || conclusion.has_failed() {
        return conclusion.exit_code();
    }
    let (points, least) = (walk::points(), walk::LEAST_POINTS);
    println!("{points} crash points passed, of at least {least}");
    if points < least { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("a_swarm_of_worlds_breaks_no_invariant", || {
            let order = Order { incidents: 20_000, ..Order::default() };
            runs::swarm(&order, |_| {}).map(drop).map_err(|failure| Failed::from(failure.told()))
        }),
        Trial::test("a_seed_gives_the_same_world_twice", || runs::twice(7).map_err(Failed::from)),
    ];
    trials.extend(walk::SCRIPTS.iter().map(|script| {
        Trial::test(format!("a_crash_at_every_boundary_of_{}", script.name), || {
            walk::every_boundary(script).map(drop).map_err(Failed::from)
        })
    }));
    trials.extend(doctor::ILLS.iter().map(|ill| {
        Trial::test(format!("the_ledger_sees_{}", ill.name), || doctor::is_seen(ill).map_err(Failed::from))
    }));
    trials
}
