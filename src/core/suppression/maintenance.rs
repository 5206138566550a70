//! Maintenance windows: pauses that begin by themselves, at a moment that was named before.
//!
//! ```text
//! planned --(the wall clock reaches `from`)--> on --(its length has run)--> over
//!    |                                          |
//!    +-----------------(cancelled)--------------+
//! ```
//! The wall clock names the beginning, so it is what begins a window. Once on, a window lasts as a pause does, on the
//! running clock: no change of the wall clock ends it. A window that passed while nobody watched is over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::core::command::reason::Reason;
use crate::core::command::{Operator, Refusal, Scope};
use crate::core::event::Event;
use crate::core::gate::ActivePause;
use crate::core::id::MaintenanceId;
use crate::core::machine::{BlockedOn, Core};
use crate::core::time::timers::Timer;
use crate::core::time::{Mono, Now};
use crate::playbook::value::Period;

/// No window is planned further ahead than this: nobody remembers it by then.
const FARTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// No window is longer than this; a pause until resumed is for what has no end.
const LONGEST: Duration = Duration::from_hours(31 * 24);

/// No more windows are planned at once.
const MOST: usize = 100;

/// The running clock counts these.
const TICK: Duration = Duration::from_millis(1);

/// A window that is not over.
#[derive(Debug, Clone, PartialEq)]
pub struct Maintenance {
    /// Everything that it pauses: the host or a playbook.
    pub scope: Scope,
    /// When it begins, or was to begin.
    pub from: Timestamp,
    /// How long it lasts.
    pub length: Duration,
    /// By whom it was planned.
    pub by: Operator,
    /// Why the maintenance was planned, as the operator gave it; may be empty.
    pub reason: Reason,
    /// Whether it is still to come, in force or over.
    pub stage: WindowState,
}

/// Whether a maintenance window is still to come, in force or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowState {
    /// The window's begin lies ahead.
    Planned,
    /// The window is in force, and pauses until this moment of the running clock.
    On { until: Mono },
}

impl Maintenance {
    /// How much of it is left by the wall clock, never more than its whole length; none once that has passed.
    fn left(&self, wall: Timestamp) -> Option<Duration> {
        let gone = wall.duration_since(self.from).max(SignedDuration::ZERO).unsigned_abs();
        self.length.checked_sub(gone).filter(|left| !left.is_zero())
    }

    /// Until when it pauses, if it does now; one whose moment has come pauses before that is recorded.
    #[must_use]
    pub fn on(&self, now: Now) -> Option<Mono> {
        match self.stage {
            WindowState::On { until } => (until > now.mono).then_some(until),
            WindowState::Planned if self.from <= now.wall => self.left(now.wall).map(|left| now.mono + left),
            WindowState::Planned => None,
        }
    }

    fn halt(&self, now: Now) -> Option<ActivePause> {
        let until = self.on(now)?;
        let (scope, by, reason) = (self.scope.clone(), self.by.clone(), self.reason.clone());
        Some(ActivePause { scope, by, until: Some(until), reason })
    }
}

/// Maintenance windows that are not over, and the number that was given out last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MaintenanceWindows {
    windows: BTreeMap<MaintenanceId, Maintenance>,
    last: u64,
}

impl MaintenanceWindows {
    /// Every window that is not over, by its number.
    pub fn iter(&self) -> impl Iterator<Item = (MaintenanceId, &Maintenance)> {
        self.windows.iter().map(|(id, window)| (*id, window))
    }

    /// The window of this number, if it is not over.
    pub fn get(&self, id: MaintenanceId) -> Option<&Maintenance> {
        self.windows.get(&id)
    }

    /// How many windows are planned or on.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Is no window planned or on?
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The number that the next window gets.
    pub const fn next_id(&self) -> MaintenanceId {
        MaintenanceId(self.last + 1)
    }

    /// The window that pauses this scope now; of several, the one that lasts longest.
    pub fn in_force(&self, scope: &Scope, now: Now) -> Option<ActivePause> {
        let windows = self.windows.values().filter(|window| window.scope == *scope);
        windows.filter_map(|window| window.halt(now)).max_by_key(|halt| halt.until)
    }

    /// Planned windows whose moment has come by this wall clock.
    fn begun(&self, wall: Timestamp) -> Vec<MaintenanceId> {
        let begun = |window: &Maintenance| window.stage == WindowState::Planned && window.from <= wall;
        self.iter().filter(|(_, window)| begun(window)).map(|(id, _)| id).collect()
    }

    pub(super) fn scheduled(&mut self, id: MaintenanceId, planned: Maintenance) {
        self.last = self.last.max(id.0);
        self.windows.insert(id, planned);
    }

    pub(super) fn began(&mut self, id: MaintenanceId, until: Mono) {
        if let Some(window) = self.windows.get_mut(&id) {
            window.stage = WindowState::On { until };
        }
    }

    pub(super) fn ended(&mut self, id: MaintenanceId) {
        self.windows.remove(&id);
    }

    pub(super) const fn skip_numbers(&mut self, count: u64) {
        self.last += count;
    }
}

impl Core {
    pub(in crate::core) fn schedule(
        &mut self,
        by: &Operator,
        scope: Scope,
        from: Timestamp,
        length: Period,
        reason: Reason,
    ) -> Result<String, Refusal> {
        if let Scope::Playbook(name) = &scope {
            self.content_of(name)?;
        }
        self.fits(from, length.0).map_err(|why| Refusal::NotScheduled(Arc::from(why)))?;
        if self.state.suppressions().maintenance().len() >= MOST {
            let why = format!("{MOST} windows are planned already: cancel one first");
            return Err(Refusal::NotScheduled(why.into()));
        }
        let window = self.state.suppressions().maintenance().next_id();
        let said = format!("maintenance {window}: {scope} will be paused for {length} from then on");
        let length_ms = length.millis();
        self.record(Event::Scheduled { window, scope, from, length_ms, by: by.clone(), reason });
        self.await_window(window);
        Ok(said)
    }

    /// Is there such a window at all, and is any of it still to come?
    fn fits(&self, from: Timestamp, length: Duration) -> Result<(), &'static str> {
        let ahead = from.duration_since(self.now.wall);
        if length.is_zero() {
            return Err("it has no length");
        }
        if length > LONGEST {
            return Err("it is longer than 31 days: pause until resumed instead");
        }
        if ahead > FARTHEST {
            return Err("it begins more than a year from now");
        }
        if ahead.is_negative() && ahead.unsigned_abs() >= length {
            return Err("it has passed already");
        }
        Ok(())
    }

    pub(in crate::core) fn unschedule(&mut self, by: &Operator, window: MaintenanceId) -> Result<String, Refusal> {
        let Some(known) = self.state.suppressions().maintenance().get(window) else {
            return Err(Refusal::NoSuchMaintenance(window));
        };
        let was = if known.on(self.now).is_some() { "is ended" } else { "is cancelled" };
        let said = format!("maintenance {window} of {} {was}", known.scope);
        self.end_window(window, Some(by.clone()));
        Ok(said)
    }

    /// Waits for the next change of every window; at every start.
    pub(in crate::core) fn await_windows(&mut self) {
        let windows: Vec<MaintenanceId> = self.state.suppressions().maintenance().iter().map(|(id, _)| id).collect();
        for window in windows {
            self.await_window(window);
        }
    }

    /// Waits for the next change of a window.
    pub(in crate::core) fn await_window(&mut self, id: MaintenanceId) {
        let Some(window) = self.state.suppressions().maintenance().get(id) else { return };
        let due = match window.stage {
            WindowState::Planned => {
                let ahead = window.from.duration_since(self.now.wall).max(SignedDuration::ZERO);
                // up to the next tick of the running clock: one that is due now, and not yet by the wall, would be due
                // for ever
                self.now.mono + (ahead.unsigned_abs() + TICK.saturating_sub(Duration::from_nanos(1)))
            }
            WindowState::On { until } => until,
        };
        self.timers.set(Timer::Maintenance(id), due);
    }

    /// A window's deadline has come: if the wall clock was set back meanwhile, it is awaited anew.
    pub(in crate::core) fn window_due(&mut self, id: MaintenanceId) {
        let Some(window) = self.state.suppressions().maintenance().get(id) else { return };
        match window.stage {
            WindowState::Planned if window.from > self.now.wall => self.await_window(id),
            WindowState::Planned => self.begin_window(id),
            WindowState::On { until } if until > self.now.mono => self.await_window(id),
            WindowState::On { .. } => self.end_window(id, None),
        }
    }

    /// Begins what the wall clock says has begun: it may have been set forward, and no deadline knows of that.
    pub(in crate::core) fn begin_windows(&mut self) {
        for id in self.state.suppressions().maintenance().begun(self.now.wall) {
            self.begin_window(id);
        }
    }

    fn begin_window(&mut self, id: MaintenanceId) {
        let Some(window) = self.state.suppressions().maintenance().get(id) else { return };
        match window.left(self.now.wall) {
            Some(left) => {
                let until = self.now.mono + left;
                self.record(Event::MaintenanceBegan { window: id, until });
                self.await_window(id);
            }
            None => self.end_window(id, None),
        }
    }

    fn end_window(&mut self, id: MaintenanceId, by: Option<Operator>) {
        self.timers.cancel(&Timer::Maintenance(id));
        self.record(Event::MaintenanceEnded { window: id, by });
        self.wake(BlockedOn::Pause);
    }
}
