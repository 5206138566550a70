//! What keeps a key from deciding by accident: what it decides about was on the screen, and the keyboard was quiet
//! before it and after it. A paste that the terminal does not mark is a burst of keys; whatever it begins or ends with,
//! the rest of it withdraws the decision.

use crate::console::content::context::ConsoleTime;
use crate::core::Command;

/// How long the keyboard must be quiet before a single key that decides, and after every one, in milliseconds.
pub const QUIET: u64 = 350;

/// The same before the Enter that ends something typed: no paste rests that long, and no person has to wait for it.
pub const PAUSE: u64 = 150;

/// Does it only keep salve from acting? That is done at once: a pause that is lost to a quick next key would be worse
/// than one too many.
#[must_use]
pub fn holds_back(command: &Command) -> bool {
    match command {
        Command::Pause { .. }
        | Command::Schedule { .. }
        | Command::Snooze { .. }
        | Command::Decline { .. }
        | Command::Disarm { .. }
        | Command::LatchBreaker { .. } => true,
        Command::Approve { .. }
        | Command::Resume { .. }
        | Command::Unschedule { .. }
        | Command::Unsnooze { .. }
        | Command::Arm { .. }
        | Command::RunNow { .. }
        | Command::ResetBreaker { .. }
        | Command::Acknowledge { .. }
        | Command::Close { .. } => false,
    }
}

/// Keeps out keys that were typed ahead, repeated or pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guard {
    /// So many rows from the top have been on the screen.
    rows: usize,
    /// When the last of them came on the screen.
    seen: Option<ConsoleTime>,
    /// The latest key.
    key: Option<ConsoleTime>,
}

impl Guard {
    /// Rows `first..end` of `total` are on the screen. Rows that were jumped over are still to be seen.
    pub fn saw(&mut self, first: usize, end: usize, total: usize, now: ConsoleTime) {
        if first <= self.rows {
            self.rows = self.rows.max(end);
        }
        if self.rows >= total && end > first {
            self.seen.get_or_insert(now);
        }
    }

    /// Has some of it been on the screen?
    #[must_use]
    pub fn has_seen_some(&self) -> bool {
        self.rows > 0
    }

    /// Has all of it been on the screen?
    #[must_use]
    pub fn has_seen_all(&self) -> bool {
        self.seen.is_some()
    }

    /// Had all of it been on the screen at that moment?
    #[must_use]
    pub fn had_seen_all(&self, at: ConsoleTime) -> bool {
        self.seen.is_some_and(|seen| seen <= at)
    }

    /// A key, whichever.
    pub fn pressed(&mut self, now: ConsoleTime) {
        self.key = Some(now);
    }

    /// From when on a deciding key counts that needs so many milliseconds of quiet; none before all has been seen.
    #[must_use]
    pub fn opens_at(&self, quiet: u64) -> Option<ConsoleTime> {
        let seen = self.seen?;
        Some(ConsoleTime(self.key.map_or(seen, |key| key.max(seen)).0 + quiet))
    }

    /// Does such a key count now?
    #[must_use]
    pub fn is_open(&self, now: ConsoleTime, quiet: u64) -> bool {
        self.opens_at(quiet).is_some_and(|opens| now >= opens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_opens_after_the_page_was_seen_and_the_keys_were_quiet() {
        let mut guard = Guard::default();
        assert!(!guard.is_open(ConsoleTime(10_000), QUIET), "never seen");
        guard.saw(0, 9, 9, ConsoleTime(1000));
        assert!(!guard.is_open(ConsoleTime(1349), QUIET));
        assert!(guard.is_open(ConsoleTime(1350), QUIET));
        guard.pressed(ConsoleTime(1349));
        assert!(!guard.is_open(ConsoleTime(1698), QUIET));
        assert!(guard.is_open(ConsoleTime(1699), QUIET));
        guard.saw(0, 9, 9, ConsoleTime(5000));
        assert!(guard.is_open(ConsoleTime(1699), QUIET), "seeing it again changes nothing");
    }

    #[test]
    fn rows_that_were_jumped_over_are_still_to_be_seen() {
        let mut guard = Guard::default();
        guard.saw(0, 0, 9, ConsoleTime(0));
        guard.saw(0, 4, 9, ConsoleTime(1));
        guard.saw(5, 9, 9, ConsoleTime(2));
        assert!(!guard.has_seen_all());
        guard.saw(4, 8, 9, ConsoleTime(3));
        guard.saw(5, 9, 9, ConsoleTime(4));
        assert!(guard.has_seen_all());
    }
}
