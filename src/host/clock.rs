//! The two clocks, read from the kernel.

pub mod recent_max;

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::core::{Mono, Now};

/// Turns `CLOCK_BOOTTIME` into [`Mono`]: it goes on within one boot, and over a reboot takes up where the last record
/// left it, because time that nobody observed must not give budget back.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// What [`Mono`] was at `boottime`.
    base: Mono,
    /// `CLOCK_BOOTTIME` then, in milliseconds.
    boottime: u64,
}

/// Where a clock stood when something was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockMark {
    /// The kernel's id of the boot to which `boottime` belongs.
    pub boot_id: Arc<str>,
    /// `CLOCK_BOOTTIME`, in milliseconds.
    pub boottime: u64,
    /// The [`Mono`] that it stood for.
    pub mono: Mono,
}

impl Clock {
    /// The clock of a host that salve sees for the first time: it stands where the host's own does.
    #[must_use]
    pub fn starting() -> Self {
        let boottime = boottime_ms();
        Self { base: Mono(boottime), boottime }
    }

    /// A clock that goes on from a mark: by the time since within the same boot, by nothing after a reboot.
    #[must_use]
    pub fn continuing(mark: &ClockMark, boot_id: &str) -> Self {
        if *mark.boot_id == *boot_id && mark.boottime <= boottime_ms() {
            Self { base: mark.mono, boottime: mark.boottime }
        } else {
            Self { base: mark.mono, boottime: boottime_ms() }
        }
    }

    /// What durations run on.
    #[must_use]
    pub fn mono(&self) -> Mono {
        self.at_boottime(boottime_ms())
    }

    /// What a moment of `CLOCK_BOOTTIME`, in milliseconds, stands for.
    #[must_use]
    pub fn at_boottime(&self, boottime: u64) -> Mono {
        if boottime >= self.boottime {
            self.base + Duration::from_millis(boottime - self.boottime)
        } else {
            self.base - Duration::from_millis(self.boottime - boottime)
        }
    }

    /// This moment on both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        let zoned = jiff::Zoned::now();
        let minute = i32::from(zoned.hour()) * 60 + i32::from(zoned.minute());
        Now { mono: self.mono(), wall: zoned.timestamp(), minute_of_day: u16::try_from(minute).unwrap_or_default() }
    }
}

/// `CLOCK_BOOTTIME` in milliseconds: runs through suspend, and no change of the wall clock touches it.
#[must_use]
pub fn boottime_ms() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    u64::try_from(time.tv_sec).unwrap_or_default() * 1000 + u64::try_from(time.tv_nsec).unwrap_or_default() / 1_000_000
}

/// The kernel's name for this boot.
///
/// # Errors
/// Where `/proc/sys/kernel/random/boot_id` cannot be read.
pub fn boot_id() -> std::io::Result<Arc<str>> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().into())
}

/// `CLOCK_MONOTONIC` in microseconds: what systemd dates with.
#[must_use]
pub fn monotonic_us() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1000
}

/// What a moment of `CLOCK_MONOTONIC`, in microseconds, was on `CLOCK_BOOTTIME`, in milliseconds; exact unless the host
/// was suspended since.
#[must_use]
pub fn boottime_at_monotonic(monotonic_us: u64) -> u64 {
    boottime_ms().saturating_sub(self::monotonic_us().saturating_sub(monotonic_us) / 1000)
}
