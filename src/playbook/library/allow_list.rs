//! Where `clean` may delete. Compiled in; only a root-owned setting adds to it, and never what is listed here as
//! somebody's keys or a package's state.

use std::path::Path;

/// A folder below which aged files may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedRoot {
    /// The folder's absolute path.
    pub path: &'static str,
    /// Only files whose names say that a log rotation made them.
    pub rotated_only: bool,
}

/// All of them.
pub const ALLOWED_ROOTS: [AllowedRoot; 6] = [
    AllowedRoot { path: "/tmp", rotated_only: false },
    AllowedRoot { path: "/var/tmp", rotated_only: false },
    AllowedRoot { path: "/var/cache/apt/archives", rotated_only: false },
    AllowedRoot { path: "/var/log", rotated_only: true },
    AllowedRoot { path: "/var/crash", rotated_only: false },
    AllowedRoot { path: "/var/lib/systemd/coredump", rotated_only: false },
];

/// With everything below them: the system, its keys, and what packages and people keep there for good.
const WITH_ALL_BELOW: [&str; 62] = [
    "/bin",
    "/boot",
    "/dev",
    "/efi",
    "/etc",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/snap",
    "/sys",
    "/usr",
    "/var/backups",
    "/var/db",
    "/var/lib/alternatives",
    "/var/lib/apt",
    "/var/lib/bluetooth",
    "/var/lib/cloud",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/dbus",
    "/var/lib/dkms",
    "/var/lib/docker",
    "/var/lib/dpkg",
    "/var/lib/etcd",
    "/var/lib/flatpak",
    "/var/lib/incus",
    "/var/lib/kubelet",
    "/var/lib/ldap",
    "/var/lib/libvirt",
    "/var/lib/lxc",
    "/var/lib/lxd",
    "/var/lib/machines",
    "/var/lib/mysql",
    "/var/lib/NetworkManager",
    "/var/lib/pacman",
    "/var/lib/pam",
    "/var/lib/pgsql",
    "/var/lib/polkit-1",
    "/var/lib/portables",
    "/var/lib/postgresql",
    "/var/lib/private",
    "/var/lib/rpm",
    "/var/lib/salve",
    "/var/lib/samba",
    "/var/lib/snapd",
    "/var/lib/sudo",
    "/var/lib/ucf",
    "/var/lock",
    "/var/log/audit",
    "/var/log/journal",
    "/var/mail",
    "/var/run",
    "/var/spool",
    "/var/www",
    "/var/yp",
];

/// By themselves: what lies below them may be added by a setting.
const THEMSELVES: [&str; 10] =
    ["/", "/media", "/mnt", "/opt", "/srv", "/var", "/var/cache", "/var/lib", "/var/lib/systemd", "/var/log/private"];

/// Folders of keys and of history, wherever they are.
const KEYS: [&str; 8] = [".aws", ".config", ".docker", ".git", ".gnupg", ".kube", ".password-store", ".ssh"];

/// Is this a folder that is never cleaned, whatever a setting says?
#[must_use]
pub fn is_never_cleaned(path: &Path) -> bool {
    let coredumps = path.starts_with("/var/lib/systemd/coredump");
    let state = path.starts_with("/var/lib/systemd") && !coredumps;
    state
        || WITH_ALL_BELOW.iter().any(|folder| path.starts_with(folder))
        || THEMSELVES.iter().any(|folder| path == Path::new(folder))
        || path.iter().any(|part| KEYS.iter().any(|keys| part == *keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_what_packages_keep_are_never_cleaned() {
        for path in [
            "/root/.ssh",
            "/var/lib/dpkg",
            "/var/lib/dpkg/info",
            "/var/spool/cron",
            "/var/spool/cron/crontabs",
            "/home/anna",
            "/srv/app/.git/objects",
            "/var/lib/systemd/timers",
            "/var/lib",
            "/var/log/journal",
            "/",
        ] {
            assert!(is_never_cleaned(Path::new(path)), "{path}");
        }
        for path in ["/srv/scratch", "/var/lib/app/cache", "/opt/app/tmp", "/var/log/app", "/mnt/data/old"] {
            assert!(!is_never_cleaned(Path::new(path)), "{path}");
        }
        assert!(ALLOWED_ROOTS.iter().all(|root| !is_never_cleaned(Path::new(root.path))));
    }
}
