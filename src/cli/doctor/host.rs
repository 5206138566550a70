//! What the kernel, systemd, the clock and the terminal give.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Resource, getrlimit};

use super::context::{DoctorContext, EngineStatus};
use super::report::Finding;
use crate::action::scope_level;
use crate::core::plan::ScopeLevel;
use crate::host::child::{ChildExit, Job};
use crate::host::{Systemd, cgroups};

/// Descriptors that an engine with a few thousand targets needs.
const DESCRIPTORS: u64 = 4096;

/// How long a program may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// systemd, and its bus.
pub fn systemd(ground: &DoctorContext) -> Vec<Finding> {
    if !Path::new("/run/systemd/system").is_dir() {
        return vec![Finding::skipped("this host does not run systemd: playbooks for units do not apply")];
    }
    let asked = ground.runtime.block_on(async {
        let systemd = Systemd::shared().map_err(|error| error.to_string())?;
        systemd.list_units("dbus.service").await.map_err(|error| error.to_string())
    });
    let mut findings = vec![match asked {
        Ok(_) => Finding::fine("answers on the system bus"),
        Err(why) => Finding::broken(format!("does not respond: {why}"), "systemctl status dbus.service"),
    }];
    if let EngineStatus::Here { systemd_silent: Some(why), .. } = &ground.engine {
        findings.push(Finding::broken(
            format!("does not respond to the engine, which cannot check units: {why}"),
            "systemctl status dbus.service; if systemd responds to other programs, systemctl restart salve",
        ));
    }
    findings
}

/// What the kernel has of what makes watching cheap and deleting safe.
pub fn kernel(_: &DoctorContext) -> Vec<Finding> {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy().into_owned();
    let mut findings = vec![Finding::fine(format!("Linux {release}"))];
    let mut numbers = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < (5, 6) {
        findings.push(Finding::warning(
            "older than 5.6: no openat2 and limited pidfds; slower and stricter methods are used",
            "upgrade the kernel",
        ));
    }
    if !Path::new("/proc/pressure/memory").exists() {
        findings.push(Finding::warning(
            "no pressure stall information: `pressure` checks are unknown",
            "add psi=1 to the kernel's command line",
        ));
    }
    findings
}

/// How an attempt's processes are held together.
pub fn scopes(ground: &DoctorContext) -> Vec<Finding> {
    let mut findings = vec![match scope_level() {
        ScopeLevel::CgroupV2 => {
            Finding::fine("attempts run in control groups (v2); cgroup.kill ends leftover processes")
        }
        ScopeLevel::CgroupV1 => Finding::fine("attempts run in control groups (v1)"),
        _ if ground.root => Finding::warning(
            "no control group can be created: attempts run under a subreaper",
            "run the daemon as a service (`salve service install`), which gets a delegated control group",
        ),
        _ => Finding::fine("attempts run under a subreaper: only root can create control groups"),
    }];
    if !cgroups::unified() {
        findings.push(Finding::skipped(
            "checks of a unit's control group do not apply: this host has no unified control group hierarchy",
        ));
    }
    findings
}

/// The wall clock.
pub fn clock(ground: &DoctorContext) -> Vec<Finding> {
    let mut findings = Vec::new();
    let synchronised = || Path::new("/run/systemd/timesync/synchronized").exists();
    let words = ["show", "--property=NTPSynchronized", "--value"].map(str::to_owned).into();
    let asked = ground.runtime.block_on(Job::new("timedatectl", words, ANSWER).run());
    match asked {
        Ok(ran) if ran.output.head().starts_with(b"yes") => findings.push(Finding::fine("synchronised")),
        Ok(ran) if ran.ended == ChildExit::Exit(0) => findings.push(Finding::warning(
            "not synchronised: times in records and planned maintenance may be wrong",
            "timedatectl set-ntp true",
        )),
        _ if synchronised() => findings.push(Finding::fine("synchronised")),
        _ => findings.push(Finding::skipped("synchronisation state unknown")),
    }
    let last =
        crate::journal::JournalReader::open(&ground.paths.state).ok().and_then(|reader| reader.last().ok().flatten());
    if let Some(last) = last.map(|last| last.wall).filter(|wall| *wall > Timestamp::now()) {
        findings.push(Finding::warning(
            format!("earlier than the journal's last record ({})", last.strftime("%Y-%m-%d %H:%M:%S")),
            "set it with `timedatectl`; dates in records are affected, durations are not",
        ));
    }
    findings
}

/// Checks that the limit of open file descriptors is high enough.
pub fn limits(_: &DoctorContext) -> Vec<Finding> {
    let limit = getrlimit(Resource::Nofile);
    let soft = limit.current.unwrap_or(u64::MAX);
    let hard = limit.maximum.unwrap_or(u64::MAX);
    vec![if soft >= DESCRIPTORS {
        Finding::fine(format!("{soft} open files"))
    } else if hard >= DESCRIPTORS {
        Finding::fine(format!("{soft} open files, up to {hard}"))
    } else {
        Finding::warning(
            format!("at most {hard} open files: thousands of watched targets need more"),
            "set LimitNOFILE=65536, as `salve service install` does",
        )
    }]
}

/// What the screen can show.
pub fn terminal(_: &DoctorContext) -> Vec<Finding> {
    if !crate::cli::output::stream::is_terminal() {
        return vec![Finding::skipped("not a terminal")];
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let locale = locale.unwrap_or_default();
    let unicode = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    let name = std::env::var("TERM").unwrap_or_default();
    vec![if unicode {
        Finding::fine(format!("{name}, UTF-8"))
    } else {
        Finding::warning(
            format!("{name}, and the locale `{locale}` is not UTF-8: drawn in ASCII"),
            "export LANG=C.UTF-8",
        )
    }]
}

/// Members of a group, by name; none where there is no such group.
pub fn members(group: &str) -> Option<Vec<String>> {
    let groups = fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next() == Some(group);
        found.then(|| {
            fields.nth(2).unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(Into::into).collect()
        })
    })
}
