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

use std::time::Duration;

use jiff::Timestamp;

use super::event::reasons::BreakerReason;
use super::incident::BreakerState;
use super::time::{Mono, Now};
use super::window::Window;
use crate::playbook::{BreakerLimits, Playbook};

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
    pub fn admits(&self, now: Mono, limits: Limits, shared: Option<&Window>) -> Admission {
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
    pub fn spent(&self, now: Mono, limits: Limits, shared: Option<&Window>) -> bool {
        self.state == BreakerState::Closed && self.counted(shared).count(now, limits.window) >= limits.attempts
    }

    /// What it opens into now: twice the former cooldown after a probe; latched at the last reopening allowed.
    pub fn opening(&self, now: Now, limits: Limits, shared: Option<&Window>) -> BreakerState {
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
    pub fn invoke(&mut self, at: Mono) {
        self.invocations.push(at);
    }

    /// As recorded. An operator's reset forgets what was counted; nothing else does.
    pub fn become_(&mut self, state: &BreakerState, why: &BreakerReason, at: Mono, by_operator: bool) {
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

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
