//! What the service manager is told: that the daemon is ready, how the host stands, and that the loop makes progress.
//! Without a manager that listens, nothing is said.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::console;
use crate::engine::snapshot::Health;
use crate::engine::{Handle, Snapshot};

/// The status is sent at this interval, and this soon again while the first checks are still running.
const STATUS: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(1));
/// An engine that was idle must report its status within this time.
const LOOK: Duration = Duration::from_secs(2);
/// What is asked for beyond the time that a start may take, in microseconds.
const MORE_TIME: u32 = 60_000_000;
/// No status is longer, in characters.
const LONGEST: usize = 200;

/// Tells systemd that settings and playbooks are being reloaded.
pub fn reloading() {
    // both in one message: the manager compares the moment with its own
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// The loop runs on under what was set before.
pub fn not_reloaded() {
    tell(&[NotifyState::Ready, NotifyState::Status("invalid settings file: the previous settings stay in force")]);
}

/// The engine cannot start for now: the manager is asked for more time, again and again.
pub fn not_started(why: &str) {
    let status: String = format!("cannot start, retrying: {why}").chars().take(LONGEST).collect();
    tell(&[NotifyState::ExtendTimeoutUsec(MORE_TIME), NotifyState::Status(&status)]);
}

/// The loop is being ended: it waits for a running attempt.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping, waiting for a running attempt")]);
}

/// Tells of an engine as long as this is held.
#[derive(Debug)]
pub struct ServiceNotifier {
    tasks: [JoinHandle<()>; 2],
}

impl ServiceNotifier {
    /// Says that the engine is ready, and from then on how it is.
    pub fn follow(handle: Handle) -> Self {
        tell(&[NotifyState::Ready]);
        Self { tasks: [tokio::spawn(feed(handle.clone())), tokio::spawn(say(handle))] }
    }
}

impl Drop for ServiceNotifier {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Feeds the watchdog, from the loop's own signs of progress only: a loop that stands still starves it.
async fn feed(handle: Handle) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut last = 0;
    loop {
        let beat = handle.beat();
        if beat != last {
            last = beat;
            tell(&[NotifyState::Watchdog]);
        }
        sleep(patience / 4).await;
    }
}

/// How an engine stands now, also where nobody looked before.
pub async fn looked(handle: &Handle) -> Arc<Snapshot> {
    let mut looking = handle.snapshots();
    looking.borrow_and_update();
    let _ = timeout(LOOK, looking.changed()).await;
    let snapshot = looking.borrow();
    Arc::clone(&snapshot)
}

/// Says how the host stands. Looks only for a moment: an engine that nobody looks at has less to do.
async fn say(handle: Handle) {
    let mut last = String::new();
    loop {
        let (sentence, again) = {
            let snapshot = looked(&handle).await;
            let said = console::plain::status(&snapshot);
            let sentence: String = said.lines().next().unwrap_or_default().chars().take(LONGEST).collect();
            // without playbooks the engine has not read them yet: some are always compiled in
            let begins =
                snapshot.playbooks.is_empty() || snapshot.detectors.iter().any(|row| row.health == Health::Waiting);
            (sentence, if begins { STATUS.1 } else { STATUS.0 })
        };
        if sentence != last {
            tell(&[NotifyState::Status(&sentence)]);
            last = sentence;
        }
        sleep(again).await;
    }
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::debug!(%error, "the service manager was not notified");
    }
}
