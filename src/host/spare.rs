//! Descriptors held back for the day when they run out: whatever else has opened too many files, the journal is
//! written, pages go out, and root's verbs are heard.
//!
//! They are real: open, and of no use. Whoever must not fail borrows some of them, which closes them, and so they can be
//! opened as something else; what was borrowed is taken back when it is given back, or as soon as there is room again.
//! A process that holds none (a verb on the command line) has none to lend.

use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// How many are held back.
pub const HELD: usize = 16;
/// So often it is looked whether what is missing can be had again.
const LOOK: Duration = Duration::from_secs(10);

/// The process's own.
static SPARE: Mutex<Spare> = Mutex::new(Spare { wanted: 0, lent: 0, held: Vec::new() });

#[derive(Debug)]
struct Spare {
    /// None before anybody asked for a reserve.
    wanted: usize,
    lent: usize,
    held: Vec<OwnedFd>,
}

impl Spare {
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
    spare.top_up();
}

/// How many are there to be lent.
#[must_use]
pub fn held() -> usize {
    Spare::of_this_process().held.len()
}

/// Borrows this many, or what is left.
#[must_use]
pub fn lend(count: usize) -> Lent {
    let mut spare = Spare::of_this_process();
    spare.top_up();
    let rest = spare.held.len().saturating_sub(count);
    let lent = spare.held.drain(rest..).count();
    spare.lent += lent;
    Lent { count: lent }
}

/// Borrows this many where so many could not be opened now, and none where they could.
#[must_use]
pub fn lend_if_short(count: usize) -> Lent {
    let probe: Result<Vec<OwnedFd>, Errno> = (0..count).map(|_| fresh()).collect();
    match probe {
        Ok(_) => Lent { count: 0 },
        Err(_) => lend(count),
    }
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
}

impl Lent {
    /// How many.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut spare = Spare::of_this_process();
        spare.lent = spare.lent.saturating_sub(self.count);
        spare.top_up();
    }
}
