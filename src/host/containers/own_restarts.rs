//! The latest restarts that this process asked for, so that their stops are never taken for an operator's.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// The latest restarts that this process asked for: of which container, from when to when. The stop of such a restart is
/// never taken for an operator's.
static OWN: Mutex<VecDeque<OwnRestart>> = Mutex::new(VecDeque::new());

/// More than are ever under way at once.
const OWN_KEPT: usize = 256;

/// An event may be dated by so much before its request, or after its answer.
const DATED: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct OwnRestart {
    name: String,
    from: Timestamp,
    /// None while it runs.
    to: Option<Timestamp>,
}

/// Did this process restart a container at this moment?
#[must_use]
pub fn own_restart(name: &str, at: Timestamp) -> bool {
    let own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    let within = |one: &OwnRestart| at >= one.from - DATED && one.to.is_none_or(|to| at <= to + DATED);
    own.iter().any(|one| one.name == name && within(one))
}

pub(super) fn begin(name: &str, from: Timestamp) {
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    if own.len() >= OWN_KEPT {
        own.pop_front();
    }
    own.push_back(OwnRestart { name: name.into(), from, to: None });
}

pub(super) fn end(name: &str, from: Timestamp) {
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    for one in own.iter_mut().filter(|one| one.name == name && one.from == from) {
        one.to = Some(Timestamp::now());
    }
}
