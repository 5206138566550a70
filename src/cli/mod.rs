//! One file per verb, grouped by what it works on. Without a verb: the console, with the embedded loop.
//!
//! | module | verbs |
//! |---|---|
//! | [`live`] | what the engine that runs is asked: `status`, `incidents`, `approve`, `pause`, `watch`, `metrics` and others |
//! | [`playbook`] | playbooks and their files: `check`, `new`, `plan`, `backtest`, `arm` and others |
//! | [`console`] | `attach`, `demo`, and no verb at all |
//! | [`daemon`] | `daemon`, `service`, `journal` |
//! | [`init`], [`doctor`], [`report`], [`channel`] | a verb each |
//! | [`manual`] | `help`, `man`, `completions` |
//! | [`args`], [`connect`], [`runtime`], [`output`], [`exit`] | what all verbs share |
//!
//! The only module that prints, and there only [`output::stream`]. Exit codes: see [`exit`].

#[macro_use] // first: its `println!` and `eprintln!` are those of every verb below
mod output;
mod args;
mod channel;
mod connect;
mod console;
mod daemon;
mod doctor;
mod exit;
mod init;
mod live;
mod manual;
mod playbook;
mod report;
mod runtime;

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
    let done = run(args).and_then(|code| match output::stream::lost() {
        Some(error) => Err(Failure::Output(error)),
        None => Ok(code),
    });
    match done {
        Ok(code) => code,
        Err(failure) => {
            output::stream::drawn_error(|colour| format!("salve: {}", failure.draw(colour)));
            failure.code()
        }
    }
}

/// Help and version were asked for; all else is wrong usage. Clap's own code for that, 2, is ours for *unknown*.
fn misread(said: &clap::Error) -> ExitCode {
    if said.use_stderr() {
        output::stream::drawn_error(|colour| drawn(said, colour));
    } else {
        output::stream::help(|colour| drawn(said, colour));
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
        None if screen.once => live::status::once(&common, &screen),
        None => console::run(&common, &screen),
        Some(Verb::Init { yes, only, json }) => init::run(&common, init::InitOptions { yes, only: &only, json }),
        Some(Verb::Demo { tour, record }) => console::demo::run(&screen, tour, record.as_deref()),
        Some(Verb::DemoActor { part, demo, port, folder }) => Ok(console::demo::play(&part, demo, port, folder)),
        Some(Verb::DemoCue { what, words }) => console::demo::cue(&what, &words),
        Some(Verb::Doctor { json, page }) => doctor::run(&common, json, page),
        Some(Verb::Daemon) => daemon::run(&common),
        Some(Verb::Service { verb }) => daemon::service::run(&verb),
        Some(Verb::Status { json, watch: true }) => live::watch::run(&common, json),
        Some(Verb::Status { json, .. }) => live::status::run(&common, json),
        Some(Verb::Metrics { textfile }) => live::metrics::run(&common, textfile.as_deref()),
        Some(Verb::Report { since, format }) => report::run(&common, since, format),
        Some(Verb::Completions { shell }) => Ok(manual::completions::run(shell)),
        Some(Verb::Schema { document }) => Ok(output::json::schema(document)),
        Some(Verb::Help { words }) => manual::help::run(&words),
        Some(Verb::Man { out }) => manual::man::run(out.as_deref()),
        Some(Verb::Incidents { json }) => live::incidents::list(&common, json),
        Some(Verb::Show { incident, markdown: true, .. }) => live::incidents::markdown(&common, incident),
        Some(Verb::Show { incident, json, .. }) => live::incidents::show(&common, incident, json),
        Some(Verb::Playbook { verb }) => playbook::run(&common, verb),
        Some(Verb::Channel { verb }) => channel::run(&common, &verb),
        Some(Verb::Journal { verb }) => daemon::journal::run(&common, &verb),
        Some(Verb::Attach { to, program }) => console::attach::attach(&common, &screen, to, program),
        Some(Verb::Bridge) => console::attach::bridge(&common),
        Some(Verb::Approve { incident, digest, reason }) => live::act::approve(&common, incident, &digest, reason),
        Some(Verb::Decline { incident, reason }) => live::act::decline(&common, incident, reason),
        Some(Verb::Run { playbook, target }) => live::act::run(&common, &playbook, target.as_deref()),
        Some(Verb::Snooze { playbook, target, length, reason, .. }) => {
            live::act::snooze(&common, &playbook, target.as_deref(), length, reason)
        }
        Some(Verb::Acknowledge { incident }) => live::act::acknowledge(&common, incident),
        Some(Verb::Close { incident, reason }) => live::act::close(&common, incident, reason),
        Some(Verb::Breaker { verb }) => live::act::breaker(&common, verb),
        Some(Verb::Pause { scope, length: Some(length), at: Some(at), reason }) => {
            live::pause::plan(&common, scope, length, &at, reason)
        }
        Some(Verb::Pause { scope, length, reason, .. }) => live::pause::pause(&common, scope, length, reason),
        Some(Verb::Resume { maintenance: Some(number), .. }) => live::pause::cancel(&common, number),
        Some(Verb::Resume { scope, .. }) => live::pause::resume(&common, scope),
    }
}
