//! What keeps automation away from a target: pauses, maintenance windows, snoozes, and what operators decided about
//! arming.

mod arming;
mod maintenance;
mod quiet;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

pub use arming::ArmingDecisions;
pub use maintenance::{Maintenance, MaintenanceWindows, WindowState};

use super::command::reason::Reason;
use super::command::{Operator, Scope};
use super::event::Event;
use super::gate::ActivePause;
use super::id::Key;
use super::time::{Mono, Now};
use crate::playbook::ContentKey;

/// A pause that an operator ordered, of the host or of a playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Pause {
    /// When the pause began, on the running clock.
    pub since: Mono,
    /// When it ends, on the running clock; none means when somebody resumes it.
    pub until: Option<Mono>,
    /// The operator who paused it.
    pub by: Operator,
    /// Why it was paused, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// One key that an operator wants to be left alone.
#[derive(Debug, Clone, PartialEq)]
pub struct KeySnooze {
    /// When it ends, on the running clock.
    pub until: Mono,
    /// The operator who snoozed it.
    pub by: Operator,
    /// Why it was snoozed, as the operator gave it; may be empty.
    pub reason: Reason,
}

/// Everything that operators ordered to keep automation away.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Suppressions {
    pauses: BTreeMap<Scope, Pause>,
    snoozes: HashMap<Key, KeySnooze>,
    maintenance: MaintenanceWindows,
    arming: ArmingDecisions,
}

impl Suppressions {
    /// Every pause that nobody has ended, by its scope.
    pub fn pauses(&self) -> impl Iterator<Item = (&Scope, &Pause)> {
        self.pauses.iter()
    }

    /// The pause of exactly this scope, as it was ordered; its time may be over.
    pub fn pause(&self, scope: &Scope) -> Option<&Pause> {
        self.pauses.get(scope)
    }

    /// Every snooze that nobody has ended, in no order.
    pub fn snoozes(&self) -> impl Iterator<Item = (&Key, &KeySnooze)> {
        self.snoozes.iter()
    }

    /// The snooze of this key, as it was ordered; its time may be over.
    pub fn snooze(&self, key: &Key) -> Option<&KeySnooze> {
        self.snoozes.get(key)
    }

    /// The snooze of this key that is in force now.
    pub fn snoozed(&self, key: &Key, now: Mono) -> Option<&KeySnooze> {
        self.snooze(key).filter(|snooze| snooze.until > now)
    }

    /// Maintenance windows that are not over.
    pub const fn maintenance(&self) -> &MaintenanceWindows {
        &self.maintenance
    }

    /// What operators decided about arming, and what has acted.
    pub const fn arming(&self) -> &ArmingDecisions {
        &self.arming
    }

    /// The pause or maintenance window in force for the playbook of this name, the host's first.
    pub fn paused(&self, playbook: &Arc<str>, now: Now) -> Option<ActivePause> {
        [Scope::Host, Scope::Playbook(Arc::clone(playbook))]
            .into_iter()
            .find_map(|scope| self.pause_in_force(&scope, now.mono).or_else(|| self.maintenance.in_force(&scope, now)))
    }

    fn pause_in_force(&self, scope: &Scope, now: Mono) -> Option<ActivePause> {
        let Pause { until, by, reason, .. } = self.pauses.get(scope)?;
        let pause = || ActivePause { scope: scope.clone(), by: by.clone(), until: *until, reason: reason.clone() };
        until.is_none_or(|until| until > now).then(pause)
    }

    /// Folds one event.
    pub(super) fn apply(&mut self, event: &Event, at: Mono) {
        match event {
            Event::Paused { scope, until, by, reason } => {
                let pause = Pause { since: at, until: *until, by: by.clone(), reason: reason.clone() };
                self.pauses.insert(scope.clone(), pause);
            }
            Event::Resumed { scope, .. } => drop(self.pauses.remove(scope)),
            Event::Snoozed { key, until, by, reason } => {
                let snooze = KeySnooze { until: *until, by: by.clone(), reason: reason.clone() };
                self.snoozes.insert(key.clone(), snooze);
            }
            Event::Unsnoozed { key, .. } => drop(self.snoozes.remove(key)),
            Event::Scheduled { window, scope, from, length_ms, by, reason } => {
                let length = Duration::from_millis(*length_ms);
                let (scope, by, reason) = (scope.clone(), by.clone(), reason.clone());
                let planned = Maintenance { scope, from: *from, length, by, reason, stage: WindowState::Planned };
                self.maintenance.scheduled(*window, planned);
            }
            Event::MaintenanceBegan { window, until } => self.maintenance.began(*window, *until),
            Event::MaintenanceEnded { window, .. } => self.maintenance.ended(*window),
            Event::Armed { content, .. } => self.arming.decide(content, true),
            Event::Disarmed { content, .. } => self.arming.decide(content, false),
            Event::Started { .. }
            | Event::RecordsLost { .. }
            | Event::Adopted { .. }
            | Event::Opened { .. }
            | Event::ReadingChanged { .. }
            | Event::Denied { .. }
            | Event::ShadowPlan { .. }
            | Event::Asked { .. }
            | Event::Approved { .. }
            | Event::FirstApproved { .. }
            | Event::Withdrawn { .. }
            | Event::Intent { .. }
            | Event::AttemptFinished { .. }
            | Event::Indeterminate { .. }
            | Event::Verified { .. }
            | Event::NotVerified { .. }
            | Event::Closed { .. }
            | Event::Relapsed { .. }
            | Event::Breaker { .. }
            | Event::Escalated { .. }
            | Event::Joined { .. }
            | Event::Announced { .. }
            | Event::Left { .. }
            | Event::Suspected { .. }
            | Event::Resolved { .. }
            | Event::EscalationWidened { .. }
            | Event::CalledAgain { .. }
            | Event::AckForwarded { .. }
            | Event::Delivered { .. }
            | Event::Acknowledged { .. }
            | Event::Flapping { .. }
            | Event::Notice { .. } => {}
        }
    }

    /// An attempt of this content was started.
    pub(super) fn attempt_started(&mut self, content: &ContentKey) {
        self.arming.attempt_started(content);
    }

    /// Lost records may have given out so many numbers.
    pub(super) const fn skip_numbers(&mut self, count: u64) {
        self.maintenance.skip_numbers(count);
    }
}
