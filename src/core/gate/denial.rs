//! The gate said no: the denial is recorded where it is new, and its end arranged.

use std::time::Duration;

use super::denial_bounds::DenialBound;
use super::preflight::LOOK_AGAIN;
use crate::core::event::Event;
use crate::core::event::reasons::WithdrawalReason;
use crate::core::id::IncidentId;
use crate::core::incident::{Denial, Phase};
use crate::core::machine::{BlockedOn, Core};
use crate::core::time::timers::Timer;

/// How long until a plan that could not be made is tried again.
const PLAN_AGAIN: Duration = Duration::from_secs(10);
/// How long until a lock is looked at again, should its release have been missed.
const LOCK_AGAIN: Duration = Duration::from_secs(30);
/// How long until a target that an operator stopped is looked at again.
const STOPPED_AGAIN: Duration = Duration::from_mins(5);
/// systemd is looked at again after a second, then two, four, up to this.
const BUSY_LONGEST: u64 = 16;

impl Core {
    /// The gate said no: a run by hand is refused, a request is void, and the incident waits for the denial's end.
    pub(in crate::core) fn deny(&mut self, id: IncidentId, denial: &Denial) {
        self.withdraw(id, WithdrawalReason::Denied);
        match denial.bound() {
            DenialBound::OwnEnd | DenialBound::Wanted => self.end_announcement(id),
            DenialBound::AtOnce | DenialBound::After(_) => {}
        }
        self.refuse_manual(id, &denial.to_string());
        self.hold(id, denial);
    }

    /// Records the denial where its kind is new, and arranges to ask again.
    pub(in crate::core) fn hold(&mut self, id: IncidentId, denial: &Denial) {
        let Some(incident) = self.incident(id) else { return };
        let former = match incident.phase() {
            Phase::Held(denial) => Some(denial),
            Phase::Escalated(_) => self.live.get(&id).and_then(|live| live.denied.as_ref()),
            Phase::Firing
            | Phase::Asking(_)
            | Phase::Remediating(_)
            | Phase::Verifying { .. }
            | Phase::Soaking { .. }
            | Phase::Closed { .. } => None,
        };
        let other = |former: &Denial| {
            let kind = std::mem::discriminant(former) != std::mem::discriminant(denial);
            kind || former.is_bounded() != denial.is_bounded()
        };
        if former.is_none_or(other) {
            self.record(Event::Denied { incident: id, denial: denial.clone() });
        }
        let busy = matches!(denial, Denial::SystemdBusy { .. });
        let live = self.live(id);
        live.denied = Some(denial.clone());
        live.busy = if busy { live.busy.saturating_add(1) } else { 0 };
        self.ask_again(id, denial);
        self.bound_denial(id, denial);
        if !matches!(denial, Denial::LockHeld { .. }) {
            self.wake_locked();
        }
    }

    /// Arranges what ends this denial.
    fn ask_again(&mut self, id: IncidentId, denial: &Denial) {
        let now = self.now.mono;
        let (wait, at) = match denial {
            Denial::Paused { .. } => (Some(BlockedOn::Pause), None),
            Denial::Snoozed { .. } => (Some(BlockedOn::Snooze), None),
            Denial::OutsideWindow => (None, Some(now + self.until_window(id))),
            Denial::DependencyUnhealthy { .. } => (Some(BlockedOn::Need), None),
            Denial::StoppedByOperator { .. } => (None, Some(now + STOPPED_AGAIN)),
            Denial::LockHeld { .. } | Denial::Quarantined { .. } => (Some(BlockedOn::Lock), Some(now + LOCK_AGAIN)),
            Denial::SystemdBusy { .. } => {
                let times = self.live(id).busy.saturating_sub(1).min(10);
                (None, Some(now + Duration::from_secs((1 << times).min(BUSY_LONGEST))))
            }
            Denial::BreakerOpen { .. } | Denial::TargetMissing { .. } => (None, None),
            Denial::Cooldown { until } | Denial::BootGrace { until } => (None, Some(*until)),
            Denial::Storm { .. } => (Some(BlockedOn::Storm), None),
            Denial::Shadow | Denial::Off | Denial::Contended { .. } => (Some(BlockedOn::Mode), None),
            Denial::CannotRecord { .. } => (Some(BlockedOn::Recording), None),
            Denial::NoPlan { .. } => (None, Some(now + PLAN_AGAIN)),
        };
        if let Some(wait) = wait {
            self.waits.insert((wait, id));
        }
        if let Some(at) = at {
            self.timers.set(Timer::Incident(id), at);
        }
    }

    fn until_window(&self, id: IncidentId) -> Duration {
        let Some(window) = self.book_of(id).and_then(|playbook| playbook.only_between) else { return LOOK_AGAIN };
        let minute = u64::from(self.now.minute_of_day);
        let ahead = (u64::from(window.from) + 1440 - minute) % 1440;
        Duration::from_secs(60 * ahead.clamp(1, 60))
    }
}
