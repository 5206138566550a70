//! Where `clean` may delete. Compiled in; only a root-owned setting adds to it.

/// A folder below which aged files may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedRoot {
    /// Absolute.
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
