//! How long to wait before the next try: doubling from a second to five minutes, with jitter, so that a thousand hosts
//! do not come back to a mended service in the same instant.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use crate::channel::delivery::RetryPolicy;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);
/// A request to wait longer than this is not followed: a page is urgent.
const LONGEST_ASKED: Duration = Duration::from_mins(15);

/// The waits of one page on one channel.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    setbacks: u32,
}

impl Backoff {
    /// The wait after one more setback.
    pub(super) fn next(&mut self, pace: RetryPolicy) -> Duration {
        let usual = FIRST.saturating_mul(1 << self.setbacks.min(16)).min(LONGEST);
        self.setbacks = self.setbacks.saturating_add(1);
        match pace {
            RetryPolicy::Usual | RetryPolicy::Unanswered => jittered(usual),
            RetryPolicy::Slow | RetryPolicy::Never => jittered(LONGEST),
            RetryPolicy::After(asked) => asked.max(FIRST).min(LONGEST_ASKED) + jittered(FIRST),
        }
    }
}

/// Between three quarters and all of it.
fn jittered(wait: Duration) -> Duration {
    // the standard library's hash keys are random: enough to spread hosts apart
    let chance = RandomState::new().build_hasher().finish() % 1024;
    wait.mul_f64(0.75 + 0.25 * f64::from(u32::try_from(chance).unwrap_or_default()) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let mut backoff = Backoff::default();
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let (wait, most) = (backoff.next(RetryPolicy::Usual), Duration::from_secs(expected));
            assert!(wait >= most.mul_f64(0.75) && wait <= most, "{wait:?} for {most:?}");
        }
    }

    #[test]
    fn a_wait_that_was_asked_for_is_followed_within_reason() {
        let mut backoff = Backoff::default();
        let asked = backoff.next(RetryPolicy::After(Duration::from_secs(7)));
        assert!(asked > Duration::from_secs(7) && asked <= Duration::from_secs(8), "{asked:?}");
        assert!(backoff.next(RetryPolicy::After(Duration::from_hours(24))) < Duration::from_mins(16));
        assert!(backoff.next(RetryPolicy::Slow) >= Duration::from_secs(225));
    }
}
