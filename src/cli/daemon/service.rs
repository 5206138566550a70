//! `salve service install | print | remove`: the daemon as a systemd service.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use nix::unistd::Group;

use crate::cli::args::ServiceVerb;
use crate::cli::exit::Failure;
use crate::cli::output::stream;
use crate::control::socket::GROUP;

/// Where the unit stands.
const UNIT: &str = "/etc/systemd/system/salve.service";
/// Who may attach is said by membership in this group.
const SYSUSERS: &str = "/etc/sysusers.d/salve.conf";

/// What a file of ours begins with: others are neither replaced nor removed.
const OURS: &str = "# Written by `salve service install`";

/// The unit. Directives that would give the daemon mounts of its own (`ProtectSystem=`, `ProtectHome=`, `PrivateTmp=`
/// and their like) are left out on purpose: it cleans the host's own folders, and a mount that it mends must be mended
/// for everybody. What can be taken away without that is.
const TEMPLATE: &str = "\
# Written by `salve service install`; `salve service remove` removes it.
[Unit]
Description=salve: detects, remediates, verifies, escalates
Documentation=man:salve(1)
After=dbus.service
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={exe} daemon
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=1s
# fed by the loop's own progress only
WatchdogSec=60s
# a running attempt finishes and is recorded
TimeoutStopSec=45s
KillMode=mixed
OOMScoreAdjust=-900
UMask=0077
LimitNOFILE=65536
StateDirectory=salve
StateDirectoryMode=0700
# every attempt gets its own control group below this one
Delegate=yes

CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_LEASE \\
  CAP_NET_ADMIN CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETGID CAP_SETUID CAP_SYS_ADMIN CAP_SYS_NICE CAP_SYS_PTRACE \\
  CAP_SYS_RESOURCE
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
# a denied system call fails and kills no process
SystemCallFilter=~@cpu-emulation @debug @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
KeyringMode=private

[Install]
WantedBy=multi-user.target
";

pub fn run(verb: &ServiceVerb) -> Result<ExitCode, Failure> {
    match verb {
        ServiceVerb::Print => stream::text(&unit(&program()?)),
        ServiceVerb::Install => install()?,
        ServiceVerb::Remove => remove()?,
    }
    Ok(ExitCode::SUCCESS)
}

fn unit(exe: &Path) -> String {
    // a space or a percent sign in a path would be read as more than that
    let exe = exe.display().to_string().replace('%', "%%").replace(' ', "\\x20");
    TEMPLATE.replace("{exe}", &exe)
}

fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .and_then(fs::canonicalize)
        .map_err(|error| Failure::Io("the path of this program".into(), error))
}

fn install() -> Result<(), Failure> {
    only_root()?;
    under_systemd()?;
    let exe = program()?;
    trusted(&exe)?;
    if Group::from_name(GROUP).ok().flatten().is_none() {
        write(Path::new(SYSUSERS), &format!("{OURS}: members may attach to salve.\ng {GROUP} -\n"))?;
        call("systemd-sysusers", &[SYSUSERS])?;
        println!("group {GROUP}: created; `usermod -aG {GROUP} NAME` lets a user view, pause and approve");
    }
    let text = unit(&exe);
    ours(Path::new(UNIT))?;
    if fs::read_to_string(UNIT).is_ok_and(|there| there == text) {
        println!("{UNIT}: unchanged");
    } else {
        write(Path::new(UNIT), &text)?;
        println!("{UNIT}: written");
    }
    call("systemctl", &["daemon-reload"])?;
    call("systemctl", &["enable", "--quiet", "salve.service"])?;
    // also where it ran already: this is how an update takes effect
    call("systemctl", &["restart", "salve.service"])?;
    println!("salve.service: enabled and running; `salve` attaches to it, `salve doctor` checks it");
    Ok(())
}

fn remove() -> Result<(), Failure> {
    only_root()?;
    if Path::new(UNIT).exists() {
        under_systemd()?;
        ours(Path::new(UNIT))?;
        call("systemctl", &["disable", "--quiet", "--now", "salve.service"])?;
        delete(Path::new(UNIT))?;
        call("systemctl", &["daemon-reload"])?;
        println!("{UNIT}: removed");
    } else {
        println!("{UNIT}: not found");
    }
    if Path::new(SYSUSERS).exists() && ours(Path::new(SYSUSERS)).is_ok() {
        delete(Path::new(SYSUSERS))?;
        println!("{SYSUSERS}: removed; the group stays for its members: `groupdel {GROUP}` removes it");
    }
    println!("journal, tickets and settings stay: /var/lib/salve, /etc/salve");
    Ok(())
}

fn only_root() -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Failure::Forbid("permission denied: installing or removing the service needs root (use sudo)".into()))
}

fn under_systemd() -> Result<(), Failure> {
    if Path::new("/run/systemd/system").is_dir() {
        return Ok(());
    }
    Err(Failure::Said(
        "this host does not run systemd: have its supervisor run `salve daemon` in the foreground".into(),
    ))
}

/// Whoever can write the program is root from its next start on.
fn trusted(exe: &Path) -> Result<(), Failure> {
    for part in exe.ancestors() {
        let there = fs::metadata(part).map_err(|error| Failure::Io(part.display().to_string(), error))?;
        if there.uid() != 0 || there.mode() & 0o022 != 0 {
            return Err(Failure::Said(format!(
                "{}: somebody else than root can write it (uid {}, mode {:04o}); install the program first: install -m \
                 755 {} /usr/local/bin/salve, then /usr/local/bin/salve service install",
                part.display(),
                there.uid(),
                there.mode() & 0o7777,
                exe.display()
            )));
        }
    }
    Ok(())
}

/// Somebody else's file stays as it is.
fn ours(path: &Path) -> Result<(), Failure> {
    match fs::read_to_string(path) {
        Ok(text) if !text.starts_with(OURS) => Err(Failure::Said(format!(
            "{}: not written by `salve service install` and therefore kept; move it away first",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::Io(path.display().to_string(), error);
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(failed)?;
    let new = path.with_extension("new");
    let written = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        fs::File::open(folder)?.sync_all()
    };
    written().map_err(failed)
}

fn delete(path: &Path) -> Result<(), Failure> {
    fs::remove_file(path).map_err(|error| Failure::Io(path.display().to_string(), error))
}

fn call(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    let line = format!("{program} {}", arguments.join(" "));
    let status = Command::new(program).args(arguments).status().map_err(|error| Failure::Io(line.clone(), error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Said(format!("{line}: {status}; see `journalctl -u salve.service -n 30`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_names_this_program_and_nothing_gives_it_mounts_of_its_own() {
        let text = unit(Path::new("/opt/my tools/100%/salve"));
        assert!(text.contains("ExecStart=/opt/my\\x20tools/100%%/salve daemon\n"), "{text}");
        let directives = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        let own_mounts = ["ProtectSystem", "ProtectHome", "PrivateTmp", "ProtectKernelTunables", "ReadWritePaths"];
        assert!(directives.map(|(name, _)| name).all(|name| !own_mounts.contains(&name)));
        assert!(!text.contains("{exe}"));
    }

    #[test]
    fn a_program_that_others_can_write_is_no_service() {
        let folder = tempfile::tempdir().unwrap();
        let exe = folder.path().join("salve");
        fs::write(&exe, "").unwrap();
        let refused = trusted(&exe).unwrap_err().to_string();
        assert!(refused.contains("can write it") && refused.contains("/usr/local/bin/salve"), "{refused}");
    }
}
