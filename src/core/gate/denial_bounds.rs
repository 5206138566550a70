//! A denial that leaves a fault standing calls a human in the end. Each has its bound here.

use std::sync::Arc;
use std::time::Duration;

use crate::core::id::IncidentId;
use crate::core::incident::{Cause, Denial, Phase};
use crate::core::machine::Core;
use crate::core::time::Mono;
use crate::core::time::timers::Timer;

/// A remedy that cannot be planned is most often one whose program is missing: soon known.
const NO_PLAN: Duration = Duration::from_secs(30);
/// What ought to be over in a moment, and is not.
const SHOULD_PASS: Duration = Duration::from_mins(5);
/// What has its reason, and may take its time.
const MAY_LAST: Duration = Duration::from_mins(15);

/// When a denial calls a human.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenialBound {
    /// With the denial itself.
    AtOnce,
    /// Once such denials have lasted for so long without a break.
    After(Duration),
    /// Never: it ends at a time that is known, and the gate is asked again.
    OwnEnd,
    /// Never: somebody wants it so.
    Wanted,
}

impl Denial {
    /// When this denial calls a human.
    #[must_use]
    pub const fn bound(&self) -> DenialBound {
        match self {
            Self::BreakerOpen { .. } | Self::Storm { .. } | Self::Contended { .. } => DenialBound::AtOnce,
            Self::NoPlan { .. } => DenialBound::After(NO_PLAN),
            Self::SystemdBusy { .. }
            | Self::Quarantined { .. }
            | Self::CannotRecord { .. }
            | Self::TargetMissing { .. }
            | Self::DependencyUnhealthy { .. } => DenialBound::After(SHOULD_PASS),
            Self::LockHeld { .. } | Self::Cooldown { .. } | Self::Paused { until: None, .. } => {
                DenialBound::After(MAY_LAST)
            }
            Self::Paused { until: Some(_), .. }
            | Self::Snoozed { .. }
            | Self::OutsideWindow
            | Self::BootGrace { .. } => DenialBound::OwnEnd,
            Self::StoppedByOperator { .. } | Self::Shadow | Self::Off => DenialBound::Wanted,
        }
    }

    /// Does it call a human once it has lasted?
    #[must_use]
    pub const fn is_bounded(&self) -> bool {
        matches!(self.bound(), DenialBound::After(_))
    }
}

impl Core {
    /// The gate said no: a human is called at once, or once that has lasted.
    pub(in crate::core) fn bound_denial(&mut self, id: IncidentId, denial: &Denial) {
        match denial.bound() {
            DenialBound::AtOnce => {
                self.timers.cancel(&Timer::Denied(id));
                self.call_at_once(id, denial);
            }
            DenialBound::After(length) => self.call_after(id, denial, length),
            DenialBound::OwnEnd | DenialBound::Wanted => self.timers.cancel(&Timer::Denied(id)),
        }
    }

    fn call_at_once(&mut self, id: IncidentId, denial: &Denial) {
        match denial {
            Denial::BreakerOpen { .. } => self.breaker_denied(id),
            Denial::Contended { with } => self.escalate(id, Cause::Contention { with: Arc::clone(with) }),
            Denial::Storm { failing, of } => {
                if self.incident(id).is_some_and(|one| self.may_page(&one.key)) {
                    self.page_storm(id, *failing, *of);
                }
            }
            // these have another bound
            Denial::Paused { .. }
            | Denial::Snoozed { .. }
            | Denial::OutsideWindow
            | Denial::DependencyUnhealthy { .. }
            | Denial::StoppedByOperator { .. }
            | Denial::LockHeld { .. }
            | Denial::SystemdBusy { .. }
            | Denial::Cooldown { .. }
            | Denial::BootGrace { .. }
            | Denial::Shadow
            | Denial::Off
            | Denial::CannotRecord { .. }
            | Denial::Quarantined { .. }
            | Denial::NoPlan { .. }
            | Denial::TargetMissing { .. } => {}
        }
    }

    fn call_after(&mut self, id: IncidentId, denial: &Denial, length: Duration) {
        let now = self.now.mono;
        let Some(incident) = self.incident(id).filter(|incident| incident.escalation.is_none()) else { return };
        let again = self.live.get(&id).and_then(|live| live.failing_since);
        let since = incident.denied_since.unwrap_or(now).max(again.unwrap_or(Mono(0)));
        if since + length > now {
            return self.timers.set(Timer::Denied(id), since + length);
        }
        // the fault may be gone meanwhile, and the incident is about to end
        if !self.is_failing(id) {
            return self.timers.set(Timer::Denied(id), now + length);
        }
        // what is needed has a page, which names those that wait for it
        if matches!(denial, Denial::DependencyUnhealthy { .. }) && self.need_is_called(id) {
            return self.timers.set(Timer::Denied(id), now + length);
        }
        let held_ms = u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX);
        let cause = match denial {
            Denial::NoPlan { why } => Cause::NoPlan { why: Arc::clone(why) },
            denial => Cause::OnHold { denial: Box::new(denial.clone()), held_ms },
        };
        self.escalate(id, cause);
    }

    /// The bound of a denial has passed.
    pub(in crate::core) fn denial_due(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let Phase::Held(recorded) = incident.phase() else { return };
        let recorded = recorded.clone();
        // only a change of the kind is recorded: the one in force may name another incident, or another end
        let denial = self.live.get(&id).and_then(|live| live.denied.clone()).unwrap_or(recorded);
        self.bound_denial(id, &denial);
    }
}
