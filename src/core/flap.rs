//! Flapping: a target that goes up and down again and again. Acting on it each time hides what is behind it, so it asks.
//!
//! The last 20 changes between two states count, the newer ones more (1.25 down to 0.75). A state is taken at every
//! change and at every minute without one, so that what is steady for long outweighs what was restless before.

use std::collections::VecDeque;
use std::time::Duration;

use super::time::Mono;

/// Places for a change between two of 21 states.
pub const PLACES: usize = 20;
/// Without a change a state counts again after this.
pub const AGAIN: Duration = Duration::from_mins(1);
/// From here on it flaps, in percent.
const BEGINS: f64 = 30.0;
/// Below this it flaps no more, in percent.
const ENDS: f64 = 15.0;
/// The newest and the oldest change's weight.
const WEIGHTS: (f64, f64) = (1.25, 0.75);

/// The latest states of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Flap {
    /// Was it broken? Oldest first.
    states: VecDeque<bool>,
    /// When the last of them was taken.
    taken: Mono,
}

impl Flap {
    /// Nothing is known but that it was well.
    pub fn quiet(now: Mono) -> Self {
        Self { states: VecDeque::from([false]), taken: now }
    }

    /// It flapped when the last process ended; what exactly it did is forgotten.
    pub fn restless(now: Mono) -> Self {
        let states = (0..=PLACES).map(|place| place + 7 > PLACES && place % 2 == 1).collect();
        Self { states, taken: now }
    }

    /// A state was seen.
    pub fn see(&mut self, now: Mono, broken: bool) {
        self.pass(now);
        if self.states.back() != Some(&broken) {
            self.push(broken);
            self.taken = now;
        }
    }

    /// Counts the minutes in which nothing changed.
    pub fn pass(&mut self, now: Mono) {
        let Some(last) = self.states.back().copied() else { return };
        for _ in 0..=PLACES {
            if now.since(self.taken) < AGAIN {
                return;
            }
            self.push(last);
            self.taken = self.taken + AGAIN;
        }
        // after that long it does not matter how long
        self.taken = now;
    }

    fn push(&mut self, broken: bool) {
        if self.states.len() > PLACES {
            self.states.pop_front();
        }
        self.states.push_back(broken);
    }

    /// How restless it is, in percent of a change at every place.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "there are 20 places")]
    pub fn percent(&self) -> f64 {
        let step = (WEIGHTS.0 - WEIGHTS.1) / (PLACES - 1) as f64;
        let newest = self.states.iter().rev().zip(self.states.iter().rev().skip(1)).enumerate();
        let changed = newest.filter(|(_, (later, earlier))| later != earlier);
        changed.map(|(place, _)| WEIGHTS.0 - step * place as f64).sum::<f64>() / PLACES as f64 * 100.0
    }

    /// Does it flap, where it did (or did not) before?
    #[must_use]
    pub fn flaps(&self, before: bool) -> bool {
        self.percent() >= if before { ENDS } else { BEGINS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono(seconds * 1000)
    }

    #[test]
    fn three_healings_in_a_row_flap_and_two_do_not() {
        let mut flap = Flap::quiet(at(0));
        for (second, broken) in [(10, true), (15, false), (20, true), (25, false), (30, true)] {
            flap.see(at(second), broken);
            assert!(!flap.flaps(false), "{} at {second}", flap.percent());
        }
        flap.see(at(35), false);
        assert!(flap.flaps(false), "{}", flap.percent());
    }

    #[test]
    fn it_ends_at_a_lower_threshold_than_it_begins_at() {
        let mut flap = Flap::restless(at(0));
        assert!(flap.flaps(true) && flap.flaps(false), "{}", flap.percent());
        flap.pass(at(8 * 60));
        assert!(flap.flaps(true) && !flap.flaps(false), "{}", flap.percent());
        flap.pass(at(20 * 60));
        assert!(!flap.flaps(true), "{}", flap.percent());
    }

    #[test]
    fn one_fault_for_hours_does_not_flap() {
        let mut flap = Flap::quiet(at(0));
        flap.see(at(5), true);
        flap.pass(at(10_000_000));
        assert!(flap.percent() < 1e-9 && flap.states.len() == PLACES + 1);
    }

    #[test]
    fn a_change_at_every_place_is_the_whole() {
        let mut flap = Flap::quiet(at(0));
        for second in 1..=40 {
            flap.see(at(second), second % 2 == 1);
        }
        assert!((flap.percent() - 100.0).abs() < 1e-9, "{}", flap.percent());
    }
}
