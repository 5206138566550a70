//! Who stopped a unit? systemd does not say who asked, but it tells a stop that somebody asked for from a service that
//! ended by itself: only the first is a stop job. Jobs that were seen come first, the journal second.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::host::child::{self, Ended, Errors};
use crate::host::clock::boottime_ms;
use crate::host::systemd::own_job;

/// So many of a unit's latest jobs are remembered.
const KEPT: usize = 8;

/// How long the journal may take.
const JOURNAL: Duration = Duration::from_secs(3);

/// Twenty entries are far shorter, in bytes.
const OUTPUT: usize = 256 * 1024;

/// systemd's message "Stopping …", written when a stop job begins.
const STOPPING: &str = "MESSAGE_ID=de5b426a63be47a7b6ac3eaac82e2f6f";

/// The jobs of the units that somebody is interested in.
#[derive(Debug, Default)]
pub struct Stops {
    jobs: Mutex<HashMap<Arc<str>, VecDeque<Job>>>,
}

#[derive(Debug)]
struct Job {
    id: u32,
    /// Empty where it ended before it could be asked.
    kind: Arc<str>,
    done: bool,
    /// `CLOCK_BOOTTIME` in milliseconds when it was last heard of.
    at: u64,
}

impl Stops {
    /// A job was taken or is over; what is not known yet is left as it was.
    pub fn note(&self, unit: &Arc<str>, id: u32, kind: Option<&Arc<str>>, done: Option<bool>) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.entry(unit.clone()).or_default();
        if !jobs.iter().any(|job| job.id == id) {
            jobs.push_back(Job { id, kind: "".into(), done: false, at: boottime_ms() });
            if jobs.len() > KEPT {
                jobs.pop_front();
            }
        }
        for job in jobs.iter_mut().filter(|job| job.id == id) {
            if let Some(kind) = kind {
                job.kind = Arc::clone(kind);
            }
            if let Some(done) = done {
                job.done = done;
                job.at = boottime_ms();
            }
        }
    }

    /// When somebody else's stop job for this unit was done, if that was at or after this moment of `CLOCK_BOOTTIME`.
    pub fn stopped_since(&self, unit: &str, since: u64) -> Option<u64> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = jobs.get(unit)?.iter().rev().find(|job| job.done && job.at >= since && !job.kind.is_empty())?;
        (&*latest.kind == "stop" && !own_job(latest.id)).then_some(latest.at)
    }
}

/// Does the journal tell of a stop job for this unit since this moment of wall time? None where it cannot be asked.
pub async fn journal_tells_of_stop(unit: &str, since: jiff::Timestamp) -> Option<bool> {
    let fixed = ["--no-pager", "--quiet", "--output=json", "--output-fields=JOB_TYPE,JOB_ID", "--lines=20", "--boot"];
    let args = fixed.into_iter().map(str::to_owned).chain([
        format!("--since={}", moment(since)),
        "_PID=1".into(),
        STOPPING.into(),
        format!("UNIT={unit}"),
    ]);
    let job = child::Job {
        errors: Errors::Apart,
        keep: 2 * OUTPUT,
        ..child::Job::new("journalctl", args.collect(), JOURNAL)
    };
    let ran = job.run().await.ok()?;
    (ran.ended == Ended::Exit(0)).then(|| last_was_stop(&String::from_utf8_lossy(ran.output.head())))
}

/// As `journalctl` reads it, to the microsecond: the stop of a restart, which the journal calls a stop like any other,
/// often lies within the same second as the start that is asked about.
fn moment(at: jiff::Timestamp) -> String {
    let micros = at.as_microsecond();
    format!("@{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

/// Was the last "Stopping …" of these lines for a stop job, which this process did not ask for?
fn last_was_stop(lines: &str) -> bool {
    let last = lines.lines().rfind(|line| !line.is_empty());
    let entry: Option<Value> = last.and_then(|line| serde_json::from_str(line).ok());
    let field = |name: &str| entry.as_ref().and_then(|entry| entry.get(name)?.as_str().map(str::to_owned));
    let own = field("JOB_ID").and_then(|id| id.parse().ok()).is_some_and(own_job);
    field("JOB_TYPE").as_deref() == Some("stop") && !own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_job_and_only_a_stop_that_was_done_counts() {
        let stops = Stops::default();
        let unit: Arc<str> = "a.service".into();
        stops.note(&unit, 1, Some(&Arc::from("stop")), None);
        assert_eq!(stops.stopped_since("a.service", 0), None);
        stops.note(&unit, 1, None, Some(true));
        assert!(stops.stopped_since("a.service", 0).is_some());
        assert_eq!(stops.stopped_since("a.service", u64::MAX), None);
        assert_eq!(stops.stopped_since("b.service", 0), None);
        stops.note(&unit, 2, None, Some(true));
        stops.note(&unit, 2, Some(&Arc::from("start")), None);
        assert_eq!(stops.stopped_since("a.service", 0), None);
        for id in 10..30 {
            stops.note(&unit, id, Some(&Arc::from("restart")), Some(true));
        }
        assert_eq!(stops.stopped_since("a.service", 0), None);
        assert_eq!(stops.jobs.lock().unwrap()["a.service"].len(), KEPT);
    }

    #[test]
    fn moments_are_told_to_the_microsecond() {
        let at = jiff::Timestamp::from_microsecond(1_795_442_455_000_042).unwrap();
        assert_eq!(moment(at), "@1795442455.000042");
    }

    #[test]
    fn the_journals_last_word_counts() {
        let stop = r#"{"JOB_TYPE":"stop","JOB_ID":"4000000001"}"#;
        let restart = r#"{"JOB_TYPE":"restart","JOB_ID":"4000000002"}"#;
        assert!(last_was_stop(stop) && last_was_stop(&format!("{restart}\n{stop}\n")));
        assert!(!last_was_stop(&format!("{stop}\n{restart}\n")) && !last_was_stop("") && !last_was_stop("{}"));
    }
}
