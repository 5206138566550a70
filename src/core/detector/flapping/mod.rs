//! Flapping: a fault that begins again and again. One good reading never ends what alternates.
//!
//! ```text
//!            four onsets within an hour                 three periods without an onset, or healed
//!   steady ------------------------------> flapping ------------------------------------------------> steady
//! ```
//!
//! While a key flaps its fault counts as there without a break, so one incident stays open: the gate is asked at its
//! onsets, the breaker counts, an attempt must stay verified for three periods, and a human is called where nothing
//! could be done about it. Before it flaps, an incident whose fault is gone ends only once it has stayed gone for
//! a moment: a fault that alternates is one incident from its first onset on.

pub mod alternation;
mod follow;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::reading::Verdict;
use super::{Detector, DetectorState};
use crate::core::id::Key;
use crate::core::time::Mono;

/// A fault that has been gone for so long is gone, where events tell of it...
const SETTLE: Duration = Duration::from_secs(10);
/// ...and where it is looked for: so many looks must have found it gone...
const LOOKS: u32 = 2;
/// ...but never longer than this.
const SETTLE_AT_MOST: Duration = Duration::from_mins(5);
/// An incident of something that flaps, and for which nothing could be done, calls a human after so long.
const CALL_AFTER: Duration = Duration::from_mins(5);
/// Where an attempt is still judged, its key is looked at again after so long.
const JUDGED_AGAIN: Duration = Duration::from_secs(10);
/// An older journal does not tell the period.
const PERIOD_UNKNOWN: Duration = Duration::from_mins(1);

/// What is remembered of a key that flaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FlappingState {
    /// Onsets within the last hour, when it was recognised.
    pub onsets: u32,
    /// The usual time between two of them, in milliseconds.
    pub period_ms: u64,
}

impl FlappingState {
    /// The usual time between two onsets.
    #[must_use]
    pub const fn period(self) -> Duration {
        if self.period_ms == 0 { PERIOD_UNKNOWN } else { Duration::from_millis(self.period_ms) }
    }
}

/// Keys whose fault begins again and again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FlappingKeys(BTreeMap<Key, FlappingState>);

impl FlappingKeys {
    /// What is remembered of this key, where it flaps.
    pub fn get(&self, key: &Key) -> Option<FlappingState> {
        self.0.get(key).copied()
    }

    /// Does this key flap?
    pub fn contains(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// It was recorded that a key flaps, or has come to rest.
    pub(in crate::core) fn changed(&mut self, key: &Key, flaps: bool, found: FlappingState) {
        if flaps {
            self.0.insert(key.clone(), found);
        } else {
            self.0.remove(key);
        }
    }
}

impl Detector {
    /// What the latest readings come to, whether or not the key flaps.
    pub(in crate::core) fn read_fault(&self) -> DetectorState {
        DetectorState::of(self.detector.iter().map(|reading| reading.as_ref().map(|reading| &reading.verdict)))
    }

    /// Since when some check has held.
    fn held_since(&self, now: Mono) -> Mono {
        let holds = self.detector.iter().flatten().filter(|reading| reading.verdict == Verdict::Holds);
        holds.map(|reading| reading.since).min().unwrap_or(now).min(now)
    }
}
