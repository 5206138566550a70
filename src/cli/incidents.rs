//! `salve incidents` and `salve show ID`.

use std::process::ExitCode;

use super::args::Common;
use super::exit::Failure;
use super::status;
use crate::core::{IncidentId, story};
use crate::engine::snapshot::Stage;
use crate::engine::{past, report};
use crate::journal::Reader;
use crate::text::clean_line;
use jiff::tz::TimeZone;

pub fn list(common: &Common, json: bool) -> Result<ExitCode, Failure> {
    let snapshot = status::snapshot(common)?;
    if json {
        let text =
            serde_json::to_string_pretty(&snapshot.incidents).map_err(|error| Failure::Said(error.to_string()))?;
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    if snapshot.incidents.is_empty() {
        println!("no incident yet");
    }
    for incident in &snapshot.incidents {
        let stage = match &incident.stage {
            Stage::Closed { outcome, .. } => format!("closed: {outcome}"),
            Stage::Firing => "firing".into(),
            Stage::Held(denial) => format!("held: {denial}"),
            Stage::Asking(request) => format!("asks: {}", request.why),
            Stage::Remediating { .. } => "remediating".into(),
            Stage::Verifying { .. } => "verifying".into(),
            Stage::Soaking { .. } => "soaking".into(),
            Stage::Escalated(cause) => format!("escalated: {cause}"),
        };
        let opened = incident.since.wall.strftime("%Y-%m-%d %H:%M:%S");
        println!("{:<6} {opened}  {:<24} {:<28} {stage}", incident.id, incident.playbook, incident.key.target);
    }
    Ok(ExitCode::SUCCESS)
}

/// Told whole, with what was done meanwhile to its target, its playbook or the host.
pub fn markdown(common: &Common, incident: u64) -> Result<ExitCode, Failure> {
    let reader = Reader::open(&common.paths().state)?;
    let view = past::tell(&reader, IncidentId(incident)).map_err(|error| match error {
        past::PastError::Unknown(id) => {
            Failure::Said(format!("there is no incident {id}; `salve incidents` lists them"))
        }
        error => Failure::Said(error.to_string()),
    })?;
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    print!("{}", report::markdown(&view, &clean_line(&host), &TimeZone::system()));
    Ok(ExitCode::SUCCESS)
}

pub fn show(common: &Common, incident: u64, json: bool) -> Result<ExitCode, Failure> {
    let state = common.paths().state;
    let records = Reader::open(&state)?.events_of(IncidentId(incident))?;
    if records.is_empty() {
        return Err(Failure::Said(format!("there is no incident #{incident}; `salve incidents` lists them")));
    }
    for recorded in records {
        if json {
            let line = serde_json::to_string(&recorded).map_err(|error| Failure::Said(error.to_string()))?;
            println!("{line}");
        } else {
            println!("{}  {}", recorded.wall.strftime("%Y-%m-%d %H:%M:%S"), story::sentence(&recorded.event));
        }
    }
    Ok(ExitCode::SUCCESS)
}
