//! Finds out who stopped a unit. systemd does not say who asked for a job, but a stop that was asked for is a job, and
//! one that was passed on from another unit came along with that unit's job, or right after its end. Such a stop has
//! the origin of what passed it on: an operator's job is the operator's, salve's own is salve's, and an end without a
//! job is a fault.

use std::collections::HashMap;
use std::sync::Arc;

use super::records::{Down, JobEnd, JobRecord, UnitRecords};
use crate::host::systemd::Relations;

/// A unit falls within this time, in microseconds, after what it is bound to.
const FALLS_WITHIN: u64 = 3_000_000;

/// Both moments are taken by systemd, yet not in a fixed order.
const ORDER_SLACK: u64 = 500_000;

/// So many units are followed from one to the next.
const DEPTH: usize = 4;

/// Who took a unit down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopCause {
    /// Nobody asked for it: it ended by itself, failed, or went down with a unit that did.
    Fault,
    /// A job that this process asked for.
    Own,
    /// An operator or another program asked systemd for it.
    Operator(Requested),
    /// Unknown; the text says what is known.
    Unclear(String),
}

/// What somebody asked systemd for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// The unit whose start or stop was requested.
    pub unit: Arc<str>,
    /// True for a start, which stopped another unit; false for a stop.
    pub start: bool,
    /// When, in microseconds of `CLOCK_MONOTONIC`.
    pub at: u64,
}

/// The evidence from which the origin of a stop is derived.
#[derive(Clone, Copy)]
pub struct StopEvidence<'e> {
    /// The jobs and stops that are on record, by unit.
    pub records: &'e UnitRecords,
    /// How the units that matter are related; of one that is not here nothing passes on.
    pub relations: &'e HashMap<Arc<str>, Relations>,
    /// Whether this process asked for the job of this number.
    pub own: &'e dyn Fn(u32) -> bool,
}

impl StopEvidence<'_> {
    /// Who took a unit down at this moment.
    pub fn of_down(&self, unit: &Arc<str>, down: &Down) -> StopCause {
        self.followed_down(unit, down, DEPTH)
    }

    /// Who started a unit, where that is on record; none where it is not.
    pub fn of_start(&self, unit: &Arc<str>) -> Option<StopCause> {
        let job = self.records.get(unit)?.latest_job().filter(|job| job.end != JobEnd::Stopped)?;
        Some(self.followed_start(unit, job, DEPTH))
    }

    fn followed_down(&self, unit: &Arc<str>, down: &Down, depth: usize) -> StopCause {
        let record = self.records.get(unit);
        let Some(job) = down.job.and_then(|id| record.and_then(|record| record.job(id))) else {
            return StopCause::Fault;
        };
        match job.end {
            JobEnd::Other => StopCause::Fault,
            JobEnd::UnderWay => StopCause::Unclear(format!("systemd's job {} for it has not ended", job.id)),
            JobEnd::Stopped => self.followed_stop(unit, job, down, depth),
        }
    }

    fn followed_stop(&self, unit: &Arc<str>, job: &JobRecord, down: &Down, depth: usize) -> StopCause {
        if (self.own)(job.id) {
            return StopCause::Own;
        }
        let Some(deeper) = depth.checked_sub(1) else {
            return StopCause::Unclear("its stop was passed on through too many units".into());
        };
        self.passed_on_by_a_stop(unit, job, deeper)
            .or_else(|| self.passed_on_by_a_start(unit, job, deeper))
            .or_else(|| self.fell_with_another(unit, down, deeper))
            .unwrap_or_else(|| StopCause::Operator(Requested { unit: unit.clone(), start: false, at: down.left }))
    }

    /// The stop of what it stands with, in the same transaction.
    fn passed_on_by_a_stop(&self, unit: &Arc<str>, job: &JobRecord, depth: usize) -> Option<StopCause> {
        self.relations.get(unit)?.stopped_with.iter().find_map(|other| {
            let along = self.records.job_along(other, job).filter(|along| along.end == JobEnd::Stopped)?;
            let down = self.records.get(other)?.latest_down_by(along.id)?;
            Some(self.followed_stop(other, along, down, depth))
        })
    }

    /// The start of what it conflicts with, in the same transaction.
    fn passed_on_by_a_start(&self, unit: &Arc<str>, job: &JobRecord, depth: usize) -> Option<StopCause> {
        self.relations.get(unit)?.conflicts.iter().find_map(|other| {
            let along = self.records.job_along(other, job).filter(|along| along.end != JobEnd::Stopped)?;
            Some(self.followed_start(other, along, depth))
        })
    }

    /// The end of what it is bound to, for which nobody asked.
    fn fell_with_another(&self, unit: &Arc<str>, down: &Down, depth: usize) -> Option<StopCause> {
        let (from, to) = (down.left.saturating_sub(FALLS_WITHIN), down.left + ORDER_SLACK);
        self.relations.get(unit)?.bound_to.iter().find_map(|other| {
            let fell = self.records.get(other)?.down_between(from, to)?;
            Some(self.followed_down(other, fell, depth))
        })
    }

    fn followed_start(&self, unit: &Arc<str>, job: &JobRecord, depth: usize) -> StopCause {
        if (self.own)(job.id) {
            return StopCause::Own;
        }
        let unknown =
            || StopCause::Unclear(format!("{unit}, which conflicts with it, was started, and by whom is not known"));
        let (Some(deeper), Some(relations)) = (depth.checked_sub(1), self.relations.get(unit)) else {
            return unknown();
        };
        if job.restarts_automatically() {
            return StopCause::Fault;
        }
        let (from, to) = (job.began.saturating_sub(FALLS_WITHIN), job.began + ORDER_SLACK);
        for failed in &relations.failure_of {
            if let Some(down) = self.records.get(failed).and_then(|record| record.down_between(from, to)) {
                return self.followed_down(failed, down, deeper);
            }
        }
        if relations.triggered_by.is_empty() {
            StopCause::Operator(Requested { unit: unit.clone(), start: true, at: job.began })
        } else {
            unknown()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::tests::History;
    use super::*;

    const RUNNING: &[(&str, &str)] = &[("activating", "start"), ("active", "running")];
    const STOPPED: &[(&str, &str)] = &[("deactivating", "stop-sigterm"), ("inactive", "dead")];

    fn names(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    /// `web` needs, is bound to and is part of `base`, and conflicts with `other`.
    fn related() -> HashMap<Arc<str>, Relations> {
        let bound = Relations {
            stopped_with: names(&["base"]),
            bound_to: names(&["base"]),
            conflicts: names(&["other"]),
            ..Relations::default()
        };
        HashMap::from([
            ("web".into(), bound),
            ("base".into(), Relations::default()),
            ("other".into(), Relations { failure_of: names(&["third"]), ..Relations::default() }),
        ])
    }

    fn origin(history: &History, relations: &HashMap<Arc<str>, Relations>, own: &[u32]) -> StopCause {
        let evidence = StopEvidence { records: &history.records, relations, own: &|id| own.contains(&id) };
        let down = history.records.get("web").and_then(|record| record.latest_down()).expect("it went down");
        evidence.of_down(&"web".into(), down)
    }

    fn requested(origin: &StopCause) -> Option<(&str, bool)> {
        match origin {
            StopCause::Operator(Requested { unit, start, .. }) => Some((unit, *start)),
            StopCause::Fault | StopCause::Own | StopCause::Unclear(_) => None,
        }
    }

    fn both_running() -> History {
        let mut history = History::new();
        history.state("base", RUNNING).state("web", RUNNING).pass(60_000_000);
        history
    }

    #[test]
    fn a_stop_on_request_is_the_operators_and_one_of_salves_is_salves() {
        let mut history = both_running();
        history.job("web", 7).state("web", STOPPED).over("web", 7, "done");
        assert_eq!(requested(&origin(&history, &related(), &[])), Some(("web", false)));
        assert_eq!(origin(&history, &related(), &[7]), StopCause::Own);
    }

    #[test]
    fn a_stop_that_was_passed_on_has_the_origin_of_the_one_that_was_asked_for() {
        let mut history = both_running();
        history.job("base", 7).job("web", 8).state("web", STOPPED).over("web", 8, "done");
        history.pass(1_000_000).state("base", STOPPED).over("base", 7, "done");
        // and it has healed meanwhile
        history.pass(9_000_000).job("base", 20).state("base", RUNNING).over("base", 20, "done");
        assert_eq!(requested(&origin(&history, &related(), &[])), Some(("base", false)));
        assert_eq!(origin(&history, &related(), &[7]), StopCause::Own);
    }

    #[test]
    fn what_falls_with_a_crash_that_has_healed_meanwhile_is_a_fault() {
        let mut history = both_running();
        history.state("base", &[("failed", "failed"), ("activating", "auto-restart")]);
        history.job("web", 7).state("web", STOPPED).over("web", 7, "done");
        history.pass(300_000).job("base", 8).state("base", &[("inactive", "dead")]).state("base", RUNNING);
        history.over("base", 8, "done").pass(60_000_000);
        assert_eq!(origin(&history, &related(), &[]), StopCause::Fault);
    }

    #[test]
    fn what_only_requires_another_does_not_fall_with_its_crash() {
        let mut relations = related();
        relations.insert("web".into(), Relations { stopped_with: names(&["base"]), ..Relations::default() });
        let mut history = both_running();
        history.state("base", &[("failed", "failed")]);
        history.job("web", 7).state("web", STOPPED).over("web", 7, "done");
        assert_eq!(requested(&origin(&history, &relations, &[])), Some(("web", false)));
    }

    #[test]
    fn a_restart_whose_start_failed_is_a_fault_also_for_what_it_took_down() {
        let mut history = both_running();
        history.job("base", 7).job("web", 8).state("web", STOPPED).state("base", STOPPED);
        history.state("base", &[("activating", "start"), ("failed", "failed")]).over("base", 7, "failed");
        history.over("web", 8, "dependency");
        assert_eq!(origin(&history, &related(), &[]), StopCause::Fault);
    }

    #[test]
    fn who_started_the_winner_of_a_conflict_stopped_the_loser() {
        let mut history = both_running();
        history.job("other", 7).job("web", 8).state("web", STOPPED).over("web", 8, "done");
        history.state("other", RUNNING).over("other", 7, "done");
        assert_eq!(requested(&origin(&history, &related(), &[])), Some(("other", true)));
        assert_eq!(origin(&history, &related(), &[7]), StopCause::Own);
        // one that systemd started because a third failed
        let mut history = both_running();
        history.state("third", RUNNING).state("third", &[("failed", "failed")]);
        history.job("other", 7).job("web", 8).state("web", STOPPED).over("web", 8, "done");
        assert_eq!(origin(&history, &related(), &[]), StopCause::Fault);
        // one that a timer may have started
        let mut relations = related();
        relations.insert("other".into(), Relations { triggered_by: names(&["other.timer"]), ..Relations::default() });
        let mut history = both_running();
        history.job("other", 7).job("web", 8).state("web", STOPPED).over("web", 8, "done");
        assert!(matches!(origin(&history, &relations, &[]), StopCause::Unclear(_)));
    }

    #[test]
    fn failed_starts_restarts_and_reloads_are_faults() {
        let mut history = both_running();
        history.job("web", 7).state("web", STOPPED);
        history.state("web", &[("activating", "start-pre"), ("failed", "failed")]).over("web", 7, "failed");
        assert_eq!(origin(&history, &related(), &[]), StopCause::Fault, "restart");
        let mut history = both_running();
        history.job("web", 7).state("web", &[("reloading", "reload"), ("failed", "failed")]).over("web", 7, "failed");
        assert_eq!(origin(&history, &related(), &[]), StopCause::Fault, "reload");
        // an operator's stop, a start, a crash
        let mut history = both_running();
        history.job("web", 7).state("web", STOPPED).over("web", 7, "done");
        history.job("web", 8).state("web", RUNNING).over("web", 8, "done").state("web", &[("failed", "failed")]);
        assert_eq!(origin(&history, &related(), &[]), StopCause::Fault, "a crash after a stop");
    }
}
