//! Measured times, and how they are shown.

use std::time::Duration;

/// Times of one kind.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

/// What stands above the rows.
pub fn heading() -> String {
    format!("{:<42} {:>10} {:>10} {:>10} {:>5}", "", "median", "min", "max", "n")
}

impl Times {
    pub fn add(&mut self, times: Vec<Duration>) {
        self.0.extend(times);
        self.0.sort_unstable();
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// In milliseconds; of an even number, the mean of the two in the middle; NaN where there are none.
    pub fn median(&self) -> f64 {
        match self.0.len() {
            0 => f64::NAN,
            count => f64::midpoint(millis(self.0[(count - 1) / 2]), millis(self.0[count / 2])),
        }
    }

    pub fn row(&self, name: &str) -> String {
        let (Some(min), Some(max)) = (self.0.first(), self.0.last()) else { return format!("{name:<42} no figure") };
        let (median, count) = (self.median(), self.0.len());
        format!("{name:<42} {median:>10.3} {:>10.3} {:>10.3} {count:>5}", millis(*min), millis(*max))
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
