//! Maintenance windows: pauses that begin by themselves, at a moment that was named before.
//!
//! ```text
//! planned --(the wall clock reaches `from`)--> on --(its length has run)--> over
//!    |                                          |
//!    +-----------------(cancelled)--------------+
//! ```
//! The wall clock names the beginning, so it is what begins a window. Once on, a window lasts as a pause does, on the
//! running clock: no change of the wall clock ends it. A window that passed while nobody watched is over.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::command::{Operator, Refusal, Scope};
use super::event::Event;
use super::gate::ActivePause;
use super::id::MaintenanceId;
use super::machine::{BlockedOn, Core};
use super::reason::Reason;
use super::state::State;
use super::time::{Mono, Now};
use super::timers::Timer;
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

impl State {
    /// Folds what happens to windows.
    pub(super) fn maintain(&mut self, event: &Event) {
        match event {
            Event::Scheduled { window, scope, from, length_ms, by, reason } => {
                self.last.maintenance = self.last.maintenance.max(window.0);
                let planned = Maintenance {
                    scope: scope.clone(),
                    from: *from,
                    length: Duration::from_millis(*length_ms),
                    by: by.clone(),
                    reason: reason.clone(),
                    stage: WindowState::Planned,
                };
                self.windows.insert(*window, planned);
            }
            Event::MaintenanceBegan { window, until } => {
                if let Some(window) = self.windows.get_mut(window) {
                    window.stage = WindowState::On { until: *until };
                }
            }
            Event::MaintenanceEnded { window, .. } => {
                self.windows.remove(window);
            }
            _ => {}
        }
    }
}

impl Core {
    pub(super) fn schedule(
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
        if self.state.windows.len() >= MOST {
            let why = format!("{MOST} windows are planned already: cancel one first");
            return Err(Refusal::NotScheduled(why.into()));
        }
        let window = MaintenanceId(self.state.last.maintenance + 1);
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

    pub(super) fn unschedule(&mut self, by: &Operator, window: MaintenanceId) -> Result<String, Refusal> {
        let Some(known) = self.state.windows.get(&window) else { return Err(Refusal::NoSuchMaintenance(window)) };
        let was = if known.on(self.now).is_some() { "is ended" } else { "is cancelled" };
        let said = format!("maintenance {window} of {} {was}", known.scope);
        self.end_window(window, Some(by.clone()));
        Ok(said)
    }

    /// Waits for the next change of a window; again at every start.
    pub(super) fn await_window(&mut self, id: MaintenanceId) {
        let Some(window) = self.state.windows.get(&id) else { return };
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
    pub(super) fn window_due(&mut self, id: MaintenanceId) {
        let Some(window) = self.state.windows.get(&id) else { return };
        match window.stage {
            WindowState::Planned if window.from > self.now.wall => self.await_window(id),
            WindowState::Planned => self.begin_window(id),
            WindowState::On { until } if until > self.now.mono => self.await_window(id),
            WindowState::On { .. } => self.end_window(id, None),
        }
    }

    /// Begins what the wall clock says has begun: it may have been set forward, and no deadline knows of that.
    pub(super) fn begin_windows(&mut self) {
        let wall = self.now.wall;
        let begun = |window: &Maintenance| window.stage == WindowState::Planned && window.from <= wall;
        let due: Vec<MaintenanceId> =
            self.state.windows.iter().filter(|(_, window)| begun(window)).map(|(id, _)| *id).collect();
        for id in due {
            self.begin_window(id);
        }
    }

    fn begin_window(&mut self, id: MaintenanceId) {
        let Some(window) = self.state.windows.get(&id) else { return };
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

    /// The window that pauses this scope now; of several, the one that lasts longest.
    pub(super) fn maintained(&self, scope: &Scope) -> Option<ActivePause> {
        let halts = self.state.windows.values().filter(|window| window.scope == *scope);
        halts.filter_map(|window| window.halt(self.now)).max_by_key(|halt| halt.until)
    }
}
