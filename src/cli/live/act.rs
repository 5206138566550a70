//! Verbs that act on one incident, playbook, target or breaker.

use std::process::ExitCode;

use super::status;
use crate::cli::args::{BreakerVerb, Common};
use crate::cli::connect;
use crate::cli::exit::Failure;
use crate::cli::output::json;
use crate::core::plan::Digest;
use crate::core::{Command, IncidentId, Key};
use crate::engine::Snapshot;
use crate::playbook::value::Period;

/// A digest has so many hexadecimal digits.
const DIGEST: usize = 64;

pub fn approve(common: &Common, incident: u64, digest: &str, reason: String) -> Result<ExitCode, Failure> {
    let digest = digest.strip_prefix("sha256:").unwrap_or(digest);
    if digest.len() != DIGEST || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let wrong = format!("a digest has {DIGEST} hexadecimal digits; `salve show {incident}` prints this one's");
        return Err(Failure::Usage(wrong));
    }
    let digest = Digest(digest.to_ascii_lowercase().into());
    let command = Command::Approve { incident: IncidentId(incident), digest, reason: reason.into() };
    connect::command(common, command)
}

pub fn decline(common: &Common, incident: u64, reason: String) -> Result<ExitCode, Failure> {
    connect::command(common, Command::Decline { incident: IncidentId(incident), reason: reason.into() })
}

pub fn acknowledge(common: &Common, incident: u64) -> Result<ExitCode, Failure> {
    connect::command(common, Command::Acknowledge { incident: IncidentId(incident) })
}

pub fn close(common: &Common, incident: u64, reason: String) -> Result<ExitCode, Failure> {
    connect::command(common, Command::Close { incident: IncidentId(incident), reason: reason.into() })
}

pub fn run(common: &Common, playbook: &str, target: Option<&str>) -> Result<ExitCode, Failure> {
    let Some(connection) = connect::engine_now(common)? else {
        return Err(Failure::Nobody(
            "no engine is running, so nothing can run: open the console with `salve`, or run `salve daemon`".into(),
        ));
    };
    drop(connection);
    connect::command(common, Command::RunNow { key: key(common, playbook, target)? })
}

pub fn snooze(
    common: &Common,
    playbook: &str,
    target: Option<&str>,
    length: Option<Period>,
    reason: String,
) -> Result<ExitCode, Failure> {
    let key = key(common, playbook, target)?;
    connect::command(
        common,
        match length {
            Some(length) => Command::Snooze { key, length, reason: reason.into() },
            None => Command::Unsnooze { key },
        },
    )
}

pub fn breaker(common: &Common, verb: BreakerVerb) -> Result<ExitCode, Failure> {
    match verb {
        BreakerVerb::List { json } => list(&status::snapshot(common)?, json),
        BreakerVerb::Reset { playbook, target, reason } => {
            let key = key(common, &playbook, target.as_deref())?;
            connect::command(common, Command::ResetBreaker { key, reason: reason.into() })
        }
        BreakerVerb::Latch { playbook, target, reason } => {
            let key = key(common, &playbook, target.as_deref())?;
            connect::command(common, Command::LatchBreaker { key, reason: reason.into() })
        }
    }
}

fn list(snapshot: &Snapshot, as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        json::print(json::Breakers { breakers: &snapshot.breakers })?;
        return Ok(status::listed(snapshot));
    }
    if snapshot.breakers.is_empty() {
        println!("all breakers are closed, with no attempts counted");
    }
    for row in &snapshot.breakers {
        let (state, counted) = (row.state.word(), format!("{}/{}", row.invocations, row.limit));
        println!("{state:<10} {counted:<6} {:<24} {:<28} {}", row.playbook, row.key.target, row.why);
    }
    Ok(status::listed(snapshot))
}

/// The watched key of this playbook and target; the target may be left out where there is only one.
fn key(common: &Common, playbook: &str, target: Option<&str>) -> Result<Key, Failure> {
    let snapshot = status::snapshot(common)?;
    let rows = snapshot.detectors.iter().filter(|row| *row.playbook == *playbook);
    let keys: Vec<&Key> = rows.filter_map(|row| row.key.as_ref()).collect();
    let named = |key: &&&Key| {
        let full = key.target.to_string();
        target.is_none_or(|target| full == target || full.split_once(' ').is_some_and(|(_, name)| name == target))
    };
    match keys.iter().filter(named).copied().collect::<Vec<_>>()[..] {
        [key] => Ok(key.clone()),
        [] if keys.is_empty() => Err(Failure::Said(format!(
            "no playbook named {playbook} watches anything; `salve playbook list` shows all"
        ))),
        _ => {
            let targets: Vec<String> = keys.iter().map(|key| format!("\"{}\"", key.target)).collect();
            Err(Failure::Said(format!("{playbook} watches {}; give one of them as the target", targets.join(", "))))
        }
    }
}
