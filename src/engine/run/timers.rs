//! What the loop does by itself, without having heard anything.

use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::records::Recording;
use super::{BEAT, EngineLoop, MARK, STRIP};
use crate::check;
use crate::core::Input;
use crate::engine::snapshot::HostLoad;
use crate::host::clock;

/// When each of the loop's own timers is due.
#[derive(Debug)]
pub(super) struct LoopTimers {
    pub(super) beat: Instant,
    pub(super) strip: Instant,
    pub(super) mark: Instant,
    pub(super) frame: Instant,
    pub(super) stop: Option<Instant>,
}

impl LoopTimers {
    pub(super) fn now() -> Self {
        let now = Instant::now();
        Self { beat: now, strip: now, mark: now + MARK, frame: now, stop: None }
    }
}

impl EngineLoop {
    /// Lets the core act on deadlines that have passed.
    pub(super) fn tick(&mut self) {
        if self.core.next_deadline().is_some_and(|deadline| deadline <= self.clock.mono()) {
            self.step(Input::Tick);
        }
        if self.held.as_ref().is_some_and(|(_, until)| *until <= Instant::now()) {
            self.commit(Vec::new(), Vec::new());
        }
    }

    pub(super) fn timers(&mut self, due: &mut LoopTimers, strips: &mpsc::Sender<HostLoad>, watched: bool) {
        let now = Instant::now();
        if due.beat <= now {
            #[cfg(debug_assertions)]
            stand_still_for_a_test();
            self.beat.store(clock::boottime_ms(), Ordering::Relaxed);
            due.beat = now + BEAT;
            self.notice_failure();
        }
        if due.mark <= now {
            self.journal.mark(self.mark());
            due.mark = now + MARK;
        }
        if due.strip <= now && watched {
            let strips = strips.clone();
            tokio::task::spawn_blocking(move || {
                if let Some(strip) = check::strip() {
                    // full: the last one has not been looked at yet
                    let _ = strips.try_send(strip.into());
                }
            });
            due.strip = now + STRIP;
        }
        if matches!(&self.recording, Recording::Failing { retry, .. } if *retry <= now) {
            self.retry_records();
        }
    }

    /// When the loop must wake by itself.
    pub(super) fn wake(&self, due: &LoopTimers, watched: bool) -> Instant {
        let mut wake = due.beat.min(due.mark);
        if watched {
            wake = wake.min(due.strip);
            if self.changed {
                wake = wake.min(due.frame);
            }
        }
        if let Some(deadline) = self.core.next_deadline() {
            wake = wake.min(Instant::now() + deadline.since(self.clock.mono()));
        }
        if let Recording::Failing { retry, .. } = &self.recording {
            wake = wake.min(*retry);
        }
        if let Some((_, until)) = &self.held {
            wake = wake.min(*until);
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
