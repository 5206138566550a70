//! How the engine itself does: what it costs others to wait for it, and what it waits for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a running engine measures of itself. The slowest and the longest are those of the last minute or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EngineStats {
    /// How late the loop's timers came at worst, microseconds: how long it was kept from waking.
    pub loop_lag_us: u64,
    /// How long the loop worked on one input at most, microseconds: everything else waited meanwhile.
    pub slowest_input_us: u64,
    /// Commits to the journal since the engine started; those that shared an fsync count as one.
    pub commits: u64,
    /// All those commits together, microseconds.
    pub commit_total_us: u64,
    /// The slowest commit, microseconds.
    pub slowest_commit_us: u64,
    /// How many of each wait, at most.
    pub queues: QueueDepths,
    /// How long the oldest page that not every channel has taken has been waiting, milliseconds; none where none waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_page_ms: Option<u64>,
}

impl EngineStats {
    /// A loop that wakes later than this is kept from its work.
    pub const LAG_LIMIT: Duration = Duration::from_secs(1);
    /// An input that takes longer keeps every other one waiting.
    pub const INPUT_LIMIT: Duration = Duration::from_millis(250);
    /// Every attempt waits for a commit before it begins.
    pub const COMMIT_LIMIT: Duration = Duration::from_millis(500);
    /// A queue that is worked off is never so long.
    pub const QUEUE_LIMIT: usize = 1000;
    /// A channel that takes pages takes them within this.
    pub const PAGE_LIMIT: Duration = Duration::from_mins(5);

    /// How late the loop's timers came at worst.
    #[must_use]
    pub const fn loop_lag(&self) -> Duration {
        Duration::from_micros(self.loop_lag_us)
    }

    /// How long the loop worked on one input at most.
    #[must_use]
    pub const fn slowest_input(&self) -> Duration {
        Duration::from_micros(self.slowest_input_us)
    }

    /// How long the slowest commit of the last minute or two took.
    #[must_use]
    pub const fn slowest_commit(&self) -> Duration {
        Duration::from_micros(self.slowest_commit_us)
    }

    /// What a commit took on average; none before the first.
    #[must_use]
    pub fn mean_commit(&self) -> Option<Duration> {
        self.commit_total_us.checked_div(self.commits).map(Duration::from_micros)
    }

    /// How long the oldest page has been waiting.
    #[must_use]
    pub fn oldest_page(&self) -> Option<Duration> {
        self.oldest_page_ms.map(Duration::from_millis)
    }
}

/// How many inputs of each kind waited for the loop, and how many writes for the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QueueDepths {
    /// Readings that differ from the ones before.
    pub readings: usize,
    /// Results of attempts, of preflights and of deliveries.
    pub results: usize,
    /// Commands of operators.
    pub commands: usize,
    /// Observations to be kept for backtests.
    pub observations: usize,
    /// Writes to the journal that are not durable yet.
    pub writes: usize,
}

impl QueueDepths {
    /// Every queue by its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, usize); 5] {
        let Self { readings, results, commands, observations, writes } = *self;
        [
            ("readings", readings),
            ("results", results),
            ("commands", commands),
            ("observations", observations),
            ("writes", writes),
        ]
    }
}

/// A short time in milliseconds, from a second on in seconds: `0.8 ms`, `1.5 s`.
#[must_use]
pub fn short_time(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1000.0)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
