//! What a page is drawn and updated from besides its own state: the snapshot, the clocks and the terminal's abilities.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::console::canvas::RenderOptions;
use crate::core::Mono;
use crate::engine::Snapshot;

/// A moment on the console's own clock, in milliseconds since it started. Handed in, so that tests can set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ConsoleTime(pub u64);

/// Everything that a view may look at besides the model.
#[derive(Debug, Clone, Copy)]
pub struct ViewContext<'a> {
    /// The latest state.
    pub snapshot: &'a Snapshot,
    /// What durations run on, now.
    pub mono: Mono,
    /// The time of day, now.
    pub wall: Timestamp,
    /// Where this terminal is.
    pub zone: &'a TimeZone,
    /// How long ago the engine gave its last sign of progress.
    pub age: Duration,
    /// The console's own clock.
    pub at: ConsoleTime,
    /// How this terminal shows things.
    pub look: &'a RenderOptions,
    /// Themes that can be chosen.
    pub themes: &'a [String],
}

impl ViewContext<'_> {
    /// The engine has missed two of its intervals, which are one second each.
    #[must_use]
    pub fn stale(&self) -> bool {
        self.age > Duration::from_millis(2500)
    }
}
