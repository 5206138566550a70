//! Sends snapshots of the engine out, no more often than a screen can show.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::EngineLoop;
use super::timers::LoopTimers;
use crate::engine::snapshot::{EngineStats, Snapshot};
use crate::engine::views::playbook_view;
use crate::engine::views::snapshot_builder::{self, Extras};

/// Snapshots go out at most so often.
const FRAME: Duration = Duration::from_millis(50);

impl EngineLoop {
    /// Sends a snapshot where something has changed and a frame has passed.
    pub(super) fn send_snapshot(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>, due: &mut LoopTimers) {
        let now = Instant::now();
        if !self.changed || due.frame > now {
            return;
        }
        self.changed = false;
        self.playbooks_stale |= self.driver.host_mut().take_arming_changed();
        if std::mem::take(&mut self.playbooks_stale) {
            self.playbooks = playbook_view::all(&self.library, self.driver.core());
        }
        self.generation += 1;
        due.frame = now + FRAME;
        snapshots.send_replace(Arc::new(self.snapshot()));
    }

    /// The state as a screen needs it.
    pub fn snapshot(&self) -> Snapshot {
        let executor = self.driver.host();
        let extras = Extras {
            generation: self.generation,
            host: Arc::clone(executor.host()),
            operator: self.operator.clone(),
            strip: self.host_load,
            recording: self.driver.recording(),
            tries: executor.tries(),
            playbooks: self.playbooks.clone(),
            messages: executor.noted().messages(),
            engine_stats: Some(self.stats()),
            condition: crate::check::condition,
        };
        snapshot_builder::build(self.driver.core(), self.driver.clock().now(), extras)
    }

    /// What the engine has measured of itself.
    fn stats(&self) -> EngineStats {
        let commits = self.driver.journal().commit_times();
        EngineStats {
            loop_lag_us: micros(self.meter.lag()),
            slowest_input_us: micros(self.meter.slowest_input()),
            commits: commits.count,
            commit_total_us: micros(commits.total),
            slowest_commit_us: micros(commits.slowest),
            queues: self.meter.queues(),
            oldest_page_ms: self.oldest_page(),
        }
    }

    /// For how long the oldest page that not every channel has taken has been waiting, in milliseconds.
    fn oldest_page(&self) -> Option<u64> {
        let now = self.driver.clock().mono();
        let noted = self.driver.host().noted();
        let waiting = self.driver.core().state().escalations().undelivered();
        let since = waiting.filter_map(|page| noted.page(page)).map(|recorded| recorded.mono).min()?;
        Some(u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
