//! Threads that may be left behind: each answers one call after another, and one that hangs is not used again.

use std::cell::Cell;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// Deep trees are walked by recursion.
const STACK: usize = 1024 * 1024;

/// A thread without a call ends after this: a busy host saves the making of thousands, an idle one keeps none.
const IDLE: Duration = Duration::from_secs(5);

type Call = Box<dyn FnOnce() + Send>;

/// Threads that wait, each with the way to send it a call.
type Waiting = Vec<(ThreadId, Sender<Call>)>;

/// The threads that wait for a call; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct DisposableThreads {
    /// The latest is the last, and takes the next call, so that the others can end.
    waiting: Arc<Mutex<Waiting>>,
}

thread_local! {
    static SPENT: Cell<bool> = const { Cell::new(false) };
}

/// This thread is not as it was: it ends with its call.
pub fn spend() {
    SPENT.set(true);
}

impl DisposableThreads {
    /// Runs a call in a thread of its own for as long as it takes.
    ///
    /// # Errors
    /// Where no thread can be had.
    pub fn run(&self, call: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut call: Call = Box::new(call);
        let next = || self.waiting().pop();
        while let Some((_, thread)) = next() {
            match thread.send(call) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(back)) => call = back,
            }
        }
        let threads = self.clone();
        let thread = thread::Builder::new().name("disposable".into()).stack_size(STACK);
        thread.spawn(move || threads.live(call)).map(drop)
    }

    fn live(&self, first: Call) {
        let (sender, calls) = mpsc::channel();
        let mut next = Some(first);
        while let Some(call) = next {
            call();
            next = if SPENT.get() { None } else { self.wait(&sender, &calls) };
        }
    }

    /// The next call of this thread; none where there is nothing to do.
    fn wait(&self, sender: &Sender<Call>, calls: &Receiver<Call>) -> Option<Call> {
        let own = thread::current().id();
        self.waiting().push((own, sender.clone()));
        if let Ok(call) = calls.recv_timeout(IDLE) {
            return Some(call);
        }
        let mut waiting = self.waiting();
        if let Some(place) = waiting.iter().position(|(thread, _)| *thread == own) {
            waiting.remove(place);
            return None;
        }
        drop(waiting);
        // somebody has taken it out just now, and sends it a call
        calls.recv().ok()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which thread takes a call, once all that are free wait for it.
    fn who(threads: &DisposableThreads, call: impl FnOnce() + Send + 'static, free: usize) -> ThreadId {
        while threads.waiting().len() != free {
            thread::yield_now();
        }
        let (answer, answered) = mpsc::channel();
        threads
            .run(move || {
                call();
                answer.send(thread::current().id()).unwrap();
            })
            .unwrap();
        answered.recv().unwrap()
    }

    #[test]
    fn a_thread_takes_call_after_call_unless_it_hangs_or_is_spent() {
        let threads = DisposableThreads::default();
        let first = who(&threads, || (), 0);
        assert_eq!(who(&threads, || (), 1), first);
        let (release, hold) = mpsc::channel::<()>();
        while threads.waiting().is_empty() {
            thread::yield_now();
        }
        threads.run(move || assert!(hold.recv().is_err())).unwrap();
        let second = who(&threads, || (), 0);
        assert_ne!(second, first, "the first hangs");
        assert_eq!(who(&threads, spend, 1), second);
        assert_ne!(who(&threads, || (), 0), second, "it is spent");
        drop(release);
    }
}
