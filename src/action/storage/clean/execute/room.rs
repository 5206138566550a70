//! How full the file system is, counted as `df` counts, and whether that is what the verifier wants.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{StatVfs, fstatvfs};

use super::StopCondition;
use crate::playbook::value::Amount;

/// Space and inodes of one file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes in use.
    pub used: u64,
    /// Bytes free for an unprivileged user.
    pub free: u64,
    /// Inodes in use.
    pub inodes_used: u64,
    /// All inodes; 0 where the file system does not count them.
    pub inodes: u64,
}

impl Room {
    /// Reads the figures of the file system that an open file is on.
    pub fn of(file: impl AsFd) -> io::Result<Self> {
        let found: StatVfs = fstatvfs(file)?;
        Ok(Self {
            used: found.f_blocks.saturating_sub(found.f_bfree).saturating_mul(found.f_frsize),
            free: found.f_bavail.saturating_mul(found.f_frsize),
            inodes_used: found.f_files.saturating_sub(found.f_ffree),
            inodes: found.f_files,
        })
    }

    /// The figures after a deletion of this many files and bytes.
    pub fn without(self, files: u64, bytes: u64) -> Self {
        Self {
            used: self.used.saturating_sub(bytes),
            free: self.free.saturating_add(bytes.min(self.used)),
            inodes_used: self.inodes_used.saturating_sub(files),
            ..self
        }
    }

    /// Percent in use, of what an unprivileged user can use at all.
    pub fn used_percent(self) -> f64 {
        percent(self.used, self.used.saturating_add(self.free))
    }

    /// Whether all bounds hold. False without any bound, because there is nothing to stop at.
    pub fn is(self, enough: &[StopCondition]) -> bool {
        !enough.is_empty() && enough.iter().all(|bound| self.meets(*bound))
    }

    fn meets(self, bound: StopCondition) -> bool {
        let whole = self.used.saturating_add(self.free);
        let (bound, part, whole) = match bound {
            StopCondition::Used(bound) => (bound, self.used, whole),
            StopCondition::Free(bound) => (bound, self.free, whole),
            StopCondition::Inodes(bound) => (bound, self.inodes_used, self.inodes),
        };
        match bound.amount {
            Amount::Percent(_) => bound.admits(percent(part, whole)),
            Amount::Bytes(_) | Amount::Count(_) => bound.admits(figure(part)),
        }
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { figure(part) / figure(whole) * 100.0 }
}

#[allow(clippy::cast_precision_loss, reason = "sizes beyond 2^52 bytes need no exact comparison")]
fn figure(count: u64) -> f64 {
    count as f64
}

/// A stop condition as text, as in `used < 80%`.
pub fn words(bound: &StopCondition) -> String {
    match bound {
        StopCondition::Used(bound) => format!("used {bound}"),
        StopCondition::Free(bound) => format!("free {bound}"),
        StopCondition::Inodes(bound) => format!("inodes {bound}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_met_in_percent_bytes_and_inodes() {
        let room = Room { used: 790, free: 210, inodes_used: 10, inodes: 100 };
        let used = StopCondition::Used("< 80%".parse().unwrap());
        assert!(room.is(&[used]));
        assert!(!Room { used: 800, free: 200, ..room }.is(&[used]));
        assert!(room.is(&[
            used,
            StopCondition::Free("> 200 B".parse().unwrap()),
            StopCondition::Inodes("< 20%".parse().unwrap())
        ]));
        assert!(!room.is(&[used, StopCondition::Inodes("< 5".parse().unwrap())]));
        assert!(!room.is(&[]));
    }

    #[test]
    fn what_would_go_is_taken_from_what_is_used() {
        let room = Room { used: 900, free: 100, inodes_used: 10, inodes: 100 };
        assert_eq!(room.without(3, 200), Room { used: 700, free: 300, inodes_used: 7, inodes: 100 });
    }
}
