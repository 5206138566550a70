//! Turns: so many at once, and the others wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Turns that may be taken.
pub struct Turns {
    at_once: usize,
    taken: Mutex<usize>,
    given_back: Condvar,
}

/// Somebody's turn; dropping it gives it back.
pub struct Turn(&'static Turns);

impl Turns {
    pub const fn of(at_once: usize) -> Self {
        Self { at_once, taken: Mutex::new(0), given_back: Condvar::new() }
    }

    pub const fn at_once(&self) -> usize {
        self.at_once
    }

    /// Waits for one.
    pub fn take(&'static self) -> Turn {
        let all_taken = |taken: &mut usize| *taken >= self.at_once;
        let taken = self.given_back.wait_while(self.taken(), all_taken);
        *taken.unwrap_or_else(PoisonError::into_inner) += 1;
        Turn(self)
    }

    fn taken(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.taken() -= 1;
        self.0.given_back.notify_one();
    }
}
