//! What a kind of check remembers from one probe to the next: growth, rates and windows. Only watched subjects are
//! remembered; a single probe of anything else starts from nothing.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::core::Mono;

/// Samples of one window that are kept: a long window is measured more coarsely.
const KEPT: u32 = 64;

/// A subject of which something is remembered.
pub trait Remembered: Clone + Eq + Hash + Send + 'static {
    /// What is remembered of it; at first the default.
    type Trace: Default + Send + 'static;
}

/// The trace of one watched subject; none before its kind asks for it. It is a locked [`Remembered::Trace`].
type Slot = Option<Arc<dyn Any + Send + Sync>>;

/// What is remembered of all watched subjects: a map of subjects for each type of subject, which is one for each kind.
#[derive(Debug, Default)]
pub struct Traces(Mutex<HashMap<TypeId, Box<dyn Any + Send>>>);

impl Traces {
    /// Starts to remember a subject, because it is watched now.
    pub fn remember<S: Clone + Eq + Hash + Send + 'static>(&self, subject: &S) {
        self.with::<S, _>(|slots| {
            if !slots.contains_key(subject) {
                slots.insert(subject.clone(), None);
            }
        });
    }

    /// Forgets a subject, because it is no longer watched.
    pub fn forget<S: Eq + Hash + Send + 'static>(&self, subject: &S) {
        self.with::<S, _>(|slots| slots.remove(subject));
    }

    /// A subject's trace; an empty one if it is not watched.
    pub fn of<S: Remembered>(&self, subject: &S) -> Arc<tokio::sync::Mutex<S::Trace>> {
        let kept = self.with::<S, _>(|slots| {
            let slot = slots.get_mut(subject)?;
            Some(slot.get_or_insert_with(|| Arc::new(tokio::sync::Mutex::new(S::Trace::default()))).clone())
        });
        kept.flatten().and_then(|kept| kept.downcast().ok()).unwrap_or_default()
    }

    /// Calls `act` with the slots of all subjects of this type. The answer is never none, because the map at a type's id
    /// is always of that type.
    fn with<S: Eq + Hash + Send + 'static, T>(&self, act: impl FnOnce(&mut HashMap<S, Slot>) -> T) -> Option<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = all.entry(TypeId::of::<S>()).or_insert_with(|| Box::new(HashMap::<S, Slot>::new()));
        slots.downcast_mut().map(act)
    }
}

/// Up to four counters, sampled over a window.
#[derive(Debug, Default)]
pub struct Samples {
    kept: VecDeque<(Mono, [u64; 4])>,
    latest: Option<[u64; 4]>,
}

/// By how much counters rose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rise {
    /// The time between the first and the last sample.
    pub over: Duration,
    /// The increase of each counter.
    pub by: [u64; 4],
}

impl Samples {
    /// Adds a sample, and returns the increase since the beginning of the window, or since the first sample after it.
    pub fn add(&mut self, now: Mono, counters: [u64; 4], window: Duration) -> Rise {
        while self.kept.get(1).is_some_and(|(at, _)| now.since(*at) >= window) {
            self.kept.pop_front();
        }
        let (first, then) = self.kept.front().copied().unwrap_or((now, counters));
        let last = self.kept.back().map(|(at, _)| now.since(*at));
        if last.is_none_or(|last| last >= window / KEPT) {
            self.kept.push_back((now, counters));
        }
        self.latest = Some(counters);
        let by = std::array::from_fn(|nth| counters[nth].saturating_sub(then[nth]));
        Rise { over: now.since(first), by }
    }

    /// By how much the first figure rose from the first kept sample to the last, by the straight line that fits best
    /// (least squares), and within what time; none of fewer than three samples.
    #[allow(clippy::cast_precision_loss, reason = "figures and milliseconds below 2^52")]
    pub fn trend(&self) -> Option<(f64, Duration)> {
        let (first, last) = (self.kept.front()?.0, self.kept.back()?.0);
        if self.kept.len() < 3 {
            return None;
        }
        let points = || self.kept.iter().map(|(at, figures)| (at.since(first).as_secs_f64(), figures[0] as f64));
        let count = self.kept.len() as f64;
        let (sum_x, sum_y) = points().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (above, below) = points().fold((0.0, 0.0), |(above, below), (x, y)| {
            ((x - mean_x).mul_add(y - mean_y, above), (x - mean_x).mul_add(x - mean_x, below))
        });
        let over = last.since(first);
        (below > 0.0).then(|| (above / below * over.as_secs_f64(), over))
    }

    /// The counters of the latest probe.
    pub const fn latest(&self) -> Option<[u64; 4]> {
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct LineCount(&'static str);

    impl Remembered for LineCount {
        type Trace = u64;
    }

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct SizeInBytes(&'static str);

    impl Remembered for SizeInBytes {
        type Trace = String;
    }

    #[test]
    fn what_lies_before_the_window_is_forgotten() {
        let (mut samples, window) = (Samples::default(), Duration::from_secs(10));
        let at = |seconds: u64| Mono(seconds * 1000);
        assert_eq!(samples.add(at(0), [5; 4], window), Rise { over: Duration::ZERO, by: [0; 4] });
        assert_eq!(samples.add(at(4), [7; 4], window).by[0], 2);
        assert_eq!(samples.add(at(10), [8; 4], window), Rise { over: window, by: [3; 4] });
        assert_eq!(samples.add(at(14), [8; 4], window), Rise { over: window, by: [1; 4] });
    }

    #[test]
    fn a_trend_is_the_line_that_fits_best() {
        let (mut samples, window) = (Samples::default(), Duration::from_secs(100));
        samples.add(Mono(0), [10, 0, 0, 0], window);
        samples.add(Mono(10_000), [30, 0, 0, 0], window);
        assert_eq!(samples.trend(), None, "two points say nothing about a third");
        for (second, figure) in [(20, 20), (30, 40)] {
            samples.add(Mono(second * 1000), [figure, 0, 0, 0], window);
        }
        // means 15 s and 25; sums of products 400 and of squares 500: 0.8 a second, for 30 s
        let (rise, over) = samples.trend().unwrap();
        assert!((rise - 24.0).abs() < 1e-9, "{rise}");
        assert_eq!(over, Duration::from_secs(30));
    }

    #[test]
    fn a_flood_of_samples_is_thinned() {
        let mut samples = Samples::default();
        for at in 0..100_000 {
            samples.add(Mono(at), [at; 4], Duration::from_secs(100));
        }
        assert!(samples.kept.len() <= KEPT as usize + 2, "{}", samples.kept.len());
    }

    #[test]
    fn only_what_is_watched_is_remembered() {
        let traces = Traces::default();
        let subject = LineCount("/log");
        assert!(!Arc::ptr_eq(&traces.of(&subject), &traces.of(&subject)));
        traces.remember(&subject);
        assert!(Arc::ptr_eq(&traces.of(&subject), &traces.of(&subject)));
        traces.remember(&subject);
        assert!(Arc::ptr_eq(&traces.of(&subject), &traces.of(&subject)));
        traces.forget(&subject);
        assert!(!Arc::ptr_eq(&traces.of(&subject), &traces.of(&subject)));
    }

    #[tokio::test]
    async fn subjects_and_kinds_are_remembered_apart() {
        let traces = Traces::default();
        let (log, other, size) = (LineCount("/log"), LineCount("/other"), SizeInBytes("/log"));
        traces.remember(&log);
        traces.remember(&other);
        traces.remember(&size);
        *traces.of(&log).lock().await += 3;
        assert_eq!(*traces.of(&log).lock().await, 3);
        assert_eq!(*traces.of(&other).lock().await, 0);
        assert_eq!(*traces.of(&size).lock().await, "");
        traces.forget(&size);
        assert_eq!(*traces.of(&log).lock().await, 3);
    }
}
