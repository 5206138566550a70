//! What the journal knows of a playbook's targets: their readings, and what really happened to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::marks::mark_of;
use super::replay::{TargetPast, Track};
use super::{Backtest, TargetTimeline};
use crate::action::{self, Context};
use crate::check::{self, Monitor, Observation, Subject};
use crate::core::event::Event;
use crate::core::machine::input::Resolution;
use crate::core::{CheckRole, IncidentId, Mono, Reading};
use crate::engine::options::{Options, config};
use crate::engine::standalone::one_shot;
use crate::journal::{JournalReader, KeptReading, ReadError};
use crate::playbook::{Check, Playbook, Target};

/// Runs a playbook over the last stretch of the journal. Nothing is run, nothing is recorded.
///
/// # Errors
/// Where there is no journal yet, or it cannot be read.
pub async fn backtest(options: &Options, playbook: &Arc<Playbook>, since: Duration) -> Result<Backtest, ReadError> {
    let reader = JournalReader::open(&options.paths.state)?;
    let (_, clock, events) = one_shot::fold(&options.paths.state, options)?;
    let (readings, _readings) = mpsc::unbounded_channel();
    let (kept, _kept) = mpsc::unbounded_channel();
    let (notes, _notes) = mpsc::unbounded_channel();
    let monitor = Monitor::new(clock, readings, kept, notes);
    let now = clock.now();
    let from = Mono(now.mono.0.saturating_sub(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)));
    let (mut lanes, mut left_out) = (Vec::new(), Vec::new());
    for resolution in monitor.resolve(playbook).await {
        let target = match resolution {
            Resolution::NotApplicable { written, why } | Resolution::Unresolved { written, why } => {
                left_out.push((written, why));
                continue;
            }
            Resolution::Here(target) => target,
        };
        let tracks = tracks(&reader, playbook, &target, from)?;
        let never_read = tracks
            .iter()
            .filter(|track| track.role == CheckRole::Detector && track.readings.is_empty())
            .map(|track| check::condition(&playbook.detect.checks[track.index]))
            .collect();
        let plans = plans(options, playbook, &target).await;
        let past = TargetPast {
            playbook,
            target: &target,
            tracks: &tracks,
            plans: &plans,
            anchor: (now.mono, now.wall),
            span: (from, now.mono),
        };
        let would = past.would(config(&options.settings));
        let really = really(&events, &target, from);
        lanes.push(TargetTimeline { target: target.to_string(), seen: past.seen(), never_read, would, really });
    }
    let start = now.wall.checked_sub(jiff::SignedDuration::try_from(since).unwrap_or_default()).unwrap_or(now.wall);
    Ok(Backtest { playbook: Arc::clone(&playbook.name), from: start, to: now.wall, lanes, left_out })
}

fn tracks(reader: &JournalReader, playbook: &Playbook, target: &Target, from: Mono) -> Result<Vec<Track>, ReadError> {
    let mut tracks = Vec::new();
    for (role, checks) in
        [(CheckRole::Detector, &playbook.detect.checks), (CheckRole::Verifier, &playbook.verify.checks)]
    {
        for (index, check) in checks.iter().enumerate() {
            let kept = match Subject::of(check, target) {
                Ok(subject) => reader.readings(&subject.canonical(), from)?,
                Err(_) => Vec::new(),
            };
            let readings = kept.iter().filter_map(|one| reading(check, one)).collect();
            tracks.push(Track { role, index, readings });
        }
    }
    Ok(tracks)
}

/// What was kept, judged by this playbook's bound; none where it is of an older form.
fn reading(check: &Check, kept: &KeptReading) -> Option<Reading> {
    let seen: Observation = serde_json::from_str(&kept.observation).ok()?;
    let judged = check::judge(check, &seen);
    let words = crate::text::clean_line(&judged.seen).as_ref().into();
    Some(Reading {
        verdict: judged.verdict,
        seen: words,
        figure: judged.figure,
        unit: None,
        began: kept.mono,
        since: kept.mono,
    })
}

/// As they would be made now: the past's own processes and files are not there any more.
async fn plans(
    options: &Options,
    playbook: &Playbook,
    target: &Target,
) -> Vec<Result<Arc<crate::core::Plan>, Arc<str>>> {
    let context = Context {
        target: target.clone(),
        incident: IncidentId(0),
        pid: check::main_pid(target).await,
        clean_roots: options.settings.clean_roots.clone(),
    };
    let mut plans = Vec::new();
    for rung in 0..playbook.remediate.len() {
        let planned = action::plan(playbook, rung, &context).await;
        plans.push(planned.map(Arc::new).map_err(|error| error.to_string().as_str().into()));
    }
    plans
}

/// What the journal tells of this target in the period.
fn really(
    events: &[Arc<crate::core::Recorded>],
    target: &Target,
    from: Mono,
) -> Vec<(jiff::Timestamp, super::BacktestMark, String)> {
    let mut ours = BTreeMap::new();
    let mut marks = Vec::new();
    for recorded in events {
        if let Event::Opened { incident, key, playbook, .. } = &recorded.event
            && key.target == *target
        {
            ours.insert(*incident, Arc::clone(playbook));
        }
        let Some(playbook) = recorded.event.incident().and_then(|incident| ours.get(&incident)) else { continue };
        if let Some((mark, words)) = mark_of(&recorded.event).filter(|_| recorded.mono >= from) {
            marks.push((recorded.wall, mark, format!("{playbook}: {words}")));
        }
    }
    marks
}
