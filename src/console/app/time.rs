//! Time in the loop: which moment the screen shows, how old it is, and when the loop wakes up by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::time::{ClockId, clock_gettime};

use super::{App, FILES, FRAME};
use crate::console::app::appearance::Looks;
use crate::console::content::context::{ConsoleTime, ViewContext};
use crate::core::Mono;
use crate::engine::Snapshot;

/// The latest snapshot, and when it came.
#[derive(Debug)]
pub(super) struct Latest {
    pub(super) snapshot: Arc<Snapshot>,
    came: Instant,
}

impl Latest {
    pub(super) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot, came: Instant::now() }
    }

    fn mono(&self) -> Mono {
        self.snapshot.now.mono + self.came.elapsed()
    }
}

/// What a screen shows: now, or a moment of the past.
pub(super) struct ShownMoment {
    snapshot: Arc<Snapshot>,
    mono: Mono,
    wall: Timestamp,
    age: Duration,
}

impl ShownMoment {
    /// The past does not age.
    fn past(snapshot: &Arc<Snapshot>) -> Self {
        let now = snapshot.now;
        Self { snapshot: Arc::clone(snapshot), mono: now.mono, wall: now.wall, age: Duration::ZERO }
    }

    pub(super) fn world<'a>(&'a self, at: ConsoleTime, zone: &'a TimeZone, looks: &'a Looks) -> ViewContext<'a> {
        let Looks { look, themes, .. } = looks;
        ViewContext {
            snapshot: &self.snapshot,
            mono: self.mono,
            wall: self.wall,
            zone,
            age: self.age,
            at,
            look,
            themes,
        }
    }
}

impl App {
    /// The console's own clock: how long it has run.
    pub(super) fn at(&self) -> ConsoleTime {
        ConsoleTime(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Until the next second begins, something changes by itself, or a drawing that had to wait is due.
    pub(super) fn wait(&self) -> Duration {
        let second = 1_000_000_000 - Timestamp::now().subsec_nanosecond().rem_euclid(1_000_000_000);
        let second = Duration::from_nanos(u64::try_from(second).unwrap_or(1)) + Duration::from_millis(1);
        let model = self.model.wakes_at().map(|at| Duration::from_millis(at.0.saturating_sub(self.at().0).max(1)));
        // what was waited for in vain is over
        let model = model.filter(|wait| *wait > Duration::from_millis(1));
        let deciding = self.model.deciding.as_ref().map(|pending| pending.settles_at().0.saturating_sub(self.at().0));
        let deciding = deciding.map(|left| Duration::from_millis(left.max(1)));
        let frame = if self.dirty { self.drawn.map(|drawn| FRAME.saturating_sub(drawn.elapsed())) } else { None };
        let files = FILES.saturating_sub(self.looked.elapsed());
        [Some(second), model, deciding, frame, Some(files)].into_iter().flatten().min().unwrap_or(second)
    }

    /// What is shown: the moment that is looked back at, else now.
    pub(super) fn shown(&self) -> ShownMoment {
        match self.model.replayed() {
            Some(shown) => ShownMoment::past(&shown.moment.snapshot),
            None => self.live(),
        }
    }

    /// The latest snapshot, with the durations and the time of day of this instant.
    pub(super) fn live(&self) -> ShownMoment {
        ShownMoment {
            snapshot: Arc::clone(&self.latest.snapshot),
            mono: self.latest.mono(),
            wall: Timestamp::now(),
            age: Duration::from_millis(boottime().saturating_sub(self.handle.beat())),
        }
    }
}

/// `CLOCK_BOOTTIME` in milliseconds: what the engine's signs of progress are given in.
fn boottime() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    u64::try_from(time.tv_sec).unwrap_or_default() * 1000 + u64::try_from(time.tv_nsec).unwrap_or_default() / 1_000_000
}
