//! One look at one subject, within its deadline, apart from all others.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::kernel::{Kernel, Order};
use super::registry::Cost;
use super::subject::{Observation, Subject};
use super::trace::Traces;
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

/// What a look saw.
#[derive(Debug)]
pub struct Sight<T> {
    /// What was seen.
    pub seen: T,
    /// Since when it is so, in microseconds of `CLOCK_MONOTONIC`; 0 where no event told.
    pub changed: u64,
}

impl<T> From<T> for Sight<T> {
    fn from(seen: T) -> Self {
        Self { seen, changed: 0 }
    }
}

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
    /// What is remembered from one look to the next.
    pub traces: Traces,
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
            disposable: Disposable::shared(),
            traces: Traces::default(),
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
        let sight = subject.look(self).await;
        let since = sight.as_ref().map_or(began, |sight| since_event(&self.clock, sight.changed, began));
        let result = sight.map(|sight| sight.seen);
        Look { began, since, result: result.map_err(|why| crate::text::clean_line(&why).as_ref().into()) }
    }

    /// A call that may never return, in a thread of its own; `about` names what would hang.
    ///
    /// # Errors
    /// In words, where there is no answer.
    pub async fn apart<T: Send + 'static>(
        &self,
        about: &str,
        limit: Duration,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        self.disposable.call(about, limit, call).await.map_err(|silence| silence.in_words(about, limit))
    }

    async fn turn(&self, subject: &Subject) -> Option<SemaphorePermit<'_>> {
        match subject.cost() {
            Cost::Connection | Cost::Request => self.connections.acquire().await.ok(),
            Cost::Child => self.children.acquire().await.ok(),
            Cost::Little => None,
        }
    }
}

/// A moment of `CLOCK_MONOTONIC` in microseconds, as systemd gives it; the look's beginning where there was none, or
/// where it lies after it.
pub fn since_event(clock: &Clock, monotonic_us: u64, began: Mono) -> Mono {
    if monotonic_us == 0 { began } else { clock.at_boottime(clock::boottime_at_monotonic(monotonic_us)).min(began) }
}
