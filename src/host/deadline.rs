//! Calls into the kernel that may never return (a dead network mount), kept away from everything else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Not within the deadline; the thread is left behind until the kernel lets it go.
    Late,
    /// An earlier call about the same thing still hangs, so no other was begun.
    StillHanging,
    /// No thread could be had.
    NoThread,
}

impl Silence {
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

/// Runs calls in threads of their own, at most one at a time for each thing that they are about.
///
/// Threads of the runtime's pool would not do: a hung one would hold up the runtime's own end.
#[derive(Debug, Clone, Default)]
pub struct Disposable {
    busy: Arc<Mutex<BTreeSet<Arc<str>>>>,
}

impl Disposable {
    /// The call's answer.
    ///
    /// # Errors
    /// [`Silence`].
    pub async fn call<T: Send + 'static>(
        &self,
        about: &str,
        limit: Duration,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Silence> {
        let about: Arc<str> = about.into();
        let (answer, answered) = oneshot::channel();
        let taken = Taken::take(&self.busy, about).ok_or(Silence::StillHanging)?;
        let thread = thread::Builder::new().name("disposable".into()).stack_size(256 * 1024).spawn(move || {
            let result = call();
            drop(taken);
            let _ = answer.send(result);
        });
        thread.map_err(|_| Silence::NoThread)?;
        timeout(limit, answered).await.ok().and_then(Result::ok).ok_or(Silence::Late)
    }
}

/// Held while a call about a thing is under way.
struct Taken {
    busy: Arc<Mutex<BTreeSet<Arc<str>>>>,
    about: Arc<str>,
}

impl Taken {
    fn take(busy: &Arc<Mutex<BTreeSet<Arc<str>>>>, about: Arc<str>) -> Option<Self> {
        let fresh = busy.lock().unwrap_or_else(PoisonError::into_inner).insert(about.clone());
        fresh.then(|| Self { busy: busy.clone(), about })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hung_call_is_left_behind_and_holds_up_only_its_own_thing() {
        let disposable = Disposable::default();
        let (release, hold) = std::sync::mpsc::channel::<()>();
        let hung = disposable.call("a", Duration::from_millis(10), move || hold.recv().is_err()).await;
        assert_eq!(hung, Err(Silence::Late));
        assert_eq!(disposable.call("a", Duration::from_secs(10), || 1).await, Err(Silence::StillHanging));
        assert_eq!(disposable.call("b", Duration::from_secs(10), || 1).await, Ok(1));
        drop(release);
        while disposable.call("a", Duration::from_secs(10), || 1).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
