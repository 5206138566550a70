//! Publishes snapshots of the engine, no more often than a screen can show.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::EngineLoop;
use super::records::Recording;
use super::timers::LoopTimers;
use crate::engine::playbook_view;
use crate::engine::snapshot::Snapshot;
use crate::engine::snapshot_builder::{self, Extras};

/// Snapshots go out at most so often.
const FRAME: Duration = Duration::from_millis(50);

impl EngineLoop {
    pub(super) fn publish(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>, due: &mut LoopTimers) {
        let now = Instant::now();
        if !self.changed || due.frame > now {
            return;
        }
        self.changed = false;
        if std::mem::take(&mut self.playbooks_stale) {
            self.playbooks = playbook_view::all(&self.found, &self.core);
        }
        self.generation += 1;
        due.frame = now + FRAME;
        snapshots.send_replace(Arc::new(self.snapshot()));
    }

    /// The state as a screen needs it.
    pub fn snapshot(&self) -> Snapshot {
        let extras = Extras {
            generation: self.generation,
            host: Arc::clone(&self.host),
            operator: self.operator.clone(),
            strip: self.strip,
            recording: match &self.recording {
                Recording::Fine => Ok(()),
                Recording::Failing { why, .. } | Recording::Retrying { why, .. } => Err(Arc::clone(why)),
            },
            tries: self.executor.tries(),
            playbooks: self.playbooks.clone(),
            messages: self.messages.iter().cloned().collect(),
            condition: crate::check::condition,
        };
        snapshot_builder::publish(&self.core, self.clock.now(), extras)
    }
}
