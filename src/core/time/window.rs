//! Counting in a trailing window of observed running time.

use std::collections::VecDeque;
use std::time::Duration;

use super::Mono;

/// No window is asked for more than this many moments back.
const KEPT: usize = 1024;

/// Moments, oldest first. Both ends of a trailing window count, so that rounding never grants budget.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window(VecDeque<Mono>);

impl Window {
    /// One more. A moment before the last one counts as the last one: a clock that runs back gives nothing back.
    pub fn push(&mut self, at: Mono) {
        let at = self.0.back().map_or(at, |last| at.max(*last));
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(at);
    }

    /// How many lie in the window that ends now.
    pub fn count(&self, now: Mono, length: Duration) -> usize {
        self.0.iter().rev().take_while(|at| inside(**at, now, length)).count()
    }

    /// When fewer than `limit` will lie in the window; now, if that is so already. None where `limit` is zero.
    pub fn frees(&self, now: Mono, length: Duration, limit: usize) -> Option<Mono> {
        if limit == 0 {
            return None;
        }
        match self.0.iter().rev().nth(limit - 1) {
            Some(at) if inside(*at, now, length) => Some(*at + length + Duration::from_millis(1)),
            _ => Some(now),
        }
    }

    /// The latest moment that was counted; none where nothing was, or all was forgotten.
    pub fn last(&self) -> Option<Mono> {
        self.0.back().copied()
    }

    /// Forget all: only an operator's hand does this.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn inside(at: Mono, now: Mono, length: Duration) -> bool {
    now.since(at) <= length
}
