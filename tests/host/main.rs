//! The promises, kept on a real host: a Debian with a real systemd, booted in a container for each scenario, in which
//! real services are really broken.
//!
//! Needs root, `systemd-nspawn`, `debootstrap` and `qemu`. Where one is missing every scenario is reported as ignored, and the
//! reason is said at the end; with `CI` or `SALVE_REQUIRE_HOST` set, that is a failure instead. The base image (about
//! 40 s, once) is kept in `$SALVE_TEST_HOST_DIR`, by default `/var/tmp/salve-test-host`.
//!
//! | room | its one job |
//! |---|---|
//! | `image` | the base image, made once |
//! | `machine` | a throw-away host, a container or a virtual machine: boot, run, power off |
//! | `watch` | salve on that host: its loop, its screen |
//! | `journal` | its journal there, followed |
//! | `turns` | how many hosts run at once |
//! | `podman` | what a host needs for containers of its own |
//! | `scenarios` | one file per kind of failure |
//! | `catalogue` | every shipped playbook against its fault, and the catalogue's table of them |
#![allow(clippy::unwrap_used, reason = "a scenario that cannot be set up has failed")]
#![allow(clippy::print_stderr, reason = "what was left out is said")]

#[macro_use]
mod podman;

mod catalogue;
mod image;
mod journal;
mod machine;
#[path = "../support/pty.rs"]
#[allow(dead_code, reason = "shared with the screen's own tests")]
mod pty;
mod scenarios;
mod turns;
mod watch;

use std::iter::repeat;
use std::process::ExitCode;
use std::time::Instant;

use libtest_mimic::{Arguments, Trial};
use turns::Turns;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let (machines, containers) = by_body();
    // each waits for its turn
    arguments.test_threads = arguments.test_threads.or(Some(machines.len() + CONTAINERS.at_once()));
    let missing = image::missing();
    let required = std::env::var_os("CI").is_some() || std::env::var_os("SALVE_REQUIRE_HOST").is_some();
    if let (Some(missing), true) = (&missing, required) {
        eprintln!("the scenarios on real hosts are required here, and cannot run: {missing}");
        return ExitCode::FAILURE;
    }
    let all = scenarios::ALL.len() + catalogue::ALL.len();
    let ordered = machines.into_iter().zip(repeat(&MACHINES)).chain(containers.into_iter().zip(repeat(&CONTAINERS)));
    let trials = ordered.map(|((name, scenario), turns)| {
        Trial::test(name, move || {
            let _turn = turns.take();
            let begun = Instant::now();
            scenario();
            eprintln!("{name} took {:.1} s", begun.elapsed().as_secs_f64());
            Ok(())
        })
        .with_ignored_flag(missing.is_some())
    });
    if missing.is_none() && !arguments.list {
        image::prepare();
    }
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    machine::forget();
    if std::env::var_os("SALVE_BLESS").is_some() {
        catalogue::table::write();
    }
    if let Some(missing) = missing {
        eprintln!("left out: {all} scenarios on real hosts, because {missing}");
    }
    conclusion.exit_code()
}

/// How many virtual machines run at once: each waits for a part of its time, and else takes the processors that it gets.
static MACHINES: Turns = Turns::of(2);
/// How many containers: each is a whole system, which mostly waits.
static CONTAINERS: Turns = Turns::of(3);

type Scenario = (&'static str, fn());

/// The scenarios on virtual machines, which take the longest and begin first, and those in containers.
fn by_body() -> (Vec<Scenario>, Vec<Scenario>) {
    let all = scenarios::ALL.iter().chain(catalogue::ALL).copied();
    all.partition(|(name, _)| catalogue::VIRTUAL.contains(name))
}
