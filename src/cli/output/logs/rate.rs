//! How often an event of one kind is written. Whoever makes salve say the same thing again and again fills no disk with
//! it; what was left out is counted. Who asks for more than the usual level (`SALVE_LOG=debug`) gets all of that.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Level, Metadata};

/// So many of one kind are written at once.
const BURST: u32 = 20;
/// After that, one more is written so often.
const EVERY: Duration = Duration::from_secs(5);

/// What is left of each kind. There are as many kinds as places in the program that log.
#[derive(Debug, Default)]
pub(super) struct LogRates(HashMap<Identifier, CallSite>);

#[derive(Debug)]
struct CallSite {
    left: u32,
    earned: Instant,
    left_out: u64,
}

impl LogRates {
    /// May one more of this kind be written? Then, how many were left out since the last one.
    pub(super) fn admit(&mut self, metadata: &Metadata<'_>) -> Option<u64> {
        if *metadata.level() > Level::INFO {
            return Some(0);
        }
        let now = Instant::now();
        let new = || CallSite { left: BURST, earned: now, left_out: 0 };
        self.0.entry(metadata.callsite()).or_insert_with(new).admit(now)
    }
}

impl CallSite {
    fn admit(&mut self, now: Instant) -> Option<u64> {
        let waited = now.duration_since(self.earned);
        let earned = u32::try_from(waited.as_millis() / EVERY.as_millis()).unwrap_or(u32::MAX);
        if earned >= BURST - self.left {
            (self.left, self.earned) = (BURST, now);
        } else {
            self.left += earned;
            self.earned += EVERY * earned;
        }
        if self.left == 0 {
            self.left_out += 1;
            return None;
        }
        self.left -= 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_one_comes_at_a_time_and_says_how_many_did_not() {
        let start = Instant::now();
        let mut kind = CallSite { left: BURST, earned: start, left_out: 0 };
        let admitted = |kind: &mut CallSite, after: u64| kind.admit(start + Duration::from_secs(after));
        for _ in 0..BURST {
            assert_eq!(admitted(&mut kind, 0), Some(0));
        }
        assert_eq!([admitted(&mut kind, 1), admitted(&mut kind, 4)], [None, None]);
        assert_eq!([admitted(&mut kind, 6), admitted(&mut kind, 7)], [Some(2), None]);
        assert_eq!([admitted(&mut kind, 11), admitted(&mut kind, 12)], [Some(1), None]);
        // an hour later all is forgotten
        for _ in 0..BURST {
            assert!(admitted(&mut kind, 3600).is_some());
        }
        assert_eq!(admitted(&mut kind, 3600), None);
    }
}
