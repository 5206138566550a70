//! What the loop does by itself, without any input.

use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{BEAT, EngineLoop, HOST_LOAD, MARK};
use crate::check;
use crate::engine::snapshot::HostLoad;
use crate::host::clock;

/// When each of the loop's own timers is due.
#[derive(Debug)]
pub(super) struct LoopTimers {
    pub(super) beat: Instant,
    pub(super) host_load: Instant,
    pub(super) mark: Instant,
    pub(super) frame: Instant,
    pub(super) stop: Option<Instant>,
}

impl LoopTimers {
    pub(super) fn now() -> Self {
        let now = Instant::now();
        Self { beat: now, host_load: now, mark: now + MARK, frame: now, stop: None }
    }
}

impl EngineLoop {
    /// Lets the driver act on what has become due.
    pub(super) fn wake_driver(&mut self) {
        if self.driver.next_wake().is_some_and(|due| due <= self.driver.clock().mono()) {
            self.driver.wake();
            self.changed = true;
        }
    }

    /// Does what the loop's own timers are due for.
    pub(super) fn run_timers(&mut self, due: &mut LoopTimers, loads: &mpsc::Sender<HostLoad>, watched: bool) {
        let now = Instant::now();
        if due.beat <= now {
            #[cfg(debug_assertions)]
            stand_still_for_a_test();
            self.beat.store(clock::boottime_ms(), Ordering::Relaxed);
            due.beat = now + BEAT;
            self.driver.notice_failure();
        }
        if due.mark <= now {
            self.driver.mark();
            due.mark = now + MARK;
        }
        if due.host_load <= now && watched {
            let loads = loads.clone();
            tokio::task::spawn_blocking(move || {
                if let Some(load) = check::host_usage() {
                    // full: the last one has not been taken yet
                    let _ = loads.try_send(load.into());
                }
            });
            due.host_load = now + HOST_LOAD;
        }
    }

    /// When the loop must wake by itself.
    pub(super) fn next_wake(&self, due: &LoopTimers, watched: bool) -> Instant {
        let mut wake = due.beat.min(due.mark);
        if watched {
            wake = wake.min(due.host_load);
            if self.changed {
                wake = wake.min(due.frame);
            }
        }
        if let Some(deadline) = self.driver.next_wake() {
            wake = wake.min(Instant::now() + deadline.since(self.driver.clock().mono()));
        }
        wake.min(due.stop.unwrap_or(wake))
    }
}

/// What a watchdog is for cannot be had by asking: where a test names a file, a debug build's loop stands still for
/// ever as soon as that file is there.
#[cfg(debug_assertions)]
fn stand_still_for_a_test() {
    let file = std::env::var_os("SALVE_TEST_STANDS_STILL_WITH");
    while file.as_ref().is_some_and(|file| std::path::Path::new(file).exists()) {
        std::thread::sleep(BEAT);
    }
}
