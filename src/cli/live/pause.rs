//! `salve pause` and `salve resume`.

use std::process::ExitCode;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::args::Common;
use crate::cli::connect;
use crate::cli::exit::Failure;
use crate::core::time::parse_time;
use crate::core::{Command, MaintenanceId, Scope};
use crate::playbook::value::Period;

pub fn pause(
    common: &Common,
    scope: Option<String>,
    length: Option<Period>,
    reason: String,
) -> Result<ExitCode, Failure> {
    connect::command(common, Command::Pause { scope: scope_of(scope), length, reason: reason.into() })
}

/// A pause that begins by itself.
pub fn plan(
    common: &Common,
    scope: Option<String>,
    length: Period,
    at: &str,
    reason: String,
) -> Result<ExitCode, Failure> {
    let zone = TimeZone::system();
    let from = parse_time::parse(at, Timestamp::now(), &zone).map_err(|why| Failure::Said(format!("--at: {why}")))?;
    let code =
        connect::command(common, Command::Schedule { scope: scope_of(scope), from, length, reason: reason.into() })?;
    println!("it starts on {}", from.to_zoned(zone).strftime("%A %Y-%m-%d at %H:%M:%S"));
    Ok(code)
}

/// The end of a maintenance window.
pub fn cancel(common: &Common, number: u64) -> Result<ExitCode, Failure> {
    connect::command(common, Command::Unschedule { window: MaintenanceId(number) })
}

pub fn resume(common: &Common, scope: Option<String>) -> Result<ExitCode, Failure> {
    connect::command(common, Command::Resume { scope: scope_of(scope) })
}

fn scope_of(scope: Option<String>) -> Scope {
    scope.map_or(Scope::Host, |name| Scope::Playbook(name.into()))
}
