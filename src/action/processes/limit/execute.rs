//! Changes limits of a service while it runs.

use std::fs;
use std::path::Path;

use bytesize::ByteSize;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde::{Deserialize, Serialize};

use super::table::LimitAction;
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::host::cgroups;
use crate::playbook::value::Amount;
use crate::playbook::{Playbook, Target};

/// Where system services have their control groups.
const SERVICES: &str = "/sys/fs/cgroup/system.slice";
/// Services that an operator needs to log in and that everything else depends on: they are never capped.
const SPARED: [&str; 7] = ["ssh", "dbus", "systemd-", "salve", "getty@", "serial-getty@", "user@"];

/// The limit to change, and the unit that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolvedLimit {
    /// Soft limits on open files go up to the hard ones.
    OpenFiles {
        /// The service's full name, with its suffix.
        unit: String,
    },
    /// `MemoryHigh=`, until the next boot.
    MemoryHigh {
        /// The service's full name, with its suffix.
        unit: String,
        /// The new limit, in bytes.
        bytes: u64,
    },
}

impl ActionKind for LimitAction {
    type Resolved = ResolvedLimit;

    /// Resolves a change of a limit to the unit and the number of bytes.
    async fn plan(&self, _: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let refused = |why: String| Err(PlanError::Refused(why));
        match (self.memory_high, &context.target) {
            (None, Target::Unit(unit)) => {
                let details = vec![
                    ("by", "prlimit".into()),
                    ("blast radius", "the unit's processes; none is ended".into()),
                    ("rollback", "a restart of the unit".to_owned()),
                ];
                let resolved = ResolvedLimit::OpenFiles { unit: unit.to_string() };
                Ok(ResolvedStep {
                    sentence: format!("raise the open files of {unit} to their hard limit"),
                    details,
                    resolved,
                })
            }
            (None, target) => refused(format!("{target} is no unit")),
            (Some(Amount::Percent(percent)), target) => {
                let (unit, used) = match target {
                    Target::Unit(unit) => (unit.to_string(), memory(&Path::new(SERVICES).join(&**unit))),
                    Target::Host => top_service().map_or((String::new(), None), |(unit, used)| (unit, Some(used))),
                    _ => return refused(format!("{target} is neither a unit nor the host")),
                };
                let Some(used) = used else {
                    return refused(format!(
                        "the memory of {} is not counted in {SERVICES}",
                        if unit.is_empty() { "no service" } else { &unit }
                    ));
                };
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "bytes below 2^52, rounded down"
                )]
                let bytes = (used as f64 * percent / 100.0) as u64;
                let shown = |bytes: u64| ByteSize(bytes).display().iec().to_string();
                let details = vec![
                    ("by", "systemd, until the next boot".into()),
                    ("blast radius", "the unit is slowed while it wants more; nothing of it is ended".into()),
                    ("rollback", format!("systemctl set-property --runtime {unit} MemoryHigh=infinity")),
                ];
                // what is used changes from one moment to the next, and an approval must outlive that
                let bytes = rounded(bytes);
                let resolved = ResolvedLimit::MemoryHigh { unit: unit.clone(), bytes };
                Ok(ResolvedStep {
                    sentence: format!("cap the memory of {unit} at {}", shown(bytes)),
                    details,
                    resolved,
                })
            }
            (Some(other), _) => refused(format!("`memory_high` is a share in percent, not {other}")),
        }
    }

    /// Raises or sets the limit, through `prlimit` for open files and through systemd for memory.
    async fn carry_out(resolved: ResolvedLimit, context: &mut StepContext<'_>) -> StepOutcome {
        let Some(systemd) = context.systemd else { return StepOutcome::refused("systemd does not run this host") };
        let done = |words: String| StepOutcome {
            result: StepResult::Done(words.into()),
            output: String::new(),
            scope_empty: true,
        };
        match resolved {
            ResolvedLimit::MemoryHigh { unit, bytes } => match systemd.cap_memory(&unit, bytes).await {
                Ok(()) => done(format!("MemoryHigh={bytes}")),
                Err(error) => StepOutcome::failed(error.to_string()),
            },
            ResolvedLimit::OpenFiles { unit } => {
                let seen = match systemd.unit(&unit).await {
                    Ok(seen) => seen,
                    Err(error) => return StepOutcome::failed(error.to_string()),
                };
                let Some(folder) = cgroups::folder(&seen.control_group) else {
                    return StepOutcome::failed(format!("{unit} has no processes now"));
                };
                match raise(&cgroups::members(&folder)) {
                    Ok(raised) => done(format!("{raised} processes raised")),
                    Err(why) => StepOutcome::failed(why),
                }
            }
        }
    }
}

/// To an eighth of its own size, so that an approval outlives small changes.
fn rounded(bytes: u64) -> u64 {
    let step = bytes.max(8).ilog2() - 3;
    (bytes >> step) << step
}

/// The service that uses most memory, of those that may be capped.
fn top_service() -> Option<(String, u64)> {
    let groups = fs::read_dir(SERVICES).ok()?.flatten();
    let services = groups.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let may = name.ends_with(".service") && !SPARED.iter().any(|spared| name.starts_with(spared));
        may.then(|| Some((name, memory(&entry.path())?)))?
    });
    services.max_by_key(|(_, used)| *used)
}

fn memory(group: &Path) -> Option<u64> {
    fs::read_to_string(group.join("memory.current")).ok()?.trim().parse().ok()
}

/// Sets the soft limit of each to its hard one; how many were below it. One that may not be moved does not spare the
/// others.
fn raise(pids: &[i32]) -> Result<usize, String> {
    let (mut raised, mut refused) = (0, None);
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let number = pid.as_raw_nonzero();
        let text = fs::read_to_string(format!("/proc/{number}/limits")).unwrap_or_default();
        // what ended meanwhile needs no limit
        let Some((soft, hard)) = open_files(&text).filter(|(soft, hard)| soft < hard) else { continue };
        let limit = Rlimit { current: Some(hard), maximum: Some(hard) };
        match prlimit(Some(pid), Resource::Nofile, limit) {
            Ok(_) => raised += 1,
            Err(error) => refused = Some(format!("process {number} stays at {soft} of {hard}: {error}")),
        }
    }
    refused.map_or(Ok(raised), Err)
}

/// Soft and hard limit, from `/proc/PID/limits`.
fn open_files(limits: &str) -> Option<(u64, u64)> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut figures = line.split_whitespace().map(str::parse::<u64>);
    Some((figures.next()?.ok()?, figures.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_raised() {
        assert_eq!(
            open_files("Max open files            1024                 4096                 files\n"),
            Some((1024, 4096))
        );
        assert_eq!(open_files("Max open files  unlimited unlimited files"), None);
        let mut child =
            std::process::Command::new("/bin/sh").args(["-c", "ulimit -S -n 64; exec sleep 600"]).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let of = || open_files(&fs::read_to_string(format!("/proc/{pid}/limits")).unwrap()).unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while of().0 != 64 && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(raise(&[pid, i32::MAX]), Ok(1));
        assert_eq!(of().0, of().1);
        assert_eq!(raise(&[pid]), Ok(0));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_cap_is_rounded_so_that_an_approval_outlives_small_changes() {
        assert_eq!(rounded(100_000_000), rounded(98_000_000));
        assert!(rounded(100_000_000) <= 100_000_000 && rounded(100_000_000) > 87_000_000);
        assert!(rounded(0) <= 8);
    }
}
