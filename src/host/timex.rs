//! What the kernel knows of its clock. One system call that no safe crate offers, asked to change nothing.

#![allow(unsafe_code, reason = "adjtimex is in no safe crate; the one call stands here")]

use std::io;
use std::time::Duration;

/// How the clock is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSync {
    /// A time client keeps it.
    pub synchronised: bool,
    /// What the kernel still has to correct, whichever way.
    pub offset: Duration,
    /// How wrong it may be at most.
    pub error: Duration,
}

/// Asks the kernel.
///
/// # Errors
/// Where a sandbox forbids to ask.
pub fn kept() -> io::Result<ClockSync> {
    // SAFETY: all of its fields are plain integers, for which zero is a value; `modes` 0 changes nothing.
    let mut timex: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live, exclusively borrowed `timex` of the C library's own layout.
    let state = unsafe { libc::adjtimex(&raw mut timex) };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    let offset = timex.offset.unsigned_abs();
    let nanoseconds = timex.status & libc::STA_NANO != 0;
    Ok(ClockSync {
        synchronised: timex.status & libc::STA_UNSYNC == 0 && state != libc::TIME_ERROR,
        offset: if nanoseconds { Duration::from_nanos(offset) } else { Duration::from_micros(offset) },
        error: Duration::from_micros(timex.maxerror.unsigned_abs()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_works_without_privileges() {
        let kept = kept().unwrap();
        assert!(kept.error < Duration::from_hours(24), "{kept:?}");
    }
}
