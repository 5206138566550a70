//! A window of the local day.

use std::fmt;
use std::str::FromStr;

use super::{ValueError, value_error};

/// A window of the local day, in minutes since midnight; it may wrap: `"22:00-06:00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayWindow {
    /// First minute inside, 0 to 1439.
    pub from: u16,
    /// First minute outside, 0 to 1439.
    pub to: u16,
}

impl DayWindow {
    /// Whether this minute of the local day is inside.
    #[must_use]
    pub fn contains(self, minute: u16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl FromStr for DayWindow {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let right = || value_error(format!("`{text}` is not a window of the day"), "\"22:00-06:00\"");
        let minute = |part: &str| -> Option<u16> {
            let (hour, minute) = part.trim().split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let (from, to) = text.split_once('-').ok_or_else(right)?;
        let window = Self { from: minute(from).ok_or_else(right)?, to: minute(to).ok_or_else(right)? };
        if window.from == window.to { Err(right()) } else { Ok(window) }
    }
}

impl fmt::Display for DayWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}
