//! How long commits take: the write, its fsync, and nothing else.

use std::time::{Duration, Instant};

use crate::host::clock::recent_max::RecentMax;

/// How many commits became durable since this journal was opened, and how long they took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommitTimes {
    /// Commits; those that shared an fsync count as one.
    pub count: u64,
    /// All of them together.
    pub total: Duration,
    /// The slowest of the last minute or two; zero where there was none.
    pub slowest: Duration,
}

/// Counts commits and adds up their times, for [`CommitTimes`].
#[derive(Debug)]
pub(super) struct CommitMeter {
    count: u64,
    total: Duration,
    slowest: RecentMax<Duration>,
}

impl CommitMeter {
    pub(super) fn new(now: Instant) -> Self {
        Self { count: 0, total: Duration::ZERO, slowest: RecentMax::new(now) }
    }

    /// Takes a commit that began then and has become durable now.
    pub(super) fn add(&mut self, began: Instant, now: Instant) {
        let took = now.saturating_duration_since(began);
        self.count += 1;
        self.total += took;
        self.slowest.add(took, now);
    }

    pub(super) fn times(&self, now: Instant) -> CommitTimes {
        CommitTimes { count: self.count, total: self.total, slowest: self.slowest.get(now) }
    }
}
