//! Calls into the kernel that may never return (a dead network mount), kept away from everything else.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};

use super::threads::DisposableThreads;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallError {
    /// Not within the deadline; the thread is left behind until the kernel lets it go.
    Late,
    /// An earlier call about the same thing still hangs, so no other was begun.
    StillHanging,
    /// No thread could be had, or too many hang already.
    NoThread,
}

impl CallError {
    /// In words; `about` is what was asked.
    #[must_use]
    pub fn in_words(self, about: &str, limit: Duration) -> String {
        match self {
            Self::Late => format!("{about} did not answer within {} s", limit.as_secs_f64()),
            Self::StillHanging => format!("{about} does not answer"),
            Self::NoThread => "no thread could be had to ask".into(),
        }
    }
}

/// Runs calls in disposable threads, one at a time for each thing that they are about: the next waits for its turn,
/// unless it is known that the one before hangs.
///
/// Threads of the runtime's pool would not do: a hung one would hold up the runtime's own end.
#[derive(Debug, Clone, Default)]
pub struct DetachedCalls {
    lanes: Arc<Mutex<BTreeMap<Arc<str>, CallLane>>>,
    threads: DisposableThreads,
}

/// The calls about one thing.
#[derive(Debug, Clone)]
struct CallLane {
    turn: Arc<Semaphore>,
    /// Has the call that is under way missed its deadline?
    hangs: bool,
}

/// So many calls may hang at once; a host with more dead mounts than that answers nothing more about files.
const MOST_HANGING: usize = 256;

impl DetachedCalls {
    /// The one of this process, so that a dead mount takes one thread, however many ask about it.
    #[must_use]
    pub fn shared() -> Self {
        static SHARED: LazyLock<DetachedCalls> = LazyLock::new(DetachedCalls::default);
        SHARED.clone()
    }

    /// The call's answer.
    ///
    /// # Errors
    /// [`Silence`].
    pub async fn call<T: Send + 'static>(
        &self,
        about: &str,
        limit: Duration,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CallError> {
        let deadline = Instant::now() + limit;
        let about: Arc<str> = about.into();
        let turn = self.turn(&about)?;
        let turn = timeout_at(deadline, turn.acquire_owned()).await.ok().and_then(Result::ok);
        let taken = LaneGuard {
            lanes: self.lanes.clone(),
            about: about.clone(),
            turn: turn.ok_or(CallError::StillHanging)?.into(),
        };
        let (answer, answered) = oneshot::channel();
        self.spawn(taken, call, move |result| drop(answer.send(result)))?;
        let answer = timeout_at(deadline, answered).await.ok().and_then(Result::ok);
        if answer.is_none() {
            self.hangs(&about);
        }
        answer.ok_or(CallError::Late)
    }

    /// The same for a thread without a runtime. It waits for the answer, and not for a turn.
    ///
    /// # Errors
    /// [`Silence`].
    pub fn call_blocking<T: Send + 'static>(
        &self,
        about: &str,
        limit: Duration,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CallError> {
        let about: Arc<str> = about.into();
        let turn = self.turn(&about)?.try_acquire_owned().map_err(|_| CallError::StillHanging)?;
        let taken = LaneGuard { lanes: self.lanes.clone(), about: about.clone(), turn: Some(turn) };
        let (answer, answered) = std::sync::mpsc::channel();
        self.spawn(taken, call, move |result| drop(answer.send(result)))?;
        let answer = answered.recv_timeout(limit);
        if answer.is_err() {
            self.hangs(&about);
        }
        answer.map_err(|_| CallError::Late)
    }

    fn spawn<T: Send + 'static>(
        &self,
        taken: LaneGuard,
        call: impl FnOnce() -> T + Send + 'static,
        answer: impl FnOnce(T) + Send + 'static,
    ) -> Result<(), CallError> {
        let call = move || {
            let result = call();
            drop(taken);
            answer(result);
        };
        self.threads.run(call).map_err(|_| CallError::NoThread)
    }

    /// Marks a call that missed its deadline.
    fn hangs(&self, about: &Arc<str>) {
        if let Some(lane) = locked(&self.lanes).get_mut(about) {
            // it may have ended at this very moment
            lane.hangs = lane.turn.available_permits() == 0;
        }
    }

    /// Where to wait for a turn; nowhere while a call hangs.
    fn turn(&self, about: &Arc<str>) -> Result<Arc<Semaphore>, CallError> {
        let mut lanes = locked(&self.lanes);
        if lanes.values().filter(|lane| lane.hangs).count() >= MOST_HANGING {
            return Err(CallError::NoThread);
        }
        let fresh = || CallLane { turn: Arc::new(Semaphore::new(1)), hangs: false };
        let lane = lanes.entry(about.clone()).or_insert_with(fresh);
        if lane.hangs { Err(CallError::StillHanging) } else { Ok(lane.turn.clone()) }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held while a call about a thing is under way.
struct LaneGuard {
    lanes: Arc<Mutex<BTreeMap<Arc<str>, CallLane>>>,
    about: Arc<str>,
    turn: Option<OwnedSemaphorePermit>,
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        let mut lanes = locked(&self.lanes);
        self.turn = None;
        let Some(lane) = lanes.get_mut(&self.about) else { return };
        lane.hangs = false;
        // nobody else waits for it
        if Arc::strong_count(&lane.turn) == 1 {
            lanes.remove(&self.about);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hung_call_is_left_behind_and_holds_up_only_its_own_thing() {
        let disposable = DetachedCalls::default();
        let (release, hold) = std::sync::mpsc::channel::<()>();
        let hung = disposable.call("a", Duration::from_millis(10), move || hold.recv().is_err()).await;
        assert_eq!(hung, Err(CallError::Late));
        assert_eq!(disposable.call("a", Duration::from_secs(10), || 1).await, Err(CallError::StillHanging));
        assert_eq!(disposable.call("b", Duration::from_secs(10), || 1).await, Ok(1));
        drop(release);
        while disposable.call("a", Duration::from_secs(10), || 1).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn two_who_ask_at_once_are_both_answered() {
        let disposable = DetachedCalls::default();
        let (release, hold) = std::sync::mpsc::channel::<()>();
        let first = disposable.call("a", Duration::from_secs(10), move || hold.recv().is_err());
        let second = disposable.call("a", Duration::from_secs(10), || 2);
        let let_go = async {
            tokio::task::yield_now().await;
            drop(release);
        };
        let (first, second, ()) = tokio::join!(first, second, let_go);
        assert_eq!((first, second), (Ok(true), Ok(2)));
        assert!(disposable.lanes.lock().unwrap().is_empty(), "nothing is left of them");
    }
}
