//! The state of a unit right before an attempt: whether systemd itself acts on it, and whether somebody stopped it on
//! purpose. Missing evidence is unclear, and never a permission.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::sleep;

use super::journal;
use super::records::{Down, JobEnd, UnitRecord, UnitRecords};
use super::stop_origin::{Requested, StopCause, StopEvidence};
use super::watch::locked;
use crate::check::target::facts::TargetFacts;
use crate::core::machine::input::StopOrigin;
use crate::host::clock::{boottime_at_monotonic, boottime_ms, monotonic_us};
use crate::host::systemd::{Relations, Systemd, UnitSeen, own_job};

/// How many related units are read.
const NEIGHBOURS: usize = 16;

/// The journal's moment and systemd's own of the same end may differ by this, in microseconds.
const SAME_MOMENT: u64 = 2_000_000;

/// A signal may come a little after the state that it tells of: it is waited for so often …
const SIGNAL_TRIES: u32 = 6;

/// … and so long each time.
const SIGNAL_WAIT: Duration = Duration::from_millis(50);

/// A unit that is down for longer than this, in microseconds, has sent its signals.
const SIGNALLED: u64 = 3_000_000;

/// Results that no stop leads to, whatever signal it sends.
const FAULTS: [&str; 5] = ["oom-kill", "watchdog", "start-limit-hit", "resources", "protocol"];

/// Gathers the facts about a unit from systemd, its recorded signals and the journal.
pub async fn gather(systemd: Option<&Systemd>, records: &Mutex<UnitRecords>, name: &str) -> TargetFacts {
    let Some(systemd) = systemd else { return TargetFacts::unclear("systemd does not run this host") };
    let unit = match systemd.unit(name).await {
        Ok(unit) => unit,
        Err(error) => return TargetFacts::unclear(&format!("who stopped it cannot be asked: {error}")),
    };
    if let Some(busy) = busy(&unit) {
        return TargetFacts { busy: Some(busy.into()), stop: StopOrigin::Nobody };
    }
    if &*unit.load == "masked" && &*unit.active != "active" {
        let evidence = "it is masked: somebody does not want it to start".into();
        return TargetFacts { busy: None, stop: StopOrigin::Operator { evidence } };
    }
    let stop = if is_down(&unit) { who_stopped(systemd, records, &unit).await } else { StopOrigin::Nobody };
    let stop = match stop {
        StopOrigin::Nobody | StopOrigin::Salve => undoes(systemd, records, &unit).await.unwrap_or(stop),
        StopOrigin::Operator { .. } | StopOrigin::Unclear { .. } => stop,
    };
    TargetFacts { busy: None, stop }
}

/// What systemd is doing with a unit by itself.
fn busy(unit: &UnitSeen) -> Option<String> {
    if let Some(job) = &unit.job {
        let kind = if job.kind.is_empty() { "" } else { &*format!("{} ", job.kind) };
        return Some(format!("systemd has a {kind}job under way"));
    }
    match (&*unit.active, &*unit.sub) {
        (_, "auto-restart" | "auto-restart-queued") => Some("systemd restarts it by itself".into()),
        ("activating", sub) => Some(format!("systemd is starting it ({sub})")),
        ("deactivating", sub) => Some(format!("systemd is stopping it ({sub})")),
        ("reloading", _) => Some("systemd is reloading it".into()),
        _ => None,
    }
}

fn is_down(unit: &UnitSeen) -> bool {
    matches!(&*unit.active, "inactive" | "failed")
}

/// Who stopped the unit: from recorded signals, else from the journal, else from the unit's own state.
async fn who_stopped(systemd: &Systemd, records: &Mutex<UnitRecords>, unit: &UnitSeen) -> StopOrigin {
    if let Some(down) = signalled(records, unit).await {
        let relations = neighbours(systemd, unit, |name| locked(records).get(name).is_some()).await;
        let origin = evidence(&locked(records), &relations).of_down(&unit.id, &down);
        return stopped_by(unit, origin);
    }
    let mut names = passing(&unit.relations);
    names.push(unit.id.clone());
    if let Some(written) = journal::records(&names).await
        && let Some(down) = written.get(&unit.id).and_then(|record| written_down(record, unit))
    {
        let relations = neighbours(systemd, unit, |name| written.get(name).is_some()).await;
        return stopped_by(unit, evidence(&written, &relations).of_down(&unit.id, down));
    }
    unrecorded(unit)
}

fn evidence<'e>(records: &'e UnitRecords, relations: &'e HashMap<Arc<str>, Relations>) -> StopEvidence<'e> {
    StopEvidence { records, relations, own: &own_job }
}

/// The recorded stop, if it is the one after which the unit is down now.
async fn signalled(records: &Mutex<UnitRecords>, unit: &UnitSeen) -> Option<Down> {
    for _ in 0..SIGNAL_TRIES {
        let down = locked(records).get(&unit.id).and_then(|record| heard_down(record, unit).cloned());
        let recent = monotonic_us().saturating_sub(unit.inactive_since) < SIGNALLED;
        let settled = down.as_ref().is_none_or(|down| !is_under_way(&locked(records), unit, down));
        if !recent || (down.is_some() && settled) {
            return down;
        }
        sleep(SIGNAL_WAIT).await;
    }
    locked(records).get(&unit.id).and_then(|record| heard_down(record, unit).cloned())
}

fn is_under_way(records: &UnitRecords, unit: &UnitSeen, down: &Down) -> bool {
    let job = down.job.and_then(|id| records.get(&unit.id)?.job(id));
    job.is_some_and(|job| job.end == JobEnd::UnderWay)
}

/// A unit that is not loaded any more has no moments of its own: then the latest signal counts.
fn heard_down<'r>(record: &'r UnitRecord, unit: &UnitSeen) -> Option<&'r Down> {
    let same = |down: &&Down| match unit.inactive_since {
        0 => record.is_down(),
        since => down.at == since,
    };
    record.latest_down().filter(same)
}

fn written_down<'r>(record: &'r UnitRecord, unit: &UnitSeen) -> Option<&'r Down> {
    let same = |down: &&Down| unit.inactive_since == 0 || down.at.abs_diff(unit.inactive_since) < SAME_MOMENT;
    record.latest_down().filter(same)
}

/// The units that a start or stop may have been passed on from, or would be passed on to.
fn passing(relations: &Relations) -> Vec<Arc<str>> {
    let Relations { stopped_with, bound_to, conflicts, pulls_in, failure_of, .. } = relations;
    let all = [stopped_with, bound_to, conflicts, pulls_in, failure_of].into_iter().flatten();
    let mut names: Vec<_> =
        all.filter(|name| !name.ends_with(".target") && !name.ends_with(".slice")).cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// How the unit, and those around it that something is known of, are related.
async fn neighbours(systemd: &Systemd, unit: &UnitSeen, known: impl Fn(&str) -> bool) -> HashMap<Arc<str>, Relations> {
    let mut queue: VecDeque<_> = passing(&unit.relations).into();
    let mut all = HashMap::from([(unit.id.clone(), unit.relations.clone())]);
    while let Some(name) = queue.pop_front() {
        if all.len() < NEIGHBOURS
            && !all.contains_key(&name)
            && known(&name)
            && let Ok(seen) = systemd.unit(&name).await
        {
            queue.extend(passing(&seen.relations));
            all.insert(name, seen.relations);
        }
    }
    all
}

fn stopped_by(unit: &UnitSeen, origin: StopCause) -> StopOrigin {
    match origin {
        StopCause::Fault => StopOrigin::Nobody,
        StopCause::Own => StopOrigin::Salve,
        StopCause::Operator(requested) => StopOrigin::Operator { evidence: in_words(unit, &requested).into() },
        StopCause::Unclear(known) => StopOrigin::Unclear { evidence: known.into() },
    }
}

fn in_words(unit: &UnitSeen, requested: &Requested) -> String {
    let at = time_of_day(requested.at);
    if requested.start {
        return format!(
            "it was stopped when {}, which conflicts with it, was started on request at {at}",
            requested.unit
        );
    }
    if requested.unit != unit.id {
        return format!("it was stopped along with {}, which was stopped on request at {at}", requested.unit);
    }
    let result = unit.result.as_deref().map_or(String::new(), |result| format!(", result {result}"));
    format!("systemd stopped it on request at {at} ({}{result})", unit.active)
}

/// Decides without records who stopped the unit; some results leave no doubt.
fn unrecorded(unit: &UnitSeen) -> StopOrigin {
    let result = unit.result.as_deref().unwrap_or("unknown");
    let never_ran = unit.starting_since == 0 && unit.active_since == 0 && unit.inactive_since == 0;
    let failed_to_start = &*unit.active == "failed" && unit.starting_since > unit.active_since;
    let failed = &*unit.active == "failed" && FAULTS.contains(&result);
    if failed || failed_to_start || (never_ran && !unit.relations.wanted_by.is_empty()) {
        return StopOrigin::Nobody;
    }
    let known = if never_ran {
        "it is not loaded and no unit wants it started, so it was not running or was stopped on purpose".to_owned()
    } else {
        format!("it is {} since {} (result {result})", unit.active, time_of_day(unit.inactive_since))
    };
    let evidence = format!("{known}; neither systemd's signals nor its journal tell who stopped it").into();
    StopOrigin::Unclear { evidence }
}

/// What somebody did on purpose and a start of this unit would undo; none if nothing.
async fn undoes(systemd: &Systemd, records: &Mutex<UnitRecords>, unit: &UnitSeen) -> Option<StopOrigin> {
    let relations = neighbours(systemd, unit, |name| locked(records).get(name).is_some()).await;
    for other in unit.relations.conflicts.iter().filter(|other| is_down(unit) && !other.ends_with(".target")) {
        let runs = systemd.unit(other).await.is_ok_and(|other| !is_down(&other) && &*other.active != "deactivating");
        if runs && let Some(stop) = stops_other(other, evidence(&locked(records), &relations).of_start(other)) {
            return Some(stop);
        }
    }
    for other in &unit.relations.pulls_in {
        let down = locked(records).get(other).filter(|one| one.is_down()).and_then(|one| one.latest_down().cloned());
        let Some(down) = down else { continue };
        let origin = evidence(&locked(records), &relations).of_down(other, &down);
        if let StopCause::Operator(requested) = origin
            && systemd.unit(other).await.is_ok_and(|other| is_down(&other))
        {
            let at = time_of_day(requested.at);
            let evidence = format!("its start would start {other}, which was stopped on request at {at}").into();
            return Some(StopOrigin::Operator { evidence });
        }
    }
    None
}

/// Names the unit that a start would stop, although somebody started it.
fn stops_other(other: &str, started: Option<StopCause>) -> Option<StopOrigin> {
    match started {
        Some(StopCause::Own) => None,
        Some(StopCause::Operator(requested)) => {
            let at = time_of_day(requested.at);
            let evidence = format!("{other}, which conflicts with it, was started on request at {at}").into();
            Some(StopOrigin::Operator { evidence })
        }
        Some(StopCause::Fault | StopCause::Unclear(_)) | None => {
            let evidence = format!("its start would stop {other}, which runs and conflicts with it").into();
            Some(StopOrigin::Unclear { evidence })
        }
    }
}

/// The time of day at a moment of `CLOCK_MONOTONIC`, in microseconds.
fn time_of_day(at: u64) -> String {
    let now = jiff::Timestamp::now();
    let ago = boottime_ms().saturating_sub(boottime_at_monotonic(at));
    let then = now.checked_sub(Duration::from_millis(ago)).unwrap_or(now);
    then.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::systemd::UnitJob;

    fn unit(active: &str, sub: &str, job: Option<&str>) -> UnitSeen {
        let job = job.map(|kind| UnitJob { id: 1, kind: kind.into() });
        UnitSeen { active: active.into(), sub: sub.into(), job, ..UnitSeen::default() }
    }

    #[test]
    fn systemds_own_work_on_a_unit_is_told() {
        let job_of = |active, sub, job| busy(&unit(active, sub, job));
        assert_eq!(job_of("inactive", "dead", Some("start")).as_deref(), Some("systemd has a start job under way"));
        assert_eq!(job_of("inactive", "dead", Some("")).as_deref(), Some("systemd has a job under way"));
        assert_eq!(job_of("activating", "auto-restart", None).as_deref(), Some("systemd restarts it by itself"));
        assert_eq!(
            job_of("deactivating", "stop-sigterm", None).as_deref(),
            Some("systemd is stopping it (stop-sigterm)")
        );
        for (active, sub) in [("active", "running"), ("failed", "failed"), ("inactive", "dead")] {
            assert_eq!(job_of(active, sub, None), None);
        }
    }

    #[test]
    fn what_nothing_tells_is_unclear_unless_the_end_speaks_for_itself() {
        let ended = |active: &str, result: &str| UnitSeen {
            result: Some(result.into()),
            starting_since: 1_000_000,
            active_since: 2_000_000,
            inactive_since: 3_000_000,
            ..unit(active, "dead", None)
        };
        let unclear = |unit: &UnitSeen| matches!(unrecorded(unit), StopOrigin::Unclear { .. });
        // a stop, or an exit of its own; a stop of what ends with 143, or a failure
        assert!(unclear(&ended("inactive", "success")) && unclear(&ended("failed", "exit-code")));
        // a stop by another signal than usual, or a crash
        assert!(unclear(&ended("failed", "signal")) && unclear(&ended("failed", "core-dump")));
        for fault in ["oom-kill", "start-limit-hit", "watchdog"] {
            assert!(!unclear(&ended("failed", fault)), "{fault}");
        }
        let start_failed = UnitSeen { starting_since: 2_500_000, ..ended("failed", "exit-code") };
        assert!(!unclear(&start_failed));
        // not loaded any more, by a stop of what was started by hand or is not enabled any more
        let gone = unit("inactive", "dead", None);
        assert!(unclear(&gone));
        let wanted = Relations { wanted_by: vec!["multi-user.target".into()], ..Relations::default() };
        assert!(!unclear(&UnitSeen { relations: wanted, ..gone }), "it never ran, and should have");
    }

    #[test]
    fn who_runs_in_its_place_is_not_stopped_without_a_word() {
        let started = |origin| stops_other("b.service", origin);
        assert_eq!(started(Some(StopCause::Own)), None);
        let requested = Requested { unit: "b.service".into(), start: true, at: 1 };
        assert!(matches!(started(Some(StopCause::Operator(requested))), Some(StopOrigin::Operator { .. })));
        assert!(matches!(started(None), Some(StopOrigin::Unclear { .. })));
    }

    #[tokio::test]
    async fn where_systemd_cannot_be_asked_who_stopped_a_unit_is_unclear() {
        let facts = gather(None, &Mutex::default(), "a.service").await;
        assert!(matches!(facts.stop, StopOrigin::Unclear { .. }));
    }
}
