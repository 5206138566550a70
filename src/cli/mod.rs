//! One file per verb. Without a verb: the console, with the embedded loop.
//!
//! The only module that prints, and there only [`stream`]. Exit codes: see [`exit`].

#[macro_use] // first: its `println!` and `eprintln!` are those of every verb below
mod stream;

mod act;
mod args;
mod attach;
mod backtest;
mod channel;
mod completions;
mod connect;
mod console;
mod daemon;
mod demo;
mod doctor;
mod exit;
mod help;
mod incidents;
mod init;
mod journal;
mod json;
mod kinds;
mod logs;
mod man;
mod metrics;
mod new;
mod pause;
mod plan;
mod playbook;
mod report;
mod runtime;
mod service;
mod service_notifier;
mod status;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Verb};
use exit::Failure;

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(said) => return misread(&said),
    };
    let done = run(args).and_then(|code| match stream::lost() {
        Some(error) => Err(Failure::Output(error)),
        None => Ok(code),
    });
    match done {
        Ok(code) => code,
        Err(failure) => {
            stream::drawn_error(|colour| format!("salve: {}", failure.draw(colour)));
            failure.code()
        }
    }
}

/// Help and version were asked for; all else is wrong usage. Clap's own code for that, 2, is ours for *unknown*.
fn misread(said: &clap::Error) -> ExitCode {
    if said.use_stderr() {
        stream::drawn_error(|colour| drawn(said, colour));
    } else {
        stream::help(|colour| drawn(said, colour));
    }
    if said.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS }
}

fn drawn(said: &clap::Error, colour: bool) -> String {
    let text = said.render();
    let text = if colour { text.ansi().to_string() } else { text.to_string() };
    text.trim_end().to_owned()
}

fn run(args: Args) -> Result<ExitCode, Failure> {
    let Args { common, screen, verb } = args;
    match verb {
        None if screen.once => status::once(&common, &screen),
        None => console::run(&common, &screen),
        Some(Verb::Init { yes, only, json }) => init::run(&common, init::InitOptions { yes, only: &only, json }),
        Some(Verb::Demo { tour, record }) => demo::run(&screen, tour, record.as_deref()),
        Some(Verb::DemoActor { part, demo, port, folder }) => Ok(demo::play(&part, demo, port, folder)),
        Some(Verb::DemoCue { what, words }) => demo::cue(&what, &words),
        Some(Verb::Doctor { json, page }) => doctor::run(&common, json, page),
        Some(Verb::Daemon) => daemon::run(&common),
        Some(Verb::Service { verb }) => service::run(&verb),
        Some(Verb::Status { json, watch: true }) => watch::run(&common, json),
        Some(Verb::Status { json, .. }) => status::run(&common, json),
        Some(Verb::Metrics { textfile }) => metrics::run(&common, textfile.as_deref()),
        Some(Verb::Report { since, format }) => report::run(&common, since, format),
        Some(Verb::Completions { shell }) => Ok(completions::run(shell)),
        Some(Verb::Schema { document }) => Ok(json::schema(document)),
        Some(Verb::Help { words }) => help::run(&words),
        Some(Verb::Man { out }) => man::run(out.as_deref()),
        Some(Verb::Incidents { json }) => incidents::list(&common, json),
        Some(Verb::Show { incident, markdown: true, .. }) => incidents::markdown(&common, incident),
        Some(Verb::Show { incident, json, .. }) => incidents::show(&common, incident, json),
        Some(Verb::Playbook { verb }) => playbook::run(&common, verb),
        Some(Verb::Channel { verb }) => channel::run(&common, &verb),
        Some(Verb::Journal { verb }) => journal::run(&common, &verb),
        Some(Verb::Attach { to, program }) => attach::attach(&common, &screen, to, program),
        Some(Verb::Bridge) => attach::bridge(&common),
        Some(Verb::Approve { incident, digest, reason }) => act::approve(&common, incident, &digest, reason),
        Some(Verb::Decline { incident, reason }) => act::decline(&common, incident, reason),
        Some(Verb::Run { playbook, target }) => act::run(&common, &playbook, target.as_deref()),
        Some(Verb::Snooze { playbook, target, length, reason, .. }) => {
            act::snooze(&common, &playbook, target.as_deref(), length, reason)
        }
        Some(Verb::Acknowledge { incident }) => act::acknowledge(&common, incident),
        Some(Verb::Close { incident, reason }) => act::close(&common, incident, reason),
        Some(Verb::Breaker { verb }) => act::breaker(&common, verb),
        Some(Verb::Pause { scope, length: Some(length), at: Some(at), reason }) => {
            pause::plan(&common, scope, length, &at, reason)
        }
        Some(Verb::Pause { scope, length, reason, .. }) => pause::pause(&common, scope, length, reason),
        Some(Verb::Resume { maintenance: Some(number), .. }) => pause::cancel(&common, number),
        Some(Verb::Resume { scope, .. }) => pause::resume(&common, scope),
    }
}
