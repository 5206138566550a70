//! `salve status` and `salve --once`: the host's status, from its engine or, without one, from its own checks.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::args::{Common, Screen};
use crate::cli::exit::{self, Failure};
use crate::cli::output::{json, stream};
use crate::cli::{connect, runtime};
use crate::console;
use crate::console::content::format;
use crate::control::client::Stay;
use crate::core::Mono;
use crate::engine::metrics::Vitals;
use crate::engine::snapshot::{DeliveryState, DetectorView, Health, IncidentStage, Snapshot};
use crate::engine::standalone::one_shot;
use crate::playbook::value::Period;
use crate::text::TextPage;

pub fn run(common: &Common, as_json: bool) -> Result<ExitCode, Failure> {
    let snapshot = snapshot(common)?;
    if as_json {
        json::print(&snapshot)?;
        warn_unwatched(&snapshot);
    } else {
        stream::text(&text(&snapshot));
    }
    Ok(health(&snapshot))
}

pub fn once(common: &Common, screen: &Screen) -> Result<ExitCode, Failure> {
    let snapshot = snapshot(common)?;
    if screen.plain {
        stream::text(&format!("{}\n", console::plain::status(&snapshot)));
        return Ok(health(&snapshot));
    }
    let (width, height) = crossterm::terminal::size().unwrap_or((80, 24));
    let options = crate::cli::console::options(common, screen, true);
    stream::text(&format!("{}\n", console::draw_once(&snapshot, width, height, &options)?));
    Ok(health(&snapshot))
}

/// The host's status, from the engine that serves it, else from checks of its own.
pub fn snapshot(common: &Common) -> Result<Snapshot, Failure> {
    Ok(with_vitals(common)?.0)
}

/// The same, with how its engine is.
pub fn with_vitals(common: &Common) -> Result<(Snapshot, Vitals), Failure> {
    runtime::build()?.block_on(async {
        if let Some(connection) = connect::engine_to_see(common, Stay::Brief).await? {
            let state = connect::own_state(common).await;
            let attached = connection.attach().await?;
            let snapshot = Arc::clone(&attached.handle.snapshots().borrow());
            return Ok((Arc::unwrap_or_clone(snapshot), Vitals::of(&attached.handle, state.as_deref())));
        }
        Ok((one_shot::look(&common.options()?).await?, Vitals::at_rest(&common.paths().state)))
    })
}

/// What is said where no engine runs: what a journal or a look says must not pass for what an engine says.
pub const UNWATCHED: &str = "no engine is running: this host is not watched, and nothing is fixed";

/// Says on standard error that no engine watches, where none does.
pub fn warn_unwatched(snapshot: &Snapshot) {
    if snapshot.unwatched {
        eprintln!("salve: {UNWATCHED}");
    }
}

/// How a verb ends that lists what an engine knows: where none watches, it says so.
pub fn listed(snapshot: &Snapshot) -> ExitCode {
    warn_unwatched(snapshot);
    if snapshot.unwatched { ExitCode::from(exit::NO_ENGINE) } else { ExitCode::SUCCESS }
}

/// One line in words and counts, then one line for everything that is not well.
pub fn text(snapshot: &Snapshot) -> String {
    let mut out = TextPage::default();
    let count = |urgency: u8| snapshot.detectors.iter().filter(|row| self::urgency(row) == urgency).count();
    let storms = usize::from(snapshot.storm.is_some());
    let (needed, broken, fixing, unknown) =
        (count(NEEDS_ACTION) + storms, count(BROKEN), count(FIXING), count(UNKNOWN));
    let window = snapshot.maintenance.iter().find(|window| window.until.is_some()).map(|window| &window.by);
    let paused = snapshot.pauses.first().map(|pause| &pause.by).or(window);
    let pause = paused.map_or_else(String::new, |by| format!(", paused by {by}"));
    if snapshot.unwatched {
        let _ = writeln!(out, "{}: {UNWATCHED}; this is a single check", snapshot.host);
    }
    if needed + broken + fixing + unknown == 0 {
        let looked = if snapshot.unwatched { "checked" } else { "watched" };
        let _ = writeln!(out, "{}: all well ({} {looked}{pause})", snapshot.host, snapshot.detectors.len());
    } else {
        let need = if needed == 1 { "needs" } else { "need" };
        let _ = writeln!(
            out,
            "{}: {needed} {need} action, {broken} firing, {fixing} fixing, {unknown} unknown{pause}",
            snapshot.host
        );
    }
    for window in &snapshot.maintenance {
        let from = window.from.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M");
        let stands = if window.until.is_some() { "active since" } else { "starts" };
        let length = Period(std::time::Duration::from_millis(window.length_ms));
        let _ = writeln!(
            out,
            "maintenance {} of {} {stands} {from} for {length}: {}",
            window.id, window.scope, window.reason
        );
    }
    if let Err(why) = &snapshot.recording {
        let _ = writeln!(out, "no attempt runs: the journal cannot be written: {why}");
    }
    if let Some(why) = &snapshot.systemd_silent {
        let _ = writeln!(out, "units cannot be checked: systemd does not respond: {why}");
    }
    if let Some(storm) = &snapshot.storm {
        let _ = writeln!(out, "{} (incident {})", format::storm(storm), storm.incident);
    }
    let mut rows: Vec<_> =
        snapshot.detectors.iter().filter(|row| urgency(row) > WELL || row.flapping.is_some()).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(urgency(row)));
    for row in rows {
        let seen = row.seen.as_deref().unwrap_or("no reading");
        let flaps = row.flapping.map_or_else(String::new, |onsets| format!("; flapping ({onsets} times)"));
        let (health, condition) = (words(row, snapshot), &row.condition);
        let call = call_words(row);
        let _ = writeln!(out, "{:<28} {:<20} {seen} ({condition})  {health}{call}{flaps}", row.target, row.playbook);
    }
    let day = &snapshot.rates.day.auto_fix;
    if let Some(percent) = day.percent() {
        let _ = writeln!(out, "auto-fixed 24h:  {percent:.0}% ({}/{})", day.part, day.whole);
    }
    out.as_str().to_owned()
}

/// What became of the page that is open for a row.
fn call_words(row: &DetectorView) -> String {
    match &row.call {
        Some(call @ DeliveryState::Calling { .. }) => format!("; {call}"),
        Some(call @ DeliveryState::Taken { channels }) => format!("; {call} through {}", channels.join(", ")),
        None => String::new(),
    }
}

/// A row's status in words, with the time that its verification or soak has left.
fn words(row: &DetectorView, snapshot: &Snapshot) -> String {
    let incident = snapshot.incidents.iter().find(|incident| Some(incident.id) == row.incident);
    match &row.health {
        Health::Asks => "awaiting approval".into(),
        Health::Escalated(cause) => cause.to_string(),
        Health::Held(denial) => format!("on hold: {denial}"),
        Health::Broken => "firing".into(),
        Health::Fixing { rung, of } => format!("fixing, rung {rung} of {of}"),
        Health::Verifying { soaking } => incident
            .and_then(|incident| verification(&incident.stage, snapshot.now.mono))
            .unwrap_or_else(|| if *soaking { "healthy, watching".into() } else { "verifying".into() }),
        Health::Pending => row.fires_at.map_or_else(
            || "pending".into(),
            |at| format!("pending: fires in {}", crate::console::content::format::left(at, snapshot.now.mono)),
        ),
        Health::Unknown(why) => format!("unknown: {why}"),
        Health::Waiting => "no reading yet".into(),
        Health::Ok => "ok".into(),
        Health::NotApplicable(why) => format!("not applicable: {why}"),
        Health::Unresolved(why) => format!("target missing: {why}"),
    }
}

/// `verifying 0:42` or `healthy, watching 0:26 more`; none for the other stages.
pub fn verification(stage: &IncidentStage, now: Mono) -> Option<String> {
    match stage {
        IncidentStage::Verifying { deadline, .. } => Some(format!("verifying {}", format::left(*deadline, now))),
        IncidentStage::Soaking { until, .. } => Some(format!("healthy, watching {} more", format::left(*until, now))),
        IncidentStage::Firing
        | IncidentStage::Held(_)
        | IncidentStage::Asking(_)
        | IncidentStage::Remediating { .. }
        | IncidentStage::Escalated(_)
        | IncidentStage::Closed { .. } => None,
    }
}

const NEEDS_ACTION: u8 = 4;
const BROKEN: u8 = 3;
const FIXING: u8 = 2;
const UNKNOWN: u8 = 1;
const WELL: u8 = 0;

/// What somebody was paged for needs action, whatever else is done about it meanwhile.
fn urgency(row: &DetectorView) -> u8 {
    if row.call.is_some() { NEEDS_ACTION } else { urgency_of(&row.health) }
}

fn urgency_of(health: &Health) -> u8 {
    match health {
        Health::Asks | Health::Escalated(_) => NEEDS_ACTION,
        Health::Held(_) | Health::Broken | Health::Pending => BROKEN,
        Health::Fixing { .. } | Health::Verifying { .. } => FIXING,
        Health::Unknown(_) | Health::Waiting | Health::Unresolved(_) => UNKNOWN,
        Health::Ok | Health::NotApplicable(_) => WELL,
    }
}

/// 0 well, 1 broken or in need of a person, 2 unknown, [`exit::NO_ENGINE`] where nobody watches.
pub fn health(snapshot: &Snapshot) -> ExitCode {
    if snapshot.unwatched {
        return ExitCode::from(exit::NO_ENGINE);
    }
    let worst = snapshot.detectors.iter().map(urgency).max();
    ExitCode::from(match worst.unwrap_or(WELL) {
        WELL => 0,
        UNKNOWN => 2,
        _ => 1,
    })
}
