//! Descriptors held back for the day when they run out: whatever else has opened too many files, the journal is
//! written, pages go out, and root's verbs are heard.
//!
//! They are real: open, and of no use. Whoever must not fail borrows some of them, which closes them, and so they can be
//! opened as something else; what was borrowed is taken back when it is given back, or replaced as soon as there is room
//! again.
//! A process that holds none (a verb on the command line) has none to lend.

use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// How many are held back.
pub const HELD: usize = 16;
/// How many of them sessions have at most, all together: they last, and what is left must do for a page.
const OF_SESSIONS: usize = HELD / 2;
/// So often it is looked whether what is missing can be had again.
const LOOK: Duration = Duration::from_secs(10);

/// The process's own.
static SPARE: Mutex<Spare> = Mutex::new(Spare::of(0));

#[derive(Debug)]
struct Spare {
    /// None before anybody asked for a reserve.
    wanted: usize,
    /// Of these loans some are with sessions.
    lent: usize,
    with_sessions: usize,
    /// Loans of a former count are settled: what they stand for was replaced.
    count: u64,
    held: Vec<OwnedFd>,
}

/// What descriptors are lent for, which decides how many may be lent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Borrower {
    /// For as long as its connection lasts.
    Session,
    /// For one task.
    Task,
}

impl Spare {
    const fn of(wanted: usize) -> Self {
        Self { wanted, lent: 0, with_sessions: 0, count: 0, held: Vec::new() }
    }

    fn of_this_process() -> MutexGuard<'static, Self> {
        SPARE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is missing, as far as it can be had.
    fn top_up(&mut self) {
        while self.held.len() + self.lent < self.wanted {
            match fresh() {
                Ok(descriptor) => self.held.push(descriptor),
                Err(_) => return,
            }
        }
    }

    /// Replaces what is lent, where there is room for that and for as many again, which the borrowers may still have to
    /// open.
    fn settle(&mut self) {
        self.top_up();
        let missing = self.wanted.saturating_sub(self.held.len());
        if self.lent == 0 || missing == 0 {
            return;
        }
        let had: Result<Vec<OwnedFd>, Errno> = (0..missing + self.lent).map(|_| fresh()).collect();
        if let Ok(had) = had {
            self.held.extend(had.into_iter().take(missing));
            (self.lent, self.with_sessions) = (0, 0);
            self.count += 1;
        }
    }

    /// What is lent beyond the sessions' loans is with tasks.
    const fn is_lent_to_task(&self) -> bool {
        self.lent > self.with_sessions
    }

    fn lend(&mut self, count: usize, to: Borrower) -> Lent {
        self.top_up();
        let rest = self.held.len().saturating_sub(count);
        let lent = self.held.drain(rest..).count();
        self.lent += lent;
        match to {
            Borrower::Session => self.with_sessions += lent,
            Borrower::Task => {}
        }
        Lent { count: lent, to, of: self.count }
    }

    fn take_back(&mut self, lent: &Lent) {
        if lent.of == self.count {
            self.lent = self.lent.saturating_sub(lent.count);
            match lent.to {
                Borrower::Session => self.with_sessions = self.with_sessions.saturating_sub(lent.count),
                Borrower::Task => {}
            }
        }
        self.top_up();
    }
}

/// Holds a reserve from now on, and takes back what is missing of it, until this future is dropped.
pub async fn keep() {
    loop {
        hold();
        tokio::time::sleep(LOOK).await;
    }
}

/// Holds a reserve from now on.
pub fn hold() {
    let mut spare = Spare::of_this_process();
    spare.wanted = HELD;
    spare.settle();
}

/// How many are there to be lent.
#[must_use]
pub fn held() -> usize {
    Spare::of_this_process().held.len()
}

/// Borrows this many, or what is left.
#[must_use]
pub fn lend(count: usize) -> Lent {
    Spare::of_this_process().lend(count, Borrower::Task)
}

/// Borrows this many, or what is left, for as long as a session lasts; none where all sessions together would have more
/// than their share.
#[must_use]
pub fn lend_to_session(count: usize) -> Option<Lent> {
    let mut spare = Spare::of_this_process();
    (spare.with_sessions + count <= OF_SESSIONS).then(|| spare.lend(count, Borrower::Session))
}

/// Borrows this many where so many could not be opened now, and none where they could.
#[must_use]
pub fn lend_if_short(count: usize) -> Lent {
    let probe: Result<Vec<OwnedFd>, Errno> = (0..count).map(|_| fresh()).collect();
    match probe {
        Ok(_) => Lent { count: 0, to: Borrower::Task, of: 0 },
        Err(_) => lend(count),
    }
}

/// Does this while nothing is lent to a task; none, and it is not done, where something is. What is done here cannot open
/// a descriptor that was lent to somebody else.
pub fn unless_lent_to_task<R>(open: impl FnOnce() -> R) -> Option<R> {
    let spare = Spare::of_this_process();
    let opened = (!spare.is_lent_to_task()).then(open);
    drop(spare);
    opened
}

/// Does the error say that descriptors ran out, this process's own or the host's?
#[must_use]
pub fn ran_out(error: &std::io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

fn fresh() -> Result<OwnedFd, Errno> {
    eventfd(0, EventfdFlags::CLOEXEC)
}

/// Descriptors that are lent: as many can be opened until it is dropped. Drop it after what was opened is closed.
#[derive(Debug)]
pub struct Lent {
    count: usize,
    to: Borrower,
    /// The count of the loan.
    of: u64,
}

impl Lent {
    /// How many descriptors were lent.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        Spare::of_this_process().take_back(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_to_a_task_is_told_from_those_to_sessions() {
        let mut spare = Spare::of(HELD);
        spare.top_up();
        let session = spare.lend(2, Borrower::Session);
        assert!(!spare.is_lent_to_task());
        let task = spare.lend(2, Borrower::Task);
        assert!(spare.is_lent_to_task());
        spare.take_back(&task);
        assert!(!spare.is_lent_to_task(), "the session still has its own");
        spare.take_back(&session);
        // they are loans of this reserve, not of the process's own, to which dropping would give them back
        std::mem::forget(session);
        std::mem::forget(task);
    }

    #[test]
    fn what_is_lent_for_long_is_replaced_once_there_is_room_and_comes_back_only_once() {
        let mut spare = Spare::of(HELD);
        spare.top_up();
        let lent = spare.lend(OF_SESSIONS, Borrower::Session);
        assert_eq!((lent.count(), spare.held.len()), (OF_SESSIONS, HELD - OF_SESSIONS));
        spare.top_up();
        assert_eq!(spare.held.len(), HELD - OF_SESSIONS, "what is lent may still have to be opened");
        spare.settle();
        assert_eq!((spare.held.len(), spare.with_sessions), (HELD, 0));
        let again = spare.lend(OF_SESSIONS, Borrower::Session);
        spare.take_back(&lent);
        assert_eq!((spare.held.len(), spare.with_sessions), (HELD - OF_SESSIONS, OF_SESSIONS));
        spare.take_back(&again);
        assert_eq!((spare.held.len(), spare.with_sessions), (HELD, 0));
    }
}
