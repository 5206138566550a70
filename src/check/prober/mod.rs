//! What probes share: the clock, the connection to systemd, the event loop, permits, and what is remembered from one
//! probe to the next.

pub mod connection;
pub mod history;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::check::events::event_loop::{EventLoop, LoopCommand, more_descriptors};
use crate::check::events::folders::Folders;
use crate::check::prober::history::Traces;
use crate::core::Mono;
use crate::host::deadline::DetachedCalls;
use crate::host::{Clock, Systemd, clock, spare};

/// Which scarce resource a probe needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// None worth limiting: a few reads of the host's own files.
    Little,
    /// A network connection, without a request over it.
    Connection,
    /// A request on a connection of its own.
    Request,
    /// A child process.
    Child,
}

/// An observed value, with the time since when it is so.
#[derive(Debug)]
pub struct Timed<T> {
    /// What was seen.
    pub seen: T,
    /// Since when it is so, in microseconds of `CLOCK_MONOTONIC`; 0 if no event announced it.
    pub changed: u64,
}

impl<T> From<T> for Timed<T> {
    fn from(seen: T) -> Self {
        Self { seen, changed: 0 }
    }
}

/// How many connections may be open at once; more wait for a permit, and their deadline starts with it.
const CONNECTIONS: usize = 512;

/// How many children of command checks may run at once.
const CHILDREN: usize = 32;

/// Descriptors for everything that is not a probe: the journal, consoles, channels, attempts, events.
const OTHERS: u64 = 64;

/// Descriptors that are held in reserve, whatever is probed.
const SPARE: u64 = spare::HELD as u64;

/// Descriptors of one connection: its socket, and a name being looked up for it.
const OF_A_CONNECTION: u64 = 2;

/// Descriptors of one child: its pipes on both sides and its handle.
const OF_A_CHILD: u64 = 5;

/// How many connections and children at once leave enough descriptors under this limit. One of each in any case.
fn turns(limit: u64) -> (usize, usize) {
    let free = limit.saturating_sub(OTHERS + SPARE);
    let of = |part: u64, each: u64, most: usize| usize::try_from(part / each).unwrap_or(most).clamp(1, most);
    // a quarter for children, the rest for connections
    (of(free / 4 * 3, OF_A_CONNECTION, CONNECTIONS), of(free / 4, OF_A_CHILD, CHILDREN))
}

/// What probes of this host are made with.
#[derive(Debug)]
pub struct Prober {
    /// What durations run on.
    pub clock: Clock,
    /// The connection to systemd; none if it does not run this host.
    pub systemd: Option<Systemd>,
    /// The event loop, which tracks processes; none if it could not be started.
    pub event_loop: OnceLock<Option<EventLoop>>,
    /// For calls that may never return.
    pub disposable: DetachedCalls,
    /// What is remembered from one probe to the next.
    pub traces: Traces,
    connections: Semaphore,
    children: Semaphore,
}

impl Prober {
    /// A prober of this host; the event loop is set later.
    pub fn new(clock: Clock) -> Self {
        let (connections, children) = turns(more_descriptors());
        Self {
            clock,
            systemd: Systemd::shared().ok(),
            event_loop: OnceLock::new(),
            disposable: DetachedCalls::shared(),
            traces: Traces::default(),
            connections: Semaphore::new(connections),
            children: Semaphore::new(children),
        }
    }

    /// Sends a command to the event loop; it is lost if there is none.
    pub fn send(&self, command: LoopCommand) {
        if let Some(Some(event_loop)) = self.event_loop.get() {
            event_loop.send(command);
        }
    }

    /// The inotify instance that watches folders; none if there is none.
    pub fn folders(&self) -> Option<Arc<Folders>> {
        self.event_loop.get()?.as_ref()?.folders.clone()
    }

    /// Runs a call that may never return in a thread of its own; `about` names what would hang.
    ///
    /// # Errors
    /// A message, if there is no answer in time.
    pub async fn apart<T: Send + 'static>(
        &self,
        about: &str,
        limit: Duration,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        self.disposable.call(about, limit, call).await.map_err(|silence| silence.in_words(about, limit))
    }

    /// Waits until one more probe of this cost may run; the permit is held as long as it does. None where nothing is
    /// limited.
    pub(in crate::check) async fn turn(&self, cost: Cost) -> Option<SemaphorePermit<'_>> {
        match cost {
            Cost::Connection | Cost::Request => self.connections.acquire().await.ok(),
            Cost::Child => self.children.acquire().await.ok(),
            Cost::Little => None,
        }
    }
}

/// A moment of `CLOCK_MONOTONIC` in microseconds, as systemd gives it; the probe's beginning if there was none, or if
/// it lies later.
pub fn since_event(clock: &Clock, monotonic_us: u64, began: Mono) -> Mono {
    if monotonic_us == 0 { began } else { clock.at_boottime(clock::boottime_at_monotonic(monotonic_us)).min(began) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_descriptors_stay_spare_under_any_limit() {
        for limit in (100..5000).chain([65_536, u64::MAX]) {
            let (connections, children) = turns(limit);
            let used = connections as u64 * OF_A_CONNECTION + children as u64 * OF_A_CHILD;
            assert!(used + OTHERS + SPARE <= limit, "{limit}: {connections} connections, {children} children");
        }
        assert_eq!(turns(0), (1, 1));
        assert_eq!(turns(65_536), (CONNECTIONS, CHILDREN));
    }
}
