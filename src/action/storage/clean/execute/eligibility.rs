//! Decides from a file's metadata and name whether it may be deleted. Every refusal has a reason, which is counted and
//! reported.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::FileType;

use super::ResolvedClean;
use crate::foreign::openat2::FileStatus;

/// Why a file is not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// Its modification, change or birth is too recent.
    Young,
    /// A link, FIFO, socket or device.
    NotAFile,
    /// It has more than one hard link.
    Linked,
    /// setuid or setgid.
    Privileged,
    /// Immutable or append-only.
    Immutable,
    /// Marked with the sticky bit: keep me.
    Sticky,
    /// A database, write-ahead log, socket, pid or lock file by its name or first bytes.
    Precious,
    /// Below `/var/log`, and not a rotated log but the log itself.
    NotRotated,
    /// A process has it open or mapped.
    InUse,
    /// The file or its folder is locked.
    Locked,
    /// It is unknown whether a process has it open.
    CannotTell,
    /// It has changed since it was found eligible.
    Changed,
    /// Below a mount point, or on another device.
    OtherMount,
    /// It lies deeper than the limit of folders.
    TooDeep,
    /// It belongs to salve's own state.
    OwnState,
    /// It cannot be read or removed, for lack of permission.
    NoPermission,
    /// A cap was reached.
    Cap,
    /// The verifier's target was met.
    Enough,
}

impl SkipReason {
    /// The reason as reports and dry runs show it: a short phrase without a full stop.
    pub fn words(self) -> &'static str {
        match self {
            Self::Young => "too young",
            Self::NotAFile => "no regular file",
            Self::Linked => "more than one name",
            Self::Privileged => "setuid or setgid",
            Self::Immutable => "immutable or append-only",
            Self::Sticky => "marked to be kept (sticky bit)",
            Self::Precious => "database, write-ahead log, socket, pid or lock file",
            Self::NotRotated => "no rotated log file",
            Self::InUse => "in use",
            Self::Locked => "locked",
            Self::CannotTell => "cannot tell whether it is in use",
            Self::Changed => "changed while being looked at",
            Self::OtherMount => "on another mount",
            Self::TooDeep => "too deep",
            Self::OwnState => "salve's own state",
            Self::NoPermission => "no permission",
            Self::Cap => "past the cap",
            Self::Enough => "no longer needed to go",
        }
    }
}

/// Decides whether a file may be deleted, from its name and metadata. `now` is wall time in nanoseconds.
pub fn judge(name: &OsStr, seen: &FileStatus, resolved: &ResolvedClean, now: i128) -> Result<(), SkipReason> {
    const SETUID_SETGID: u32 = 0o6000;
    const STICKY: u32 = 0o1000;
    if seen.kind() != FileType::RegularFile {
        return Err(SkipReason::NotAFile);
    }
    if seen.links != 1 {
        return Err(SkipReason::Linked);
    }
    // A time in the future is no age at all.
    if now - seen.newest() < i128::from(resolved.older_than_ms) * 1_000_000 {
        return Err(SkipReason::Young);
    }
    if seen.mode & SETUID_SETGID != 0 {
        return Err(SkipReason::Privileged);
    }
    if seen.mode & STICKY != 0 {
        return Err(SkipReason::Sticky);
    }
    if seen.held_fast {
        return Err(SkipReason::Immutable);
    }
    let name = name.as_bytes();
    if resolved.rotated_only && !is_rotated(name) {
        return Err(SkipReason::NotRotated);
    }
    // A rotated log is not precious, whatever it was a log of.
    if !resolved.rotated_only && is_precious(name) { Err(SkipReason::Precious) } else { Ok(()) }
}

/// A database, write-ahead log, socket, pid or lock file by its name.
pub fn is_precious(name: &[u8]) -> bool {
    const ENDS: [&str; 37] = [
        ".db", ".db3", ".sqlite", ".sqlite2", ".sqlite3", ".mdb", ".ldb", ".sst", ".kdb", ".rdb", ".aof", ".ibd",
        ".frm", ".myd", ".myi", ".ibdata", ".dbf", ".gdbm", ".lmdb", ".wt", ".wal", "-wal", "-shm", "-journal", "_wal",
        ".log-wal", ".pid", ".pids", ".lock", ".lck", ".lok", "-lock", "_lock", ".sock", ".socket", "-socket", ".swp",
    ];
    const NAMES: [&str; 14] = [
        "lock",
        "current",
        "pg_version",
        "pg_control",
        "postmaster.opts",
        "ibdata1",
        "ibtmp1",
        "lockfile",
        "pid",
        "socket",
        "mongod.lock",
        "wiredtiger",
        "aria_log_control",
        "parent.lock",
    ];
    const BEGINNINGS: [&str; 6] = [".s.pgsql.", "ib_logfile", "ibdata", "manifest-", "mysql-bin.", "undo_0"];
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    // Write-ahead segments of PostgreSQL, with or without an ending.
    let hex = name.bytes().take_while(u8::is_ascii_hexdigit).count();
    let segment = hex == 24 && (name.len() == 24 || name.as_bytes()[24] == b'.');
    segment
        || ENDS.iter().any(|end| name.ends_with(end))
        || NAMES.contains(&name.as_str())
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || (name.starts_with(".x") && name.ends_with("-lock"))
}

/// A database by its first bytes.
pub fn is_database(first: &[u8]) -> bool {
    first.starts_with(b"SQLite format 3\0")
        || first.starts_with(b"REDIS0")
        || first.get(4..8) == Some(b"\x00\x05\x31\x62")
}

/// A folder that is never entered: what is in it belongs together.
pub fn is_closed_folder(name: &[u8]) -> bool {
    const CLOSED: [&[u8]; 6] = [b"lost+found", b".git", b"pg_wal", b"pg_xlog", b".X11-unix", b".ICE-unix"];
    CLOSED.contains(&name)
}

/// A name that a log rotation made: `.1`, `.2.gz`, `.old`, `-20260131`, `.2026-01-31.xz`.
pub fn is_rotated(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    let bare = [".gz", ".xz", ".bz2", ".zst", ".lz4"].iter().find_map(|end| name.strip_suffix(end));
    if bare.is_some_and(|bare| !bare.is_empty()) {
        return true;
    }
    let Some((stem, end)) = name.rsplit_once(['.', '-']).filter(|(stem, _)| !stem.is_empty()) else { return false };
    let digits = !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = digits && end.len() <= 3 && name.as_bytes()[stem.len()] == b'.';
    let dated = digits && matches!(end.len(), 8 | 10 | 12 | 14) && (end.starts_with("19") || end.starts_with("20"));
    numbered || dated || end == "old" || is_dashed_date(&name)
}

/// Ends in `2026-01-31` after a `.` or `-`.
fn is_dashed_date(name: &str) -> bool {
    let Some(date) = name.len().checked_sub(11).and_then(|at| name.get(at..)) else { return false };
    date.bytes().enumerate().all(|(at, byte)| match at {
        0 => matches!(byte, b'.' | b'-'),
        5 | 8 => byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const DAY: i128 = 86_400_000_000_000;

    fn resolved() -> ResolvedClean {
        ResolvedClean {
            root: PathBuf::from("/tmp"),
            base: PathBuf::from("/tmp"),
            identity: None,
            rotated_only: false,
            older_than_ms: 86_400_000,
            max_files: 10,
            max_bytes: None,
            max_depth: 32,
            enough: Vec::new(),
        }
    }

    fn old() -> FileStatus {
        FileStatus {
            device: 1,
            inode: 2,
            mount: 3,
            mode: 0o100_644,
            links: 1,
            owner: 0,
            group: 0,
            size: 1,
            takes: 512,
            modified: 0,
            changed: 0,
            born: Some(0),
            held_fast: false,
            mount_root: false,
        }
    }

    fn verdict(name: &str, seen: FileStatus) -> Result<(), SkipReason> {
        judge(name.as_ref(), &seen, &resolved(), 2 * DAY)
    }

    #[test]
    fn a_file_goes_only_when_all_three_times_are_old() {
        assert_eq!(verdict("a", old()), Ok(()));
        assert_eq!(verdict("a", FileStatus { modified: DAY + 1, ..old() }), Err(SkipReason::Young));
        assert_eq!(verdict("a", FileStatus { changed: DAY + 1, ..old() }), Err(SkipReason::Young));
        assert_eq!(verdict("a", FileStatus { born: Some(DAY + 1), ..old() }), Err(SkipReason::Young));
        assert_eq!(verdict("a", FileStatus { modified: 9 * DAY, ..old() }), Err(SkipReason::Young));
        assert_eq!(verdict("a", FileStatus { born: None, changed: DAY, ..old() }), Ok(()));
    }

    #[test]
    fn what_is_no_plain_lone_unmarked_file_stays() {
        for (mode, kept) in [
            (0o120_777, SkipReason::NotAFile),
            (0o010_644, SkipReason::NotAFile),
            (0o140_755, SkipReason::NotAFile),
            (0o040_755, SkipReason::NotAFile),
            (0o104_755, SkipReason::Privileged),
            (0o102_755, SkipReason::Privileged),
            (0o101_644, SkipReason::Sticky),
        ] {
            assert_eq!(verdict("a", FileStatus { mode, ..old() }), Err(kept), "{mode:o}");
        }
        assert_eq!(verdict("a", FileStatus { links: 2, ..old() }), Err(SkipReason::Linked));
        assert_eq!(verdict("a", FileStatus { links: 0, ..old() }), Err(SkipReason::Linked));
        assert_eq!(verdict("a", FileStatus { held_fast: true, ..old() }), Err(SkipReason::Immutable));
    }

    #[test]
    fn databases_logs_of_writes_sockets_pid_and_lock_files_stay_by_their_names() {
        for name in [
            "app.db",
            "APP.SQLITE3",
            "x.db-wal",
            "x-shm",
            "x.db-journal",
            "app.pid",
            "app.lock",
            ".X0-lock",
            "a.sock",
            ".s.PGSQL.5432",
            "00000001000000A900000042",
            "00000001000000A900000042.partial",
            "ibdata1",
            "dump.rdb",
            "LOCK",
        ] {
            assert_eq!(verdict(name, old()), Err(SkipReason::Precious), "{name}");
        }
        for name in ["build.log", "core.123", "upload.tmp", "a1b2", "phpABCDEF", "lockers.txt", "pidgin.log"] {
            assert_eq!(verdict(name, old()), Ok(()), "{name}");
        }
    }

    #[test]
    fn in_the_log_folder_only_rotated_files_go() {
        for name in [
            "syslog.1",
            "a.log.2.gz",
            "a.log-20260131",
            "a.log-20260131.xz",
            "Xorg.0.log.old",
            "a.2026-01-31",
            "btmp.12",
        ] {
            assert!(is_rotated(name.as_bytes()), "{name}");
        }
        for name in ["syslog", "a.log", "mysql.err", ".1", ".gz", "a-1", "a.1234", "a.99999999", "wtmp", "a.2026-1-31"]
        {
            assert!(!is_rotated(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_database_is_known_by_its_first_bytes() {
        assert!(is_database(b"SQLite format 3\0\x10\0"));
        assert!(is_database(b"REDIS0009"));
        assert!(!is_database(b""));
        assert!(!is_database(b"plain text"));
    }
}
