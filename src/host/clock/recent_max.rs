//! The largest of what was seen of late: a worst case that is shown must be forgotten again.

use std::time::{Duration, Instant};

/// A value counts for at least so long, and for at most twice as long.
const SPAN: Duration = Duration::from_mins(1);

/// The largest value of the last one to two minutes.
#[derive(Debug, Clone, Copy)]
pub struct RecentMax<T> {
    /// The largest since `began`.
    current: T,
    /// The largest of the span before.
    previous: T,
    began: Instant,
}

impl<T: Ord + Copy + Default> RecentMax<T> {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { current: T::default(), previous: T::default(), began: now }
    }

    /// Takes a value that was seen now.
    pub fn add(&mut self, value: T, now: Instant) {
        let passed = now.saturating_duration_since(self.began);
        if passed >= SPAN {
            self.previous = if passed < 2 * SPAN { self.current } else { T::default() };
            self.current = T::default();
            self.began = now;
        }
        self.current = self.current.max(value);
    }

    /// The largest of late; zero where nothing was seen.
    #[must_use]
    pub fn get(&self, now: Instant) -> T {
        let passed = now.saturating_duration_since(self.began);
        if passed < SPAN {
            self.current.max(self.previous)
        } else if passed < 2 * SPAN {
            self.current
        } else {
            T::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_for_one_to_two_minutes() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut worst = RecentMax::new(begin);
        assert_eq!(worst.get(at(0)), 0);
        worst.add(7, at(50));
        worst.add(3, at(55));
        assert_eq!(worst.get(at(59)), 7);
        assert_eq!(worst.get(at(61)), 7, "with nothing seen since");
        worst.add(5, at(70));
        assert_eq!(worst.get(at(70)), 7);
        worst.add(1, at(131));
        assert_eq!(worst.get(at(131)), 5, "the largest of the span before");
        worst.add(2, at(300));
        assert_eq!(worst.get(at(300)), 2, "what is older than two spans is forgotten");
        assert_eq!(worst.get(at(421)), 0);
    }
}
