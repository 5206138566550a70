//! Lines of a log that match a pattern, counted over a window. A file is read from where the last probe ended, through
//! any rotation; from a journal the whole window is read each time.

mod journal;
mod tail;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::tail::Tail;
use super::table::LogCheck;
use crate::check::events::event_source::OwnSources;
use crate::check::events::folders::Folders;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, Counted, joined};
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::history::Remembered;
use crate::check::prober::{Cost, Prober};
use crate::foreign::{self, MayHang};
use crate::host::redact;
use crate::playbook::Target;
use crate::playbook::value::{Bound, Period};
use crate::text::clean_line;

/// The window where the check does not say.
const WINDOW: Period = Period::from_secs(300);

/// How many characters of the latest matching line are kept.
const LINE: usize = 200;

/// Which log, and what is counted in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogSubject {
    /// The log that the lines are read from.
    pub source: LogSource,
    /// The regular expression that a line must match.
    pub pattern: Arc<str>,
    /// Over how many milliseconds they are counted.
    pub window_ms: u64,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// Where lines come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogSource {
    /// A log file, by its absolute path.
    File(Arc<str>),
    /// The journal of a unit.
    Journal(Arc<str>),
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSeen {
    /// Matching lines in the window.
    pub count: u64,
    /// How long they were counted, in milliseconds: less than the window while it is not over.
    pub over_ms: u64,
    /// The latest of them, cut, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
}

impl Remembered for LogSubject {
    /// The position up to which its file was read.
    type Trace = Tail;
}

impl CheckProbe for LogCheck {
    type Subject = LogSubject;
    type Seen = LogSeen;
    const COST: Cost = Cost::Child;

    /// The log that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<LogSubject, String> {
        let source = match (&self.path, &self.unit, target) {
            (Some(path), ..) => LogSource::File(path.as_str().into()),
            (None, Some(unit), _) => LogSource::Journal(unit.as_str().into()),
            (None, None, Target::Path(path)) => LogSource::File(path.clone()),
            (None, None, Target::Unit(unit)) => LogSource::Journal(unit.clone()),
            _ => return Err("the check names no file and no unit, and its target is neither".into()),
        };
        Ok(LogSubject {
            source,
            pattern: self.pattern.as_str().into(),
            window_ms: self.window.unwrap_or(WINDOW).millis(),
            timeout_ms: millis(self.timeout, Duration::from_secs(10)),
        })
    }

    /// Counts the matching lines of the window.
    async fn probe(subject: &LogSubject, prober: &Prober) -> Result<LogSeen, String> {
        let pattern = LogCheck::ready(&subject.pattern)?;
        let (window, limit) = (Duration::from_millis(subject.window_ms), Duration::from_millis(subject.timeout_ms));
        match &subject.source {
            LogSource::Journal(unit) => journal::count(unit, &pattern, window, limit).await,
            LogSource::File(path) => {
                let trace = prober.traces.of(subject);
                let mut trace = trace.lock().await;
                let tail = std::mem::take(&mut *trace);
                let (path, clock) = (path.clone(), prober.clock);
                let place = PathBuf::from(&*path);
                let read = move |may_hang: &MayHang| tail.read(&path, &pattern, window, clock.mono(), may_hang);
                // Each probe of this file remembers its own position.
                let name = format!("lines that match {:?} in", subject.pattern);
                let read = foreign::task(&name, &place, limit, read).await;
                let (tail, seen) = read.map_err(|silence| silence.to_string())?;
                *trace = tail;
                seen
            }
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "nobody counts 2^52 lines")]
    fn judge(&self, seen: &LogSeen) -> Judgement {
        let mut parts = Conditions::default();
        let window = self.window.unwrap_or(WINDOW).0;
        let so_far = Counted { figure: seen.count as f64, over: Duration::from_millis(seen.over_ms), window };
        if let Some(bound) = self.count {
            parts.counted(bound, so_far, "");
        }
        if let Some(latest) = seen.latest.as_ref().filter(|_| seen.count > 0) {
            parts.say(format!("latest: {latest}"));
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let window = self.window.unwrap_or(WINDOW);
        let words = |bound: Bound| format!("{bound} lines match {:?} in {window}", self.pattern);
        joined([self.count.map(words)])
    }

    fn is_insignificant(now: &LogSeen, then: &LogSeen) -> bool {
        now.count == then.count
    }

    fn own_sources(&self, subject: &LogSubject, folders: Option<Arc<Folders>>) -> Option<OwnSources> {
        match &subject.source {
            LogSource::File(path) => OwnSources::in_folder(PathBuf::from(&**path), folders),
            LogSource::Journal(_) => None,
        }
    }
}

/// A line as it may be shown: cut, clean, and without secrets.
fn presentable(line: &[u8]) -> String {
    let head = String::from_utf8_lossy(&line[..line.len().min(LINE * 4)]).into_owned();
    let clean = redact::redact(&clean_line(&head)).into_owned();
    clean.chars().take(LINE).collect()
}

#[cfg(test)]
mod tests;
