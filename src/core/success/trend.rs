//! How the success rate went: one column per hour of the last day, one per day of the last 30, kept as incidents end.

use std::collections::VecDeque;
use std::time::Duration;

use super::rate::{Trend, WindowRates};
use crate::core::time::Mono;

const HOUR: Duration = Duration::from_hours(1);
const HOURS: usize = 24;
const DAY: Duration = Duration::from_hours(24);
const DAYS: usize = 30;

/// The success rate's two graphs: one column per hour of the last 24, and one per day of the last 30.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pictures {
    hours: TrendColumns,
    days: TrendColumns,
}

/// Columns that are not empty, oldest first, each with its number since the first moment.
#[derive(Debug, Clone, PartialEq, Default)]
struct TrendColumns(VecDeque<(u64, WindowRates)>);

impl Pictures {
    /// Changes the columns of this moment. What came before the oldest column is not drawn.
    pub fn change(&mut self, at: Mono, change: impl Fn(&mut WindowRates)) {
        self.hours.change(number(at, HOUR), HOURS, &change);
        self.days.change(number(at, DAY), DAYS, &change);
    }

    /// As it is now: the last column of each is not over yet.
    pub fn drawn(&self, now: Mono) -> Trend {
        Trend { hours: self.hours.drawn(number(now, HOUR), HOURS), days: self.days.drawn(number(now, DAY), DAYS) }
    }
}

impl TrendColumns {
    fn change(&mut self, number: u64, kept: usize, change: impl Fn(&mut WindowRates)) {
        if let Some((_, rates)) = self.0.iter_mut().rev().find(|(known, _)| *known == number) {
            return change(rates);
        }
        if self.0.back().is_some_and(|(last, _)| *last > number) {
            return;
        }
        let mut rates = WindowRates::default();
        change(&mut rates);
        self.0.push_back((number, rates));
        if self.0.len() > kept {
            self.0.pop_front();
        }
    }

    fn drawn(&self, last: u64, kept: usize) -> Vec<WindowRates> {
        let rates = |number: u64| self.0.iter().find(|(known, _)| *known == number).map(|(_, rates)| rates.clone());
        let ahead = kept as u64 - 1;
        // before the first moment there was nothing
        (0..=ahead).rev().map(|back| last.checked_sub(back).and_then(rates).unwrap_or_default()).collect()
    }
}

fn number(at: Mono, width: Duration) -> u64 {
    at.0 / u64::try_from(width.as_millis()).unwrap_or(u64::MAX)
}
