//! The clock port of a replay: it stands where it is set, and knows what the wall clock said then.

use super::replay::TargetPast;
use crate::core::{Mono, Now};
use crate::engine::driver::ports::ClockPort;

/// The clock of one replay, which moves only when it is set.
pub(super) struct PastClock<'a> {
    /// What is known of the past, with a moment on both clocks.
    pub(super) past: &'a TargetPast<'a>,
    /// Where it stands.
    pub(super) at: Mono,
}

impl ClockPort for PastClock<'_> {
    fn now(&self) -> Now {
        let wall = self.past.wall(self.at);
        let local = wall.to_zoned(jiff::tz::TimeZone::system());
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        Now { mono: self.at, wall, minute_of_day: u16::try_from(minute).unwrap_or(0) }
    }

    fn mono(&self) -> Mono {
        self.at
    }
}
