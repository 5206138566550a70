//! The control group of a unit, and the processes in it. The kernel notifies when a process in it is killed or a limit
//! is reached.

mod members;
mod trace;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use procfs::Current as _;
use serde::{Deserialize, Serialize};

pub use self::members::Processes;
use self::members::processes;
use super::table::CgroupCheck;
use crate::check::events::event_source::OwnSources;
use crate::check::events::folders::Folders;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, Counted, figure, joined, near, share};
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::{Cost, Prober};
use crate::host::cgroups;
use crate::playbook::Target;
use crate::playbook::value::{Amount, Bound, Period};

/// The window of kills where the check does not say.
const WINDOW: Period = Period::from_secs(600);

/// The unit whose control group is read, and the window over which kills are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CgroupSubject {
    /// The full name of the unit whose control group is read.
    pub unit: Arc<str>,
    /// The window over which kills and growth are counted, in milliseconds.
    pub window_ms: u64,
    /// Whether its processes are read as well.
    #[serde(default)]
    pub processes: bool,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// A control group at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CgroupSeen {
    /// Bytes in use; none where memory is not counted.
    pub memory: Option<u64>,
    /// The limit; none if there is none.
    pub memory_limit: Option<u64>,
    /// Tasks; none where they are not counted.
    pub tasks: Option<u64>,
    /// The limit; none if there is none.
    pub tasks_limit: Option<u64>,
    /// Kills within the window, and for how many milliseconds they were counted; none where memory is not counted.
    pub oom_kills: Option<(u64, u64)>,
    /// By how many bytes memory grew, and within how many milliseconds; none before there are enough looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<(f64, u64)>,
    /// Open files and zombies of its processes, if they were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<Processes>,
}

impl CgroupSeen {
    /// The reading of a unit that has no running process.
    fn of_nothing() -> Self {
        Self {
            memory: Some(0),
            memory_limit: host_memory(),
            tasks: Some(0),
            tasks_limit: Some(1),
            oom_kills: None,
            growth: None,
            processes: Some(Processes::default()),
        }
    }

    /// Whether the unit has no running process.
    fn is_of_nothing(&self) -> bool {
        self.tasks == Some(0)
    }
}

impl CheckProbe for CgroupCheck {
    type Subject = CgroupSubject;
    type Seen = CgroupSeen;
    const COST: Cost = Cost::Little;

    /// The unit that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<CgroupSubject, String> {
        let unit = match (&self.unit, target) {
            (Some(unit), _) => unit.as_str().into(),
            (None, Target::Unit(unit)) => unit.clone(),
            (None, _) => return Err("the check names no unit, and its target is none".into()),
        };
        let window_ms = self.window.unwrap_or(WINDOW).millis();
        let processes = self.open_files.is_some() || self.zombies.is_some();
        Ok(CgroupSubject { unit, window_ms, processes, timeout_ms: millis(self.timeout, Duration::from_secs(5)) })
    }

    /// Asks systemd for the unit's control group, then reads its files.
    async fn probe(subject: &CgroupSubject, prober: &Prober) -> Result<CgroupSeen, String> {
        let systemd = prober.systemd.as_ref().ok_or("systemd does not run this host")?;
        let unit = systemd.unit(&subject.unit).await.map_err(|error| error.to_string())?;
        if !cgroups::unified() {
            return Err("this host has no unified hierarchy of control groups".into());
        }
        // A unit without a running process has no group and uses nothing.
        let Some(folder) = cgroups::folder(&unit.control_group) else { return Ok(CgroupSeen::of_nothing()) };
        let (about, limit) = (format!("the control group of {}", unit.id), Duration::from_millis(subject.timeout_ms));
        let wanted = subject.processes;
        let (mut seen, life) = prober.apart(&about, limit, move || read(&folder, wanted)).await??;
        let trace = prober.traces.of(subject);
        let mut trace = trace.lock().await;
        let (now, window) = (prober.clock.mono(), Duration::from_millis(subject.window_ms));
        if let Some(memory) = seen.memory {
            let grown = trace.add_memory(now, memory, life.made, window);
            seen.growth = grown.map(|(rise, over)| (rise, Period(over).millis()));
        }
        if let Some(kills) = life.kills {
            let rise = trace.add_kills(now, kills, window);
            seen.oom_kills = Some((rise.by[0], Period(rise.over).millis()));
        }
        Ok(seen)
    }

    #[allow(clippy::cast_precision_loss, reason = "no host has 2^52 processes to kill")]
    fn judge(&self, seen: &CgroupSeen) -> Judgement {
        let mut parts = Conditions::default();
        of_limit(&mut parts, self.memory, (seen.memory, seen.memory_limit), "memory");
        of_limit(&mut parts, self.tasks, (seen.tasks, seen.tasks_limit), "tasks");
        if let Some(bound) = self.oom_kills {
            match seen.oom_kills {
                Some((count, over)) => {
                    let window = self.window.unwrap_or(WINDOW).0;
                    let so_far = Counted { figure: count as f64, over: Duration::from_millis(over), window };
                    parts.counted(bound, so_far, "killed ");
                }
                None if seen.is_of_nothing() => parts.met(false, "nothing of it runs"),
                None => parts.unclear("the unit's memory is not counted (MemoryAccounting=)"),
            }
        }
        if let Some(bound) = self.growth {
            let window = self.window.unwrap_or(WINDOW);
            match seen.growth {
                // the last look of a window may lie a little before its end
                Some((bytes, over)) if over >= window.millis() / 10 * 9 => parts.bound(bound, Some(bytes), "growth "),
                Some((_, over)) => {
                    // neither a leak nor the end of one
                    parts.met(false, format!("watched for {} of {window} so far", Period::from_secs(over / 1000)));
                }
                None if seen.is_of_nothing() => parts.met(false, "nothing of it runs"),
                None if seen.memory.is_some() => parts.met(false, "watched since now"),
                None => parts.unclear("the unit's memory is not counted (MemoryAccounting=)"),
            }
        }
        if let Some(bound) = self.open_files {
            match seen.processes.map(|seen| seen.open_files) {
                Some(Some((open, limit))) => parts.bound(bound, share(open, limit), "open files "),
                Some(None) if seen.is_of_nothing() => parts.met(false, "nothing of it runs"),
                Some(None) => parts.unclear("it has no process whose files can be counted"),
                None => parts.unclear("its processes were not looked at"),
            }
        }
        if let Some(bound) = self.zombies {
            match seen.processes {
                Some(found) => parts.bound(bound, Some(found.zombies as f64), "zombies "),
                None => parts.unclear("its processes were not looked at"),
            }
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let window = self.window.unwrap_or(WINDOW);
        joined([
            self.memory.map(|bound| format!("memory {bound}")),
            self.tasks.map(|bound| format!("tasks {bound}")),
            self.oom_kills.map(|bound| format!("killed {bound} in {window}")),
            self.growth.map(|bound| format!("growth {bound} in {window}")),
            self.open_files.map(|bound| format!("open files {bound}")),
            self.zombies.map(|bound| format!("zombies {bound}")),
        ])
    }

    fn is_insignificant(now: &CgroupSeen, then: &CgroupSeen) -> bool {
        let part = |part: Option<u64>, whole: Option<u64>| share(part?, whole.unwrap_or(1 << 30));
        let kills = |seen: &CgroupSeen| seen.oom_kills.map(|(count, _)| count);
        let files = |seen: &CgroupSeen| {
            let (open, limit) = seen.processes?.open_files?;
            share(open, limit)
        };
        let growth = |seen: &CgroupSeen| seen.growth.map(|(bytes, _)| bytes / f64::from(1 << 30) * 100.0); // of 1 GiB
        near(part(now.memory, now.memory_limit), part(then.memory, then.memory_limit))
            && near(part(now.tasks, now.tasks_limit), part(then.tasks, then.tasks_limit))
            && kills(now) == kills(then)
            && near(growth(now), growth(then))
            && now.processes.map(|seen| seen.zombies) == then.processes.map(|seen| seen.zombies)
            && near(files(now), files(then))
    }

    fn unavailable(&self) -> Option<&'static str> {
        let about_memory = self.memory.is_some() || self.growth.is_some() || self.oom_kills.is_some();
        if !cgroups::unified() {
            Some("this host has no unified hierarchy of control groups")
        } else if about_memory && !cgroups::counts_memory() {
            Some("this host does not count memory by control group")
        } else {
            None
        }
    }

    fn own_sources(&self, subject: &CgroupSubject, folders: Option<Arc<Folders>>) -> Option<OwnSources> {
        OwnSources::in_folder(usual_events(&subject.unit), folders)
    }
}

/// The file in which the kernel announces a system service's kills; other units are polled.
fn usual_events(unit: &str) -> PathBuf {
    let unit = unit.replace('/', "_");
    Path::new(cgroups::ROOT).join("system.slice").join(unit).join("memory.events")
}

/// What distinguishes a group from a later one of the same name.
struct Life {
    /// The inode of its folder.
    made: u64,
    /// Kills since it was made; none where memory is not counted.
    kills: Option<u64>,
}

/// The figures in a group's files.
fn read(folder: &Path, wanted: bool) -> Result<(CgroupSeen, Life), String> {
    if !folder.exists() {
        return Ok((CgroupSeen::of_nothing(), Life { made: 0, kills: None }));
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
        memory_limit: limit.or(number("memory.high")?).or_else(host_memory),
        tasks: number("pids.current")?,
        tasks_limit: number("pids.max")?,
        oom_kills: None,
        growth: None,
        processes: wanted.then(|| processes(folder)),
    };
    let made = fs::metadata(folder).map_or(0, |found| found.ino());
    Ok((seen, Life { made, kills: text("memory.events")?.as_deref().and_then(kills) }))
}

/// A unit without a limit of its own may take all that there is.
fn host_memory() -> Option<u64> {
    procfs::Meminfo::current().ok().map(|found| found.mem_total)
}

/// The line `oom_kill` of `memory.events`.
fn kills(events: &str) -> Option<u64> {
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

fn of_limit(parts: &mut Conditions, bound: Option<Bound>, (part, limit): (Option<u64>, Option<u64>), what: &str) {
    let Some(bound) = bound else { return };
    match (part, limit, bound.amount) {
        (None, ..) => parts.unclear(format!("the unit's {what} is not counted")),
        (_, None, Amount::Percent(_)) => parts.unclear(format!("the unit has no limit for {what}")),
        (Some(part), limit, _) => {
            parts.bound(bound, figure(bound, part, limit.unwrap_or_default()), &format!("{what} "));
        }
    }
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
        let (seen, life) = read(folder.path(), false).unwrap();
        assert_eq!(
            (seen.memory, seen.tasks, seen.tasks_limit, life.kills),
            (Some(943_718_400), Some(7), None, Some(2))
        );
        let check = CgroupCheck { memory: Some("> 85%".parse().unwrap()), ..CgroupCheck::default() };
        assert_eq!(check.judge(&seen).seen, "memory 90%");
        let tasks = |bound: &str| CgroupCheck { tasks: Some(bound.parse().unwrap()), ..CgroupCheck::default() };
        assert_eq!(tasks("> 5").judge(&seen).verdict, Verdict::Holds);
        assert!(matches!(tasks("> 5%").judge(&seen).verdict, Verdict::Unknown(_)));
        let killed = CgroupCheck { oom_kills: Some("> 0".parse().unwrap()), ..CgroupCheck::default() };
        assert!(matches!(killed.judge(&seen).verdict, Verdict::Unknown(_)));
        let one = CgroupSeen { oom_kills: Some((1, 1000)), ..seen };
        assert_eq!(killed.judge(&one).verdict, Verdict::Holds);
        assert_eq!(killed.condition(), "killed > 0 in 10m");
    }

    #[test]
    fn leaks_zombies_and_open_files_are_found() {
        // a child that nobody waits for yet
        let mut child = std::process::Command::new("/bin/true").spawn().unwrap();
        let own = std::process::id();
        let folder = group(&[("cgroup.procs", &format!("{own}\nnone\n"))]);
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        let mut seen = read(folder.path(), true).unwrap().0;
        while seen.processes.unwrap().zombies == 0 && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
            seen = read(folder.path(), true).unwrap().0;
        }
        let zombies = CgroupCheck { zombies: Some("> 0".parse().unwrap()), ..CgroupCheck::default() };
        assert_eq!(zombies.judge(&seen).verdict, Verdict::Holds);
        child.wait().unwrap();
        let (open, limit) = seen.processes.unwrap().open_files.unwrap();
        assert!(open > 2 && limit > open);
        let files = CgroupCheck { open_files: Some("> 85%".parse().unwrap()), ..CgroupCheck::default() };
        let full = Processes { open_files: Some((90, 100)), zombies: 0 };
        let judgement = files.judge(&CgroupSeen { processes: Some(full), ..seen });
        assert_eq!((judgement.verdict, &*judgement.seen), (Verdict::Holds, "open files 90%"));
        let window = Some(Period::from_secs(600));
        let leak = CgroupCheck { growth: Some("> 1MiB".parse().unwrap()), window, ..CgroupCheck::default() };
        let grown = |over| CgroupSeen { growth: Some((f64::from(2 << 20), over)), ..seen };
        assert_eq!(leak.judge(&grown(590_000)).verdict, Verdict::Holds);
        assert_eq!(leak.judge(&grown(60_000)).verdict, Verdict::DoesNotHold, "not yet a whole window");
        assert_eq!(leak.condition(), "growth > 1MiB in 10m");
    }

    #[test]
    fn hostile_files_and_names_are_no_figures() {
        let odd = group(&[("memory.current", "-1\n"), ("memory.events", "oom_kill x\noom_kill_all 3\n")]);
        let (seen, life) = read(odd.path(), true).unwrap();
        assert_eq!((seen.memory, life.kills, seen.processes), (None, None, Some(Processes::default())));
        assert!(read(Path::new("/no/such/group"), true).unwrap().0.is_of_nothing());
    }
}
