//! What flaps was seen to begin again and again, is one incident until it has come to rest, and is healed only once it
//! has stayed well for three of its periods.

use std::collections::BTreeMap;
use std::time::Duration;

use salve::core::event::Event;
use salve::core::id::{IncidentId, Key};
use salve::core::incident::Outcome;
use salve::core::time::Mono;

use super::{Books, Judged, Outside, hold};

/// So many onsets are flapping.
const ONSETS: usize = 4;
/// A verification or a rest takes no longer than this.
const LONGEST: Duration = Duration::from_hours(1);

/// Keys that flap, with the usual time between two onsets.
#[derive(Debug, Default)]
pub struct FlappingBook(BTreeMap<Key, Duration>);

impl FlappingBook {
    pub fn apply(&mut self, event: &Event) {
        if let Event::Flapping { key, flaps, period_ms, .. } = event {
            if *flaps {
                self.0.insert(key.clone(), Duration::from_millis(*period_ms));
            } else {
                self.0.remove(key);
            }
        }
    }

    pub fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// How long an attempt on this key must stay verified at least.
    pub fn soak(&self, key: &Key) -> Duration {
        self.0.get(key).map_or(Duration::ZERO, |period| (*period * 3).min(LONGEST))
    }
}

pub fn check(books: &Books, outside: &Outside, now: Mono, event: &Event) -> Judged {
    match event {
        Event::Flapping { key, flaps: true, onsets, .. } => {
            hold!(!books.flapping.has(key), "flapping", "{key:?} flaps twice");
            let seen = outside.onsets(key, now);
            let enough = *onsets as usize >= ONSETS && seen >= ONSETS;
            hold!(enough, "flapping", "{key:?} flaps after {onsets} onsets, {seen} were told");
        }
        Event::Flapping { key, flaps: false, .. } => {
            hold!(books.flapping.has(key), "flapping", "{key:?} comes to rest, and did not flap");
        }
        Event::Closed { incident, outcome: Outcome::SelfCleared | Outcome::ClearedUnverified } => {
            at_rest(books, *incident)?;
        }
        _ => {}
    }
    Ok(())
}

/// One good reading never ends what alternates.
fn at_rest(books: &Books, id: IncidentId) -> Judged {
    let flaps = books.incident(id).is_some_and(|incident| books.flapping.has(&incident.key));
    hold!(!flaps, "flapping", "{id} cleared by itself, and flaps");
    Ok(())
}
