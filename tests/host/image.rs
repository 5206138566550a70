//! The base image: Debian with systemd and the services that scenarios break, made once and kept outside the tree.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Once;

/// What must be there before any service is installed; services come afterwards, with their start forbidden.
const BASE: &str = "systemd,systemd-sysv,dbus,procps,iproute2,curl,ca-certificates,kmod,udev";
const SERVICES: &str = "nginx-light openssh-server openssh-client redis-server postgresql cron rsyslog logrotate \
    apache2 openssl systemd-resolved dnsmasq-base systemd-timesyncd python3 sshfs podman busybox-static \
    linux-image-cloud-amd64 initramfs-tools";
/// A host has what a scenario starts, and nothing else.
const QUIET: &str = "ssh apache2 redis-server postgresql cron rsyslog systemd-resolved systemd-timesyncd podman.socket";

/// Makes a virtual machine one that can be reached.
const REACHED: &str = "[Unit]\nAfter=ssh.service\nWants=ssh.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\n\
    ExecStart=/bin/sh -c 'ip link set eth0 up; ip address add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2'\n";

/// Where the image is kept.
pub fn folder() -> PathBuf {
    std::env::var_os("SALVE_TEST_HOST_DIR").map_or_else(|| "/var/tmp/salve-test-host".into(), PathBuf::from)
}

/// The image's root.
pub fn base() -> PathBuf {
    folder().join("base")
}

/// The key that opens a virtual machine.
pub fn key() -> PathBuf {
    folder().join("key")
}

/// Why no host can be booted here.
pub fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("this is not root".into());
    }
    let there = |program: &str| {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().any(|folder| PathBuf::from(folder).join(program).exists())
    };
    let needed = [
        "systemd-nspawn",
        "debootstrap",
        "nsenter",
        "qemu-system-x86_64",
        "mke2fs",
        "debugfs",
        "ssh",
        "ssh-keygen",
        "strip",
    ];
    let absent: Vec<&str> = needed.into_iter().filter(|program| !there(program)).collect();
    (!absent.is_empty()).then(|| format!("{} not installed", absent.join(", ")))
}

/// What the image is made of: a change makes it anew.
fn recipe() -> String {
    format!("{BASE}\n{SERVICES}\n{QUIET}\n{REACHED}")
}

/// Makes the image, where it is not there yet. Two runs at once wait for each other.
pub fn prepare() {
    fs::create_dir_all(folder()).unwrap();
    let lock = File::create(folder().join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let ready = folder().join("ready");
    if fs::read_to_string(&ready).is_ok_and(|made_of| made_of == recipe()) {
        return;
    }
    let _ = fs::remove_dir_all(base());
    eprintln!("making the image of a Debian host, once (about two minutes) …");
    run(Command::new("debootstrap").args(["--variant=minbase", &format!("--include={BASE}"), "bookworm"]).arg(base()));
    let policy = base().join("usr/sbin/policy-rc.d");
    fs::write(&policy, "#!/bin/sh\nexit 101\n").unwrap();
    run(Command::new("chmod").arg("755").arg(&policy));
    let _ = fs::copy("/etc/resolv.conf", base().join("etc/resolv.conf"));
    let install = format!(
        "apt-get -qq update && apt-get -qq install -y --no-install-recommends {SERVICES} && \
         for unit in {QUIET}; do systemctl -q disable $unit; done; apt-get clean"
    );
    run(Command::new("chroot").arg(base()).args(["sh", "-c", &install]).env("DEBIAN_FRONTEND", "noninteractive"));
    fs::remove_file(&policy).unwrap();
    fs::write(base().join("etc/systemd/system/reached.service"), REACHED).unwrap();
    let _ = fs::remove_file(key());
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key()));
    fs::create_dir_all(base().join("root/.ssh")).unwrap();
    fs::copy(key().with_extension("pub"), base().join("root/.ssh/authorized_keys")).unwrap();
    let _ = fs::remove_file(folder().join("disk"));
    fs::write(ready, recipe()).unwrap();
}

/// The image as a disk, made at the first virtual machine.
pub fn disk() -> PathBuf {
    static MADE: Once = Once::new();
    let disk = folder().join("disk");
    MADE.call_once(|| {
        if !disk.exists() {
            let fresh = folder().join("disk.fresh");
            let _ = fs::remove_file(&fresh);
            run(Command::new("mke2fs").args(["-q", "-t", "ext4", "-d"]).arg(base()).arg(&fresh).arg("3G"));
            fs::rename(fresh, &disk).unwrap();
        }
    });
    disk
}

fn run(command: &mut Command) {
    let log = folder().join("build.log");
    let output = File::options().create(true).append(true).open(&log).unwrap();
    let status = command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
    assert!(status.success(), "{command:?}: {status}; see {}", log.display());
}
