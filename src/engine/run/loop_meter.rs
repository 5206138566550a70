//! Measures the loop from inside: how late it wakes, how long an input takes, how much waits for it.

use std::time::{Duration, Instant};

use super::LoopInputs;
use crate::engine::snapshot::QueueDepths;
use crate::host::clock::recent_max::RecentMax;

/// What the loop has measured of itself of late.
#[derive(Debug)]
pub(super) struct LoopMeter {
    lag: RecentMax<Duration>,
    input: RecentMax<Duration>,
    readings: RecentMax<usize>,
    results: RecentMax<usize>,
    commands: RecentMax<usize>,
    observations: RecentMax<usize>,
    writes: RecentMax<usize>,
}

impl LoopMeter {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            lag: RecentMax::new(now),
            input: RecentMax::new(now),
            readings: RecentMax::new(now),
            results: RecentMax::new(now),
            commands: RecentMax::new(now),
            observations: RecentMax::new(now),
            writes: RecentMax::new(now),
        }
    }

    /// The loop wakes now, and was to wake then.
    pub(super) fn woke(&mut self, due: Instant) {
        let now = Instant::now();
        self.lag.add(now.saturating_duration_since(due), now);
    }

    /// One input has been worked on since then.
    pub(super) fn handled(&mut self, began: Instant) {
        let now = Instant::now();
        self.input.add(now.saturating_duration_since(began), now);
    }

    /// So much waits now.
    pub(super) fn waiting(&mut self, inputs: &LoopInputs, writes: usize) {
        let now = Instant::now();
        self.readings.add(inputs.readings.len(), now);
        self.results.add(inputs.inputs.len() + inputs.delivered.len(), now);
        self.commands.add(inputs.commands.len(), now);
        self.observations.add(inputs.kept.len(), now);
        self.writes.add(writes, now);
    }

    /// How late the loop woke at worst.
    pub(super) fn lag(&self) -> Duration {
        self.lag.get(Instant::now())
    }

    /// The longest that one input took.
    pub(super) fn slowest_input(&self) -> Duration {
        self.input.get(Instant::now())
    }

    /// The most that waited in each queue.
    pub(super) fn queues(&self) -> QueueDepths {
        let now = Instant::now();
        QueueDepths {
            readings: self.readings.get(now),
            results: self.results.get(now),
            commands: self.commands.get(now),
            observations: self.observations.get(now),
            writes: self.writes.get(now),
        }
    }
}
