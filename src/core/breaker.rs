//! The breaker of one key: stops attempts that do not help.
//!
//! ```text
//!            limit reached                 cooldown over
//!   closed ----------------> open ------------------------> half-open
//!     ^                        ^                              |   |
//!     |                        +---- anything but healed -----+   |
//!     +--------------------------- healed -----------------------+
//!   the third reopening in 24 h, or an operator's hand: latched, until an operator resets it
//! ```
//!
//! It counts invocations, not failures: a service that restarts fine eleven times an hour must trip it.

mod control;
pub(super) mod spent;

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::id::Key;
use super::incident::BreakerState;
use super::time::window::Window;
use super::time::{Mono, Now};
use crate::core::event::reasons::BreakerReason;
use crate::playbook::value::Period;
use crate::playbook::{BreakerLimits, Playbook, Target};

const DAY: Duration = Duration::from_hours(24);

/// A breaker with what it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Breaker {
    state: BreakerState,
    why: Option<BreakerReason>,
    invocations: Window,
    opened: Option<Mono>,
    reopened: Window,
}

/// What the breaker's times and its budget are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The invocation of this number in the window opens the breaker.
    pub attempts: usize,
    /// Length of the sliding window in which attempts are counted.
    pub window: Duration,
    /// The times in open, and when it latches.
    pub times: BreakerLimits,
}

/// What the breaker says to one more attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The breaker is closed, and the attempt may run.
    Pass,
    /// It may run, on trial.
    Probe,
    /// Not before this; none means not before an operator's reset.
    Denied { until: Option<Mono> },
}

impl Limits {
    /// For a playbook whose text can no longer be read.
    pub(super) const UNKNOWN: Self = Self {
        attempts: 1,
        window: Duration::from_mins(10),
        times: BreakerLimits {
            cooldown: Period::from_secs(30 * 60),
            longest: Period::from_secs(4 * 3600),
            latch_after: 3,
        },
    };

    /// As a playbook has them.
    pub fn of(playbook: &Playbook) -> Self {
        Self {
            attempts: usize::try_from(playbook.escalate.attempts).unwrap_or(usize::MAX),
            window: playbook.escalate.window.0,
            times: playbook.breaker,
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: BreakerState::Closed,
            why: None,
            invocations: Window::default(),
            opened: None,
            reopened: Window::default(),
        }
    }
}

impl Breaker {
    /// The breaker's state, as it was last recorded.
    pub const fn state(&self) -> &BreakerState {
        &self.state
    }

    /// Why it is in that state; none where nothing was ever recorded.
    pub const fn why(&self) -> Option<&BreakerReason> {
        self.why.as_ref()
    }

    /// What counts against the limit in the window now.
    pub fn invocations(&self, now: Mono, window: Duration, shared: Option<&Window>) -> usize {
        self.counted(shared).count(now, window)
    }

    /// When it was last invoked.
    pub fn last_invoked(&self) -> Option<Mono> {
        self.invocations.last()
    }

    /// What counts against the limit: the attempts of all who share the target's budget, or its own.
    fn counted<'a>(&'a self, shared: Option<&'a Window>) -> &'a Window {
        shared.unwrap_or(&self.invocations)
    }

    /// May one more attempt run? The window's limit holds in every state, a probe included. `shared` are the attempts
    /// of all playbooks on a target that has one budget.
    pub(super) fn admits(&self, now: Mono, limits: Limits, shared: Option<&Window>) -> Admission {
        let room = self.counted(shared).frees(now, limits.window, limits.attempts);
        match (&self.state, room) {
            (BreakerState::Latched { .. }, _) | (_, None) => Admission::Denied { until: None },
            (BreakerState::Open { until, .. }, Some(room)) if now < *until || now < room => {
                Admission::Denied { until: Some(room.max(*until)) }
            }
            (_, Some(room)) if now < room => Admission::Denied { until: Some(room) },
            (BreakerState::Closed, _) => Admission::Pass,
            (BreakerState::Open { .. } | BreakerState::HalfOpen { .. }, _) => Admission::Probe,
        }
    }

    /// Has the last invocation reached the limit of a closed breaker?
    pub(super) fn spent(&self, now: Mono, limits: Limits, shared: Option<&Window>) -> bool {
        self.state == BreakerState::Closed && self.counted(shared).count(now, limits.window) >= limits.attempts
    }

    /// What it opens into now: twice the former cooldown after a probe; latched at the last reopening allowed.
    pub(super) fn opening(&self, now: Now, limits: Limits, shared: Option<&Window>) -> BreakerState {
        let again = self.opened.is_some_and(|at| now.mono.since(at) <= DAY);
        let reopenings = self.reopened.count(now.mono, DAY) + usize::from(again);
        if again && reopenings >= usize::try_from(limits.times.latch_after).unwrap_or(usize::MAX) {
            return BreakerState::Latched { since: now.wall };
        }
        let cooldown = match self.state {
            BreakerState::HalfOpen { cooldown_ms } | BreakerState::Open { cooldown_ms, .. } => {
                Duration::from_millis(cooldown_ms.saturating_mul(2)).min(limits.times.longest.0)
            }
            BreakerState::Closed | BreakerState::Latched { .. } => limits.times.cooldown.0,
        };
        let room = self.counted(shared).frees(now.mono, limits.window, limits.attempts).unwrap_or(now.mono);
        BreakerState::Open { until: room.max(now.mono + cooldown), cooldown_ms: millis(cooldown) }
    }

    /// One invocation: an intent was recorded.
    pub(super) fn invoke(&mut self, at: Mono) {
        self.invocations.push(at);
    }

    /// As recorded. An operator's reset forgets what was counted; nothing else does.
    pub(super) fn become_(&mut self, state: &BreakerState, why: &BreakerReason, at: Mono, by_operator: bool) {
        match state {
            BreakerState::Open { .. } => self.count_opening(at),
            BreakerState::Latched { .. } if !by_operator => self.count_opening(at),
            BreakerState::Closed if by_operator => {
                self.invocations.clear();
                self.reopened.clear();
                self.opened = None;
            }
            BreakerState::Closed | BreakerState::HalfOpen { .. } | BreakerState::Latched { .. } => {}
        }
        self.state = state.clone();
        self.why = Some(why.clone());
    }

    fn count_opening(&mut self, at: Mono) {
        if self.opened.is_some_and(|earlier| at.since(earlier) <= DAY) {
            self.reopened.push(at);
        }
        self.opened = Some(at);
    }

    /// Latched by hand at this moment.
    pub const fn latched(since: Timestamp) -> BreakerState {
        BreakerState::Latched { since }
    }
}

/// The breakers of all keys on which anything was ever attempted, or that an operator latched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Breakers(HashMap<Key, Breaker>);

impl Breakers {
    /// Every breaker with its key, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Breaker)> {
        self.0.iter()
    }

    /// The keys on this target, in no order.
    pub fn on_target<'b>(&'b self, target: &'b Target) -> impl Iterator<Item = &'b Key> {
        self.0.keys().filter(move |key| key.target == *target)
    }

    /// The breaker of a key; none where nothing was ever attempted.
    pub fn get(&self, key: &Key) -> Option<&Breaker> {
        self.0.get(key)
    }

    /// The state of a key's breaker; none where nothing was ever attempted.
    pub fn state(&self, key: &Key) -> Option<&BreakerState> {
        self.get(key).map(Breaker::state)
    }

    /// Is it open or latched?
    pub fn is_open(&self, key: &Key) -> bool {
        self.state(key).is_some_and(BreakerState::denies)
    }

    /// Is it half-open, so that one probe decides?
    pub fn is_half_open(&self, key: &Key) -> bool {
        matches!(self.state(key), Some(BreakerState::HalfOpen { .. }))
    }

    /// May one more attempt run on this key? See [`Breaker::admits`].
    pub fn admits(&self, key: &Key, now: Mono, limits: Limits, shared: Option<&Window>) -> Admission {
        let judge = |breaker: &Breaker| breaker.admits(now, limits, shared);
        self.get(key).map_or_else(|| judge(&Breaker::default()), judge)
    }

    /// What the breaker of this key opens into now. See [`Breaker::opening`].
    pub fn opening(&self, key: &Key, now: Now, limits: Limits, shared: Option<&Window>) -> BreakerState {
        let opens = |breaker: &Breaker| breaker.opening(now, limits, shared);
        self.get(key).map_or_else(|| opens(&Breaker::default()), opens)
    }

    /// What counts against the limit of this key now.
    pub fn invocations(&self, key: &Key, now: Mono, window: Duration, shared: Option<&Window>) -> usize {
        let count = |breaker: &Breaker| breaker.invocations(now, window, shared);
        self.get(key).map_or_else(|| count(&Breaker::default()), count)
    }

    /// Has the last attempt on this key reached the limit of its closed breaker?
    pub fn is_spent(&self, key: &Key, now: Mono, limits: Limits, shared: Option<&Window>) -> bool {
        self.get(key).is_some_and(|breaker| breaker.spent(now, limits, shared))
    }

    /// An attempt was started on this key; is it the half-open breaker's probe?
    pub(super) fn attempt_started(&mut self, key: &Key, at: Mono) -> bool {
        let breaker = self.0.entry(key.clone()).or_default();
        let probe = matches!(breaker.state(), BreakerState::HalfOpen { .. });
        breaker.invoke(at);
        probe
    }

    /// A change of state was recorded, by itself or by an operator.
    pub(super) fn changed(
        &mut self,
        key: &Key,
        state: &BreakerState,
        why: &BreakerReason,
        at: Mono,
        by_operator: bool,
    ) {
        self.0.entry(key.clone()).or_default().become_(state, why, at, by_operator);
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
