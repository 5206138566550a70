//! The two clocks. Durations run on [`Mono`]; wall time only names moments and windows of the day.

pub mod parse_time;
pub(super) mod timers;
pub mod window;

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds of observed running time of this host since salve first saw it.
///
/// Within one boot it advances with `CLOCK_BOOTTIME`; over a reboot it goes on where the last record left it, so
/// time that nobody observed never gives budget back. No change of the wall clock touches it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Mono(pub u64);

impl Mono {
    /// Time since `earlier`; zero where `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Mono {
    type Output = Self;

    fn sub(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Mono {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// One moment on both clocks, as the engine hands it to the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Now {
    /// What durations run on.
    pub mono: Mono,
    /// What the moment is called.
    pub wall: Timestamp,
    /// Minute of the local day, 0 to 1439, for `only_between`.
    pub minute_of_day: u16,
}
