//! A unit's journal: journalctl prints the window line by line, and is ended with the probe.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex::bytes::Regex;
use tokio::net::unix::pipe::Receiver;
use tokio::time::timeout;

use super::{LogSeen, presentable};
use crate::host::capped::Lines;
use crate::host::child::{ChildExit, Drain, Errors, Job};
use crate::playbook::value::Period;
use crate::text::clean_line;

/// How many lines of a window are read; a journal with more cannot be counted.
const LINES: u64 = 200_000;

/// How many bytes of a window are read; a journal with more cannot be counted.
const BYTES: u64 = 64 << 20;

/// A line that is longer is matched by its head only, in bytes.
const LINE: usize = 64 * 1024;

/// How many bytes of journalctl's error output are kept.
const COMPLAINTS: usize = 4096;

/// Counts the window's lines.
pub async fn count(unit: &str, pattern: &Regex, window: Duration, limit: Duration) -> Result<LogSeen, String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(window);
    let args = ["--quiet", "--no-pager", "--output=cat"].map(str::to_owned).into_iter();
    let args = args.chain([format!("--since=@{}", since.as_secs()), format!("--unit={unit}")]).collect();
    let job = Job { errors: Errors::Apart, ..Job::new("journalctl", args, limit) };
    let mut child = job.start().await.map_err(|error| error.to_string())?;
    let complaints = Drain::of(child.errors.take(), COMPLAINTS);
    let output = child.output.take();
    let counted = async {
        let seen = lines_of(output, pattern, window).await?;
        Ok::<_, String>((seen, child.wait().await.map_err(|error| error.to_string())?))
    };
    let counted = timeout(limit, counted).await;
    child.end(Duration::ZERO).await;
    match counted {
        Ok(Ok((seen, ChildExit::Exit(0)))) => Ok(seen),
        Ok(Ok((_, ChildExit::Exit(_) | ChildExit::Signal(_) | ChildExit::TimedOut))) => {
            let said = complaints.finish().await.text();
            Err(format!("journalctl failed: {}", clean_line(said.trim())))
        }
        Ok(Err(why)) => Err(why),
        Err(_) => Err(format!("journalctl did not end within {} s", limit.as_secs_f64())),
    }
}

/// Reads to the end. A line that is too long is matched by its head.
async fn lines_of(output: Option<Receiver>, pattern: &Regex, window: Duration) -> Result<LogSeen, String> {
    let mut seen = LogSeen { count: 0, over_ms: Period(window).millis(), latest: None };
    let output = output.ok_or("journalctl gives no output")?;
    let (mut lines, mut line, mut read) = (Lines::new(output, LINE, BYTES), Vec::new(), 0);
    while lines.next(&mut line).await.map_err(|error| error.to_string())? {
        read += 1;
        if read > LINES {
            return Err(format!("more than {LINES} lines stand in the window"));
        }
        if pattern.is_match(&line) {
            seen.count += 1;
            seen.latest = Some(presentable(&line));
        }
    }
    Ok(seen)
}
