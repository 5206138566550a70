//! Space and inodes of a mounted file system. A dead server blocks only the detached thread that asks it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{StatVfsMountFlags, fstatvfs};
use serde::{Deserialize, Serialize};

use super::table::FilesystemCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, figure, joined, near, share};
use crate::check::kind::{CheckProbe, SharedSource, millis};
use crate::check::prober::{Cost, Prober};
use crate::foreign::{self, MayHang, mounts, read};
use crate::playbook::Target;
use crate::playbook::value::Bound;

/// Which file system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FilesystemSubject {
    /// Where it is mounted.
    pub mount: Arc<str>,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// A file system at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesystemSeen {
    /// Bytes in use.
    pub used: u64,
    /// Bytes that an unprivileged user could still write. `df` counts percent of `used + available`.
    pub available: u64,
    /// Inodes; 0 where the file system does not count them.
    pub inodes: u64,
    /// Inodes in use.
    pub inodes_used: u64,
    /// Whether it is mounted read-only.
    pub read_only: bool,
}

impl FilesystemSeen {
    /// The space that `df` takes percentages of, in bytes.
    fn whole(&self) -> u64 {
        self.used.saturating_add(self.available)
    }
}

impl CheckProbe for FilesystemCheck {
    type Subject = FilesystemSubject;
    type Seen = FilesystemSeen;
    const COST: Cost = Cost::Little;

    /// The mount point that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<FilesystemSubject, String> {
        let timeout_ms = millis(self.timeout, Duration::from_secs(5));
        match (&self.mount, target) {
            (Some(mount), _) => Ok(FilesystemSubject { mount: mount.as_str().into(), timeout_ms }),
            (None, Target::Mount(mount)) => Ok(FilesystemSubject { mount: mount.clone(), timeout_ms }),
            (None, _) => Err("the check names no mount point, and its target is none".into()),
        }
    }

    /// Reads the file system's figures from the kernel.
    async fn probe(subject: &FilesystemSubject, _: &Prober) -> Result<FilesystemSeen, String> {
        room(&subject.mount, Duration::from_millis(subject.timeout_ms)).await
    }

    fn judge(&self, seen: &FilesystemSeen) -> Judgement {
        let mut parts = Conditions::default();
        if let Some(bound) = self.used {
            parts.bound(bound, figure(bound, seen.used, seen.whole()), "");
        }
        if let Some(bound) = self.free {
            parts.bound(bound, figure(bound, seen.available, seen.whole()), "free ");
        }
        if let Some(bound) = self.inodes {
            // Without a table of inodes there is none to run out of.
            parts.bound(bound, figure(bound, seen.inodes_used, seen.inodes.max(1)), "inodes ");
        }
        if let Some(wanted) = self.read_only {
            parts.met(wanted == seen.read_only, if seen.read_only { "read-only" } else { "writable" });
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let labelled = |label: &str, bound: Option<Bound>| bound.map(|bound| format!("{label}{bound}"));
        joined([
            labelled("", self.used),
            labelled("free ", self.free),
            labelled("inodes ", self.inodes),
            self.read_only.map(|read_only| if read_only { "read-only" } else { "writable" }.into()),
        ])
    }

    fn is_insignificant(now: &FilesystemSeen, then: &FilesystemSeen) -> bool {
        now.read_only == then.read_only
            && near(share(now.used, now.whole()), share(then.used, then.whole()))
            && near(share(now.inodes_used, now.inodes), share(then.inodes_used, then.inodes))
    }

    fn shared_source(_: &FilesystemSubject) -> SharedSource {
        SharedSource::MountTable
    }
}

/// As [`probe`], for a mount point without a subject.
///
/// # Errors
/// In words: nothing is mounted there, or it does not answer.
pub async fn room(mount: &str, limit: Duration) -> Result<FilesystemSeen, String> {
    let path = mount.to_owned();
    let asked = foreign::at(Path::new(mount), limit, move |may_hang| ask(Path::new(&path), may_hang)).await;
    asked.map_err(|silence| silence.to_string())?
}

fn ask(mount: &Path, may_hang: &MayHang) -> Result<FilesystemSeen, String> {
    let failed = |error: std::io::Error| format!("{} cannot be looked at: {error}", mount.display());
    // What is not mounted must not pass for the file system below it.
    if !mounts::is_mount_point(mount).map_err(failed)? {
        return Err(format!("nothing is mounted at {}", mount.display()));
    }
    let walked = read::look(mount, may_hang).map_err(|refusal| refusal.to_string())?;
    let seen = fstatvfs(&walked.place).map_err(|error| failed(error.into()))?;
    let bytes = |blocks: u64| blocks.saturating_mul(seen.f_frsize);
    Ok(FilesystemSeen {
        used: bytes(seen.f_blocks.saturating_sub(seen.f_bfree)),
        available: bytes(seen.f_bavail),
        inodes: seen.f_files,
        inodes_used: seen.f_files.saturating_sub(seen.f_ffree),
        read_only: seen.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;
    use crate::host::Clock;

    const SEEN: FilesystemSeen =
        FilesystemSeen { used: 850, available: 150, inodes: 100, inodes_used: 40, read_only: false };

    #[test]
    fn room_is_judged_as_df_counts_it() {
        let used = |bound: &str| {
            FilesystemCheck { used: Some(bound.parse().unwrap()), ..FilesystemCheck::default() }.judge(&SEEN)
        };
        assert_eq!(used("> 85%").verdict, Verdict::DoesNotHold);
        assert_eq!(used(">= 85%"), Judgement { verdict: Verdict::Holds, seen: "85%".into(), figure: Some(85.0) });
        assert_eq!(used("> 800B").figure, Some(850.0));
        let free = FilesystemCheck { free: Some("< 200B".parse().unwrap()), ..FilesystemCheck::default() };
        assert_eq!(free.judge(&SEEN).seen, "free 150 B");
        assert_eq!(free.condition(), "free < 200B");
    }

    #[test]
    fn inodes_that_are_not_counted_never_run_out() {
        let check = FilesystemCheck { inodes: Some("> 30%".parse().unwrap()), ..FilesystemCheck::default() };
        assert_eq!(check.judge(&SEEN).verdict, Verdict::Holds);
        let uncounted = FilesystemSeen { inodes: 0, inodes_used: 0, ..SEEN };
        assert_eq!(check.judge(&uncounted).verdict, Verdict::DoesNotHold);
    }

    #[test]
    fn read_only_is_told() {
        let check = FilesystemCheck { read_only: Some(true), ..FilesystemCheck::default() };
        assert_eq!(check.judge(&SEEN).verdict, Verdict::DoesNotHold);
        assert_eq!(check.judge(&FilesystemSeen { read_only: true, ..SEEN }).seen, "read-only");
    }

    #[tokio::test]
    async fn the_root_is_seen_and_a_folder_that_is_no_mount_point_is_not() {
        let prober = Prober::new(Clock::starting());
        let at = |mount: &str| FilesystemSubject { mount: mount.into(), timeout_ms: 30_000 };
        let root = FilesystemCheck::probe(&at("/"), &prober).await.unwrap();
        assert!(root.used > 0);
        let folder = FilesystemCheck::probe(&at("/etc"), &prober).await;
        assert_eq!(folder, Err("nothing is mounted at /etc".into()));
    }
}
