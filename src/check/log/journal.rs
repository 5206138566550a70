//! A unit's journal: journalctl prints the window, line by line, and is ended with the look.

use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex::bytes::Regex;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use super::{LogSeen, presentable};
use crate::host::program::find;
use crate::playbook::value::Period;
use crate::text::clean_line;

/// So many lines of a window are read; a journal with more cannot be counted.
const LINES: u64 = 200_000;

/// Counts the window's lines.
pub async fn count(unit: &str, pattern: &Regex, window: Duration, limit: Duration) -> Result<LogSeen, String> {
    let program = find("journalctl", limit).await;
    let program = program.map_err(|error| error.to_string())?.path;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(window);
    let mut child = Command::new(program)
        .args(["--quiet", "--no-pager", "--output=cat"])
        .arg(format!("--since=@{}", since.as_secs()))
        .arg(format!("--unit={unit}"))
        .env_clear()
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("journalctl cannot be run: {error}"))?;
    let counted = async {
        let mut seen = LogSeen { count: 0, over_ms: Period(window).millis(), latest: None };
        let Some(output) = child.stdout.take() else { return Err("journalctl gives no output".into()) };
        let (mut lines, mut line, mut read) = (BufReader::new(output), Vec::new(), 0);
        while lines.read_until(b'\n', &mut line).await.map_err(|error| error.to_string())? > 0 {
            read += 1;
            if read > LINES {
                return Err(format!("more than {LINES} lines stand in the window"));
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            if pattern.is_match(text) {
                seen.count += 1;
                seen.latest = Some(presentable(text));
            }
            line.clear();
        }
        let mut said = String::new();
        if let Some(errors) = child.stderr.take() {
            let _ = errors.take(4096).read_to_string(&mut said).await;
        }
        let status = child.wait().await.map_err(|error| error.to_string())?;
        if status.success() { Ok(seen) } else { Err(format!("journalctl failed: {}", clean_line(said.trim()))) }
    };
    timeout(limit, counted).await.map_err(|_| format!("journalctl did not end within {} s", limit.as_secs_f64()))?
}
