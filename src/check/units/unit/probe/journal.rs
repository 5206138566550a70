//! Reads what systemd wrote into the journal about units: the same records as from its signals, for the time when no
//! signals were received.

use std::sync::Arc;
use std::time::Duration;

use super::records::{JobEnd, UnitRecords};
use crate::host::child::{ChildExit, Errors, Job};
use serde::Deserialize;

/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The largest output that is read, in bytes; so many messages are far shorter.
const LARGEST: usize = 1024 * 1024;

/// How many of the latest messages are read …
const MESSAGES: &str = "--lines=1000";

/// … and of each only what matters here.
const FIELDS: &str = "--output-fields=MESSAGE_ID,UNIT,JOB_ID,JOB_TYPE,JOB_RESULT";

/// The stops of one transaction wait for each other, so their messages may lie so far apart.
const TOGETHER: Duration = Duration::from_mins(5);

/// systemd's messages about the life of a unit, by their number.
const STARTING: &str = "7d4958e842da4a758f6c1cdc7b36dcc5";
const STARTED: &str = "39f53479d3a045ac8e11786248231fbf";
const START_FAILED: &str = "be02cf6855d2428ba40df7e9d022f03d";
const STOPPING: &str = "de5b426a63be47a7b6ac3eaac82e2f6f";
const STOPPED: &str = "9d1aaa27d60140bd96365438aad20286";
const SUCCEEDED: &str = "7ad2d189f7e94e70a38c781354912448";
const FAILED: &str = "d9b373ed55a64feb8242e02dbe79a49c";

/// One of systemd's messages, as `journalctl --output=json` prints it.
#[derive(Debug, Deserialize)]
struct JournalMessage {
    #[serde(rename = "__MONOTONIC_TIMESTAMP")]
    at: String,
    #[serde(rename = "MESSAGE_ID")]
    what: String,
    #[serde(rename = "UNIT")]
    unit: String,
    #[serde(rename = "JOB_ID", default)]
    job: Option<String>,
    #[serde(rename = "JOB_TYPE", default)]
    kind: Option<String>,
    #[serde(rename = "JOB_RESULT", default)]
    result: Option<String>,
}

/// The records of these units in the journal of this boot; none if it cannot be read.
pub async fn records(units: &[Arc<str>]) -> Option<UnitRecords> {
    let fixed = ["--no-pager", "--quiet", "--boot", "--output=json", MESSAGES, FIELDS, "_PID=1"].map(str::to_owned);
    let messages = [STARTING, STARTED, START_FAILED, STOPPING, STOPPED, SUCCEEDED, FAILED];
    let messages = messages.into_iter().map(|id| format!("MESSAGE_ID={id}"));
    let args = fixed.into_iter().chain(messages).chain(units.iter().map(|unit| format!("UNIT={unit}"))).collect();
    let job = Job { errors: Errors::Apart, keep: 2 * LARGEST, ..Job::new("journalctl", args, PATIENCE) };
    let ran = job.run().await.ok()?;
    (ran.ended == ChildExit::Exit(0)).then(|| parse(&String::from_utf8_lossy(ran.output.head())))
}

/// Parses lines of JSON, oldest first; lines that are no message of systemd's are skipped.
fn parse(lines: &str) -> UnitRecords {
    let mut records = UnitRecords::new(TOGETHER);
    for message in lines.lines().filter_map(|line| serde_json::from_str::<JournalMessage>(line).ok()) {
        take(&mut records, &message);
    }
    records
}

fn take(records: &mut UnitRecords, message: &JournalMessage) {
    let Ok(at) = message.at.parse::<u64>() else { return };
    let unit: Arc<str> = message.unit.as_str().into();
    let job: Option<u32> = message.job.as_ref().and_then(|id| id.parse().ok());
    if let Some(id) = job {
        records.job_began(&unit, id, at);
    }
    let record = records.of(&unit);
    match message.what.as_str() {
        STARTED => {
            record.came_up(at);
            if let Some(id) = job {
                record.job_ended(id, JobEnd::Other);
            }
        }
        SUCCEEDED | FAILED => {
            let began = record.job_under_way().map_or(at, |job| job.began);
            record.went_down(at, began);
        }
        STOPPED | START_FAILED => {
            let Some(id) = job else { return };
            // The job's kind stands only here: the stop of a restart begins as a stop like any other.
            let stopped = message.kind.as_deref() == Some("stop") && message.result.as_deref() == Some("done");
            if record.latest_down_by(id).is_none() {
                let began = record.job(id).map_or(at, |job| job.began);
                record.went_down(at, began);
            }
            let restarts = message.kind.as_deref() == Some("restart") && message.result.as_deref() == Some("done");
            // its start is still to come
            if !restarts {
                record.job_ended(id, if stopped { JobEnd::Stopped } else { JobEnd::Other });
            }
        }
        // STARTING and STOPPING tell of their job, and no more
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message at this second: what, with its job's number, kind and result.
    fn line(second: u64, what: &str, unit: &str, job: Option<(u32, &str, &str)>) -> String {
        let job = job.map_or(String::new(), |(id, kind, result)| {
            format!(r#","JOB_ID":"{id}","JOB_TYPE":"{kind}","JOB_RESULT":"{result}""#)
        });
        format!(r#"{{"__MONOTONIC_TIMESTAMP":"{second}000000","MESSAGE_ID":"{what}","UNIT":"{unit}"{job}}}"#)
    }

    fn end(lines: &[String]) -> (Option<u32>, Option<JobEnd>) {
        let records = parse(&lines.join("\n"));
        let record = records.get("a").unwrap();
        let down = record.latest_down().unwrap();
        (down.job, down.job.and_then(|id| record.job(id)).map(|job| job.end))
    }

    #[test]
    fn a_stop_is_told_from_the_stop_of_a_restart_that_failed() {
        let stop = [
            line(1, STARTED, "a", Some((1, "start", "done"))),
            line(2, STOPPING, "a", Some((4, "stop", ""))),
            line(3, FAILED, "a", None),
            line(3, STOPPED, "a", Some((4, "stop", "done"))),
        ];
        assert_eq!(end(&stop), (Some(4), Some(JobEnd::Stopped)));
        let restart = [
            line(2, STOPPING, "a", Some((4, "stop", ""))),
            line(3, SUCCEEDED, "a", None),
            line(3, STOPPED, "a", Some((4, "restart", "done"))),
            line(3, STARTING, "a", Some((4, "start", ""))),
            line(4, FAILED, "a", None),
            line(4, START_FAILED, "a", Some((4, "start", "failed"))),
        ];
        assert_eq!(end(&restart), (Some(4), Some(JobEnd::Other)));
    }

    #[test]
    fn a_crash_has_no_job_whatever_came_before() {
        let crash = [
            line(1, STOPPING, "a", Some((3, "stop", ""))),
            line(1, STOPPED, "a", Some((3, "stop", "done"))),
            line(2, STARTED, "a", Some((4, "start", "done"))),
            line(9, FAILED, "a", None),
            "no message at all".to_owned(),
        ];
        assert_eq!(end(&crash), (None, None));
        assert!(parse("").get("a").is_none());
    }
}
