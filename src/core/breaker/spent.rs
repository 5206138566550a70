//! Why a human is called for a breaker: what was attempted, and what became of it.

use super::Limits;
use crate::core::id::Key;
use crate::core::incident::{Cause, Incident, Trip};
use crate::core::machine::Core;
use crate::core::time::Mono;

/// How the attempt that spent the budget was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum LastAttempt {
    /// Every verifier held afterwards, so the attempt helped and the fault came back later.
    Verified,
    /// Some verifier did not hold in time, so the attempt did not help.
    NotVerified,
}

/// The attempts that spent a budget, and how many of them helped.
struct Spending {
    attempts: usize,
    helped: usize,
}

impl Core {
    /// A breaker is open for another reason than a budget that was spent just now.
    pub(in crate::core) fn breaker_cause(&self, key: &Key, trip: Trip) -> Cause {
        let (now, limits) = (self.now.mono, self.limits(key));
        let shared = self.state.budget().shared(&key.target);
        let made = self.state.breakers().invocations(key, now, limits.window, shared);
        because(made, limits, trip)
    }

    /// The budget is spent, and its last attempt is judged. Counts the attempts that spent it, however long it took to
    /// judge them.
    pub(in crate::core) fn spent(&self, key: &Key, last: LastAttempt) -> Cause {
        let limits = self.limits(key);
        let Spending { attempts, helped } = self.spending(key, limits);
        let trip = match last {
            LastAttempt::Verified => Trip::Fixed { times: number(helped) },
            LastAttempt::NotVerified => Trip::NotVerified { failed: number(attempts - helped) },
        };
        because(attempts, limits, trip)
    }

    /// Did more than one of the attempts that spent the budget help? A fix that helped once is no repetition, and calls
    /// nobody until the fault comes back to the open breaker.
    pub(in crate::core) fn helped_again(&self, key: &Key) -> bool {
        self.spending(key, self.limits(key)).helped > 1
    }

    fn spending(&self, key: &Key, limits: Limits) -> Spending {
        let shared = self.state.budget().shared(&key.target).is_some();
        let counts = |incident: &&Incident| incident.key == *key || shared && incident.key.target == key.target;
        let counted = self.state.incidents().all().filter(counts);
        let mut made: Vec<(Mono, bool)> =
            counted.flat_map(|one| &one.attempts).map(|attempt| (attempt.started, attempt.verified)).collect();
        made.sort_unstable();
        let spending = &made[made.len().saturating_sub(limits.attempts)..];
        Spending { attempts: spending.len(), helped: spending.iter().filter(|(_, verified)| *verified).count() }
    }

    fn limits(&self, key: &Key) -> Limits {
        self.book(&key.content).map_or(Limits::UNKNOWN, |playbook| Limits::of(&playbook))
    }
}

fn because(attempts: usize, limits: Limits, trip: Trip) -> Cause {
    let window_ms = u64::try_from(limits.window.as_millis()).unwrap_or(u64::MAX);
    Cause::BreakerOpened { attempts: number(attempts), window_ms, trip }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
