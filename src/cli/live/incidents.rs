//! `salve incidents` and `salve show ID`.

use std::process::ExitCode;
use std::sync::Arc;

use super::status;
use crate::cli::args::Common;
use crate::cli::exit::{self, Failure};
use crate::cli::output::{json, stream};
use crate::cli::{connect, runtime};
use crate::control::client::Stay;
use crate::control::protocol;
use crate::core::incident::ApprovalRequest;
use crate::core::{IncidentId, Refusal};
use crate::engine::history::{self, PastError};
use crate::engine::snapshot::{IncidentStage, IncidentView, paged};
use crate::engine::views::incident_markdown;
use crate::journal::JournalReader;
use crate::text::clean_line;
use jiff::tz::TimeZone;

pub fn list(common: &Common, as_json: bool) -> Result<ExitCode, Failure> {
    let snapshot = status::snapshot(common)?;
    if as_json {
        json::print(json::Incidents { incidents: &snapshot.incidents })?;
        return Ok(status::listed(&snapshot));
    }
    if snapshot.incidents.is_empty() {
        println!("no incidents yet");
    }
    for incident in &snapshot.incidents {
        let stage = match &incident.stage {
            IncidentStage::Closed { outcome, .. } => {
                format!("closed: {}", incident.numbers().outcome(outcome))
            }
            IncidentStage::Firing => "firing".into(),
            IncidentStage::Held(denial) => format!("on hold: {denial}"),
            IncidentStage::Asking(request) => format!("awaiting approval: {}", request.why),
            IncidentStage::Remediating { .. } => "remediating".into(),
            stage @ (IncidentStage::Verifying { .. } | IncidentStage::Soaking { .. }) => {
                status::verification(stage, snapshot.now.mono).unwrap_or_default()
            }
            IncidentStage::Escalated(cause) => paged(incident.call.as_ref(), cause),
        };
        let opened = incident.since.wall.strftime("%Y-%m-%d %H:%M:%S");
        println!("{:<6} {opened}  {:<24} {:<28} {stage}", incident.id, incident.playbook, incident.key.target);
    }
    Ok(status::listed(&snapshot))
}

/// Told whole, with what was done meanwhile to its target, its playbook or the host.
pub fn markdown(common: &Common, incident: u64) -> Result<ExitCode, Failure> {
    let IncidentSource { host, view, .. } = find(common, incident)?;
    stream::text(&incident_markdown::markdown(&view, &host, &TimeZone::system()));
    Ok(ExitCode::SUCCESS)
}

pub fn show(common: &Common, incident: u64, as_json: bool) -> Result<ExitCode, Failure> {
    let IncidentSource { view, watched, .. } = find(common, incident)?;
    let numbers = view.numbers();
    for recorded in &view.story {
        if as_json {
            json::print_line(&**recorded)?;
        } else {
            println!("{}  {}", recorded.wall.strftime("%Y-%m-%d %H:%M:%S"), numbers.sentence(&recorded.event));
        }
    }
    if let IncidentStage::Asking(request) = &view.stage
        && !as_json
    {
        ask(view.id, request);
    }
    // what is over needs nobody to watch it
    if watched || matches!(view.stage, IncidentStage::Closed { .. }) {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("salve: {}", status::UNWATCHED);
    Ok(ExitCode::from(exit::NO_ENGINE))
}

/// What awaits approval, and how it is approved.
fn ask(incident: IncidentId, request: &ApprovalRequest) {
    println!();
    println!("awaiting approval ({}); it will run exactly this (rung {}):", request.why, request.plan.rung + 1);
    for step in &request.plan.steps {
        println!("  {}", step.sentence);
        for (name, detail) in &step.details {
            println!("    {name}: {detail}");
        }
    }
    if let Some(first) = &request.first {
        println!("{first} approved it; a second person must approve it too");
    }
    println!("salve approve {} --digest {}", incident.0, request.plan.digest);
    println!("salve decline {} --reason \"…\"", incident.0);
}

/// An incident, and who told it.
struct IncidentSource {
    host: String,
    view: Arc<IncidentView>,
    /// By an engine, which watches it; else the journal told it.
    watched: bool,
}

/// The incident as the engine that serves this host tells it, or as the journal does.
fn find(common: &Common, incident: u64) -> Result<IncidentSource, Failure> {
    let id = IncidentId(incident);
    let told = runtime::build()?.block_on(async {
        if let Some(mut connection) = connect::engine_to_see(common, Stay::Brief).await? {
            let host = connection.welcome.host.to_string();
            return match connection.ask(protocol::Request::Incident(id)).await? {
                protocol::Response::Incident(told) => Ok((host, told, true)),
                _ => Err(Failure::Refused(Refusal::Lost)),
            };
        }
        let host = clean_line(&rustix::system::uname().nodename().to_string_lossy()).into_owned();
        let reader = JournalReader::open(&common.paths().state)?;
        Ok((host, history::read_incident(&reader, id).map(Arc::new), false))
    });
    let (host, told, watched) = told?;
    match told {
        Ok(view) => Ok(IncidentSource { host, view, watched }),
        Err(PastError::Unknown(id)) => {
            Err(Failure::Said(format!("incident {id} not found; `salve incidents` lists them")))
        }
        Err(error) => Err(Failure::Said(error.to_string())),
    }
}
