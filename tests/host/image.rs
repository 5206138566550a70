//! The base image: Debian with systemd and nginx, made once and kept outside the tree.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What must be there before any service is installed; services come afterwards, with their start forbidden.
const BASE: &str = "systemd,systemd-sysv,dbus,procps,iproute2,curl,ca-certificates";
const SERVICES: &str = "nginx-light openssh-server openssh-client";

/// Where the image is kept.
pub fn folder() -> PathBuf {
    std::env::var_os("SALVE_TEST_HOST_DIR").map_or_else(|| "/var/tmp/salve-test-host".into(), PathBuf::from)
}

/// The image's root.
pub fn base() -> PathBuf {
    folder().join("base")
}

/// Why no host can be booted here.
pub fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("this is not root".into());
    }
    let there = |program: &str| {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().any(|folder| PathBuf::from(folder).join(program).exists())
    };
    let absent: Vec<&str> =
        ["systemd-nspawn", "debootstrap", "nsenter"].into_iter().filter(|program| !there(program)).collect();
    (!absent.is_empty()).then(|| format!("{} not installed", absent.join(", ")))
}

/// Makes the image, where it is not there yet. Two runs at once wait for each other.
pub fn prepare() {
    fs::create_dir_all(folder()).unwrap();
    let lock = File::create(folder().join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let ready = folder().join("ready");
    if fs::read_to_string(&ready).is_ok_and(|made_of| made_of == format!("{BASE}\n{SERVICES}\n")) {
        return;
    }
    let _ = fs::remove_dir_all(base());
    eprintln!("making the image of a Debian host, once (about a minute) …");
    run(Command::new("debootstrap").args(["--variant=minbase", &format!("--include={BASE}"), "bookworm"]).arg(base()));
    let policy = base().join("usr/sbin/policy-rc.d");
    fs::write(&policy, "#!/bin/sh\nexit 101\n").unwrap();
    run(Command::new("chmod").arg("755").arg(&policy));
    let _ = fs::copy("/etc/resolv.conf", base().join("etc/resolv.conf"));
    let install = format!("apt-get -qq update && apt-get -qq install -y --no-install-recommends {SERVICES}");
    run(Command::new("chroot").arg(base()).args(["sh", "-c", &install]).env("DEBIAN_FRONTEND", "noninteractive"));
    // a host has what a scenario starts, and nothing else
    run(Command::new("chroot").arg(base()).args(["systemctl", "-q", "disable", "ssh"]));
    fs::remove_file(&policy).unwrap();
    fs::write(ready, format!("{BASE}\n{SERVICES}\n")).unwrap();
}

fn run(command: &mut Command) {
    let log = folder().join("build.log");
    let output = File::options().create(true).append(true).open(&log).unwrap();
    let status = command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
    assert!(status.success(), "{command:?}: {status}; see {}", log.display());
}
