//! One look at one subject, within its deadline, apart from all others.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::time::timeout;

use super::kernel::{Kernel, Order};
use super::subject::{Observation, Subject};
use super::{command, filesystem, http, load, memory, pressure, tcp, unit};
use crate::core::Mono;
use crate::host::deadline::Disposable;
use crate::host::{Clock, Systemd, clock};

/// What came of a look.
#[derive(Debug, Clone)]
pub struct Look {
    /// When it began.
    pub began: Mono,
    /// When what was seen became so, by the event that told of it; else `began`.
    pub since: Mono,
    /// What was seen, or why nothing was.
    pub result: Result<Observation, Arc<str>>,
}

/// How long the process table may take; it is read in milliseconds.
const TABLE: Duration = Duration::from_secs(5);

/// Connections under way at once; more wait their turn, and their deadline waits with them.
const CONNECTIONS: usize = 512;

/// Children of command checks at once.
const CHILDREN: usize = 32;

/// What looks need.
#[derive(Debug)]
pub struct Looker {
    /// What durations run on.
    pub clock: Clock,
    /// The line to systemd, where it runs this host.
    pub systemd: Option<Systemd>,
    /// The thread that knows processes; none where it could not be started.
    pub kernel: OnceLock<Option<Kernel>>,
    /// For calls that may never return.
    pub disposable: Disposable,
    connections: Semaphore,
    children: Semaphore,
}

impl Looker {
    /// On this host.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            systemd: Systemd::shared().ok(),
            kernel: OnceLock::new(),
            disposable: Disposable::default(),
            connections: Semaphore::new(CONNECTIONS),
            children: Semaphore::new(CHILDREN),
        }
    }

    /// Gives the thread that knows processes an order.
    pub fn order(&self, order: Order) {
        if let Some(Some(kernel)) = self.kernel.get() {
            kernel.order(order);
        }
    }

    /// Looks once.
    pub async fn look(&self, subject: &Arc<Subject>) -> Look {
        let _turn = self.turn(subject).await;
        let began = self.clock.mono();
        let mut since = began;
        let result = match &**subject {
            Subject::Unit { name } => unit::look(self.systemd.as_ref(), name).await.map(|(seen, changed)| {
                since = since_event(&self.clock, changed, began);
                Observation::Unit(seen)
            }),
            Subject::Process(_) => self.processes(subject).await,
            Subject::Filesystem { mount, timeout_ms } => {
                let seen = filesystem::look(&self.disposable, mount, Duration::from_millis(*timeout_ms)).await;
                seen.map(Observation::Filesystem)
            }
            Subject::Http { url, text, timeout_ms } => {
                let seen = http::look(url, text.as_deref(), Duration::from_millis(*timeout_ms)).await;
                seen.map(Observation::Http)
            }
            Subject::Tcp { address, timeout_ms } => {
                Ok(Observation::Tcp(tcp::look(address, Duration::from_millis(*timeout_ms)).await))
            }
            Subject::Command { argv, text, timeout_ms } => {
                let seen =
                    command::look(&self.disposable, argv, text.as_deref(), Duration::from_millis(*timeout_ms)).await;
                seen.map(Observation::Command)
            }
            Subject::Load => load::look().map(Observation::Load),
            Subject::Memory => memory::look().map(Observation::Memory),
            Subject::Pressure => pressure::look().map(Observation::Pressure),
        };
        Look { began, since, result: result.map_err(|why| crate::text::clean_line(&why).as_ref().into()) }
    }

    async fn turn(&self, subject: &Subject) -> Option<SemaphorePermit<'_>> {
        match subject {
            Subject::Http { .. } | Subject::Tcp { .. } => self.connections.acquire().await.ok(),
            Subject::Command { .. } => self.children.acquire().await.ok(),
            _ => None,
        }
    }

    async fn processes(&self, subject: &Arc<Subject>) -> Result<Observation, String> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Look(subject.clone(), answer));
        match timeout(TABLE, answered).await {
            Ok(Ok(seen)) => seen.map(Observation::Process),
            Ok(Err(_)) => Err("processes cannot be watched: no thread or descriptor could be had".into()),
            Err(_) => Err(format!("/proc did not answer within {} s", TABLE.as_secs())),
        }
    }
}

/// A moment of `CLOCK_MONOTONIC` in microseconds, as systemd gives it; the look's beginning where there was none, or
/// where it lies after it.
pub fn since_event(clock: &Clock, monotonic_us: u64, began: Mono) -> Mono {
    if monotonic_us == 0 { began } else { clock.at_boottime(clock::boottime_at_monotonic(monotonic_us)).min(began) }
}
