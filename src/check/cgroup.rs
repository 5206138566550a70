//! The control group of a unit. The kernel rings when something was killed in it or a limit was met.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::judge::Judged;
use super::look::Looker;
use super::parts::{Counted, Parts, figure, joined, near, share};
use super::subject::{Subject, millis};
use crate::playbook::Target;
use crate::playbook::check::CgroupCheck;
use crate::playbook::value::{Amount, Bound, Period};

/// Where the unified hierarchy is mounted.
const ROOT: &str = "/sys/fs/cgroup";

/// The window of kills where the check does not say.
const WINDOW: Period = Period::from_secs(600);

/// Which unit's, and over which time kills are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CgroupSubject {
    /// The unit.
    pub unit: Arc<str>,
    /// In milliseconds.
    pub window_ms: u64,
    /// For how long to wait, in milliseconds.
    pub timeout_ms: u64,
}

/// A control group at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CgroupSeen {
    /// Bytes in use; none where memory is not counted.
    pub memory: Option<u64>,
    /// Of at most so many.
    pub memory_limit: Option<u64>,
    /// Tasks; none where they are not counted.
    pub tasks: Option<u64>,
    /// Of at most so many.
    pub tasks_limit: Option<u64>,
    /// Kills within the window, and for how many milliseconds they were counted; none where memory is not counted.
    pub oom_kills: Option<(u64, u64)>,
}

/// The unit that a check names, or its target's.
///
/// # Errors
/// Where neither names one.
pub fn subject(check: &CgroupCheck, target: &Target) -> Result<CgroupSubject, String> {
    let unit = match (&check.unit, target) {
        (Some(unit), _) => unit.as_str().into(),
        (None, Target::Unit(unit)) => unit.clone(),
        (None, _) => return Err("the check names no unit, and its target is none".into()),
    };
    let window_ms = check.window.unwrap_or(WINDOW).millis();
    Ok(CgroupSubject { unit, window_ms, timeout_ms: millis(check.timeout, Duration::from_secs(5)) })
}

/// Asks systemd where it is, and reads it.
///
/// # Errors
/// In words: the unit has none, or it cannot be read.
pub async fn look(subject: &CgroupSubject, looker: &Looker) -> Result<CgroupSeen, String> {
    let systemd = looker.systemd.as_ref().ok_or("systemd does not run this host")?;
    let unit = systemd.unit(&subject.unit).await.map_err(|error| error.to_string())?;
    let folder = folder(&unit.control_group).ok_or_else(|| format!("{} has no control group now", unit.id))?;
    let (about, limit) = (format!("the control group of {}", unit.id), Duration::from_millis(subject.timeout_ms));
    let (mut seen, kills) = looker.apart(&about, limit, move || read(&folder)).await??;
    if let Some(kills) = kills {
        let trace = looker.traces.of(&Subject::Cgroup(subject.clone()));
        let mut trace = trace.lock().await;
        // A group that was made anew counts from nothing.
        let [sum, before, ..] = trace.samples.latest().unwrap_or([0, kills, 0, 0]);
        let sum = sum + if kills >= before { kills - before } else { kills };
        let window = Duration::from_millis(subject.window_ms);
        let rise = trace.samples.add(looker.clock.mono(), [sum, kills, 0, 0], window);
        seen.oom_kills = Some((rise.by[0], Period(rise.over).millis()));
    }
    Ok(seen)
}

/// Where the kernel tells of a system service's kills; other units are polled.
pub(super) fn usual_events(unit: &str) -> PathBuf {
    let unit = unit.replace('/', "_");
    Path::new(ROOT).join("system.slice").join(unit).join("memory.events")
}

/// systemd names it from the hierarchy's root, and never climbs.
fn folder(group: &str) -> Option<PathBuf> {
    let below = Path::new(group).strip_prefix("/").ok().filter(|below| below.components().next().is_some())?;
    let plain = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    plain.then(|| Path::new(ROOT).join(below))
}

/// What stands in a group's files, and how many kills since it was made.
fn read(folder: &Path) -> Result<(CgroupSeen, Option<u64>), String> {
    if !folder.join("cgroup.controllers").exists() {
        return Err(format!("{} is no control group of the unified hierarchy", folder.display()));
    }
    let text = |name: &str| match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        // A controller that is not switched on has no files.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{name} cannot be read: {error}")),
    };
    let number = |name: &str| Ok::<_, String>(text(name)?.and_then(|text| text.trim().parse::<u64>().ok()));
    let limit = number("memory.max")?;
    let seen = CgroupSeen {
        memory: number("memory.current")?,
        memory_limit: if limit.is_some() { limit } else { number("memory.high")? },
        tasks: number("pids.current")?,
        tasks_limit: number("pids.max")?,
        oom_kills: None,
    };
    Ok((seen, text("memory.events")?.as_deref().and_then(kills)))
}

/// The line `oom_kill` of `memory.events`.
fn kills(events: &str) -> Option<u64> {
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

/// Is the change too small to be kept?
pub(super) fn hardly_differs(now: &CgroupSeen, then: &CgroupSeen) -> bool {
    let part = |part: Option<u64>, whole: Option<u64>| share(part?, whole.unwrap_or(1 << 30));
    let kills = |seen: &CgroupSeen| seen.oom_kills.map(|(count, _)| count);
    near(part(now.memory, now.memory_limit), part(then.memory, then.memory_limit))
        && near(part(now.tasks, now.tasks_limit), part(then.tasks, then.tasks_limit))
        && kills(now) == kills(then)
}

/// Judges it.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "no host has 2^52 processes to kill")]
pub fn judge(check: &CgroupCheck, seen: &CgroupSeen) -> Judged {
    let mut parts = Parts::default();
    of_limit(&mut parts, check.memory, (seen.memory, seen.memory_limit), "memory");
    of_limit(&mut parts, check.tasks, (seen.tasks, seen.tasks_limit), "tasks");
    if let Some(bound) = check.oom_kills {
        match seen.oom_kills {
            Some((count, over)) => {
                let window = check.window.unwrap_or(WINDOW).0;
                let so_far = Counted { figure: count as f64, over: Duration::from_millis(over), window };
                parts.counted(bound, so_far, "killed ");
            }
            None => parts.unclear("the unit's memory is not counted (MemoryAccounting=)"),
        }
    }
    parts.judged()
}

fn of_limit(parts: &mut Parts, bound: Option<Bound>, (part, limit): (Option<u64>, Option<u64>), what: &str) {
    let Some(bound) = bound else { return };
    match (part, limit, bound.amount) {
        (None, ..) => parts.unclear(format!("the unit's {what} is not counted")),
        (_, None, Amount::Percent(_)) => parts.unclear(format!("the unit has no limit for {what}")),
        (Some(part), limit, _) => {
            parts.bound(bound, figure(bound, part, limit.unwrap_or_default()), &format!("{what} "));
        }
    }
}

/// In words.
#[must_use]
pub fn condition(check: &CgroupCheck) -> String {
    let window = check.window.unwrap_or(WINDOW);
    joined([
        check.memory.map(|bound| format!("memory {bound}")),
        check.tasks.map(|bound| format!("tasks {bound}")),
        check.oom_kills.map(|bound| format!("killed {bound} in {window}")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    fn group(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files.iter().chain([&("cgroup.controllers", "memory pids\n")]) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn figures_are_read_against_their_limits() {
        let folder = group(&[
            ("memory.current", "943718400\n"),
            ("memory.max", "1048576000\n"),
            ("memory.events", "low 0\nhigh 3\nmax 9\noom 1\noom_kill 2\noom_group_kill 0\n"),
            ("pids.current", "7\n"),
            ("pids.max", "max\n"),
        ]);
        let (seen, kills) = read(folder.path()).unwrap();
        assert_eq!((seen.memory, seen.tasks, seen.tasks_limit, kills), (Some(943_718_400), Some(7), None, Some(2)));
        let check = CgroupCheck { memory: Some("> 85%".parse().unwrap()), ..CgroupCheck::default() };
        assert_eq!(judge(&check, &seen).seen, "memory 90%");
        let tasks = |bound: &str| CgroupCheck { tasks: Some(bound.parse().unwrap()), ..CgroupCheck::default() };
        assert_eq!(judge(&tasks("> 5"), &seen).verdict, Verdict::Holds);
        assert!(matches!(judge(&tasks("> 5%"), &seen).verdict, Verdict::Unknown(_)));
        let killed = CgroupCheck { oom_kills: Some("> 0".parse().unwrap()), ..CgroupCheck::default() };
        assert!(matches!(judge(&killed, &seen).verdict, Verdict::Unknown(_)));
        let one = CgroupSeen { oom_kills: Some((1, 1000)), ..seen };
        assert_eq!(judge(&killed, &one).verdict, Verdict::Holds);
        assert_eq!(condition(&killed), "killed > 0 in 10m");
    }

    #[test]
    fn hostile_files_and_names_are_no_figures() {
        let odd = group(&[("memory.current", "-1\n"), ("memory.events", "oom_kill x\noom_kill_all 3\n")]);
        let (seen, kills) = read(odd.path()).unwrap();
        assert_eq!((seen.memory, kills), (None, None));
        assert!(read(Path::new("/etc")).is_err());
        for group in ["", "/", "relative", "/../etc", "/a/../../b"] {
            assert_eq!(folder(group), None, "{group}");
        }
        assert_eq!(folder("/system.slice/a.service"), Some("/sys/fs/cgroup/system.slice/a.service".into()));
    }
}
