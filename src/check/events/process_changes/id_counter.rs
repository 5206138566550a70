//! The kernel gives process ids out in a row: whoever started since the last look has one of those that were given out
//! since. This tells them without listing anybody.
//!
//! Threads take ids of the same row, and many a process has ended by the time of the look.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Read as _;
use std::time::{Duration, Instant};

use rustix::fs::{PROC_SUPER_MAGIC, fstatfs};

use super::changes::Changes;

/// The id that was given out last is the fifth field.
const LAST_ID: &str = "/proc/loadavg";

/// Its line `processes` counts forks since boot.
const FORKS: &str = "/proc/stat";

/// More ids than this are not looked at one by one.
const MOST: i32 = 8192;

/// With fewer ids than this the row could begin anew unnoticed.
const LEAST_ROW: i32 = 2 * MOST;

/// A process can be seen so long after it was given its id. Its fork is under way until then.
const BORN_WITHIN: Duration = Duration::from_secs(1);

/// Positions are kept no closer together than this.
const SPACING: Duration = Duration::from_millis(100);

/// Follows how far the row of ids has come.
#[derive(Debug, Default)]
pub struct IdCounter {
    /// Positions that may serve as a base later, oldest first.
    positions: VecDeque<(Instant, RowPosition)>,
    /// Whoever has an id up to here was seen by the look before, if it lived then.
    base: Option<RowPosition>,
    /// When the last look was.
    looked: Option<Instant>,
}

/// How far the row has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowPosition {
    /// The id that was given out last.
    id: i32,
    /// Forks since boot, of all namespaces.
    forks: u64,
}

impl IdCounter {
    /// None where `/proc` is of another namespace than this process, or not the kernel's own.
    pub fn of_this_host() -> Option<Self> {
        let own = fs::read_link("/proc/self").ok()?;
        let row: i32 = read("/proc/sys/kernel/pid_max")?.trim_end().parse().ok()?;
        let same = own.to_str()? == std::process::id().to_string();
        (same && row >= LEAST_ROW && RowPosition::now().is_some()).then(Self::default)
    }

    /// Whoever may have started since the last call.
    pub fn take(&mut self) -> Changes {
        RowPosition::now().map_or(Changes::Unknown, |position| self.look(Instant::now(), position))
    }

    fn look(&mut self, now: Instant, position: RowPosition) -> Changes {
        while let (Some(looked), Some((at, passed))) = (self.looked, self.positions.front())
            && *at + BORN_WITHIN <= looked
        {
            self.base = Some(*passed);
            self.positions.pop_front();
        }
        if self.positions.back().is_none_or(|(at, _)| *at + SPACING <= now) {
            self.positions.push_back((now, position));
        }
        self.looked = Some(now);
        self.base.map_or(Changes::Unknown, |base| given_out(base, position))
    }

    /// Whether these processes are among those that may have started until now. An emulated `/proc` may count otherwise.
    pub fn explains(&self, newcomers: &[i32]) -> bool {
        let (Some(base), Some(now)) = (self.base, RowPosition::now()) else { return true };
        explained(given_out(base, now), newcomers)
    }
}

impl RowPosition {
    fn now() -> Option<Self> {
        let id = read(LAST_ID)?.split_ascii_whitespace().nth(4)?.parse().ok()?;
        let forks = read(FORKS)?.lines().find_map(|line| line.strip_prefix("processes "))?.trim().parse().ok()?;
        (id > 0).then_some(Self { id, forks })
    }
}

/// The ids that were given out after `before`; unknown where there are many, or where the row began anew.
fn given_out(before: RowPosition, now: RowPosition) -> Changes {
    let few = now.forks.checked_sub(before.forks).is_some_and(|forks| forks <= MOST.unsigned_abs().into());
    if few && before.id <= now.id && now.id - before.id <= MOST {
        Changes::Only((before.id + 1..=now.id).collect())
    } else {
        Changes::Unknown
    }
}

fn explained(given_out: Changes, newcomers: &[i32]) -> bool {
    match given_out {
        Changes::Only(ids) => newcomers.iter().all(|pid| ids.contains(pid)),
        Changes::Unknown => true,
    }
}

/// A file of the kernel's own; none where something else stands in its place, as in some containers.
fn read(path: &str) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let mut text = String::new();
    let own = fstatfs(&file).ok()?.f_type == PROC_SUPER_MAGIC;
    (own && file.read_to_string(&mut text).is_ok()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(id: i32, forks: u64) -> RowPosition {
        RowPosition { id, forks }
    }

    #[test]
    fn what_was_given_out_since_is_new() {
        assert_eq!(given_out(position(10, 5), position(10, 5)), Changes::Only(vec![]));
        assert_eq!(given_out(position(10, 5), position(13, 6)), Changes::Only(vec![11, 12, 13]));
    }

    #[test]
    fn a_row_that_began_anew_or_went_far_is_unknown() {
        assert_eq!(given_out(position(30_000, 5), position(301, 6)), Changes::Unknown);
        assert_eq!(given_out(position(10, 5), position(11 + MOST, 6)), Changes::Unknown);
        let lap = given_out(position(10, 5), position(11, 40_000));
        assert_eq!(lap, Changes::Unknown, "all the way round");
        assert_eq!(given_out(position(10, 5), position(11, 4)), Changes::Unknown, "counted otherwise");
    }

    #[test]
    fn newcomers_that_nobody_counted_are_noticed() {
        assert!(explained(Changes::Only(vec![11, 12]), &[12]));
        assert!(!explained(Changes::Only(vec![11, 12]), &[13]));
        assert!(explained(Changes::Unknown, &[13]));
    }

    #[test]
    fn an_id_whose_fork_is_under_way_is_looked_at_again() {
        let (mut counter, began) = (IdCounter::default(), Instant::now());
        let mut look = |millis, id| counter.look(began + Duration::from_millis(millis), position(id, 1));
        let ids = |range: std::ops::RangeInclusive<i32>| Changes::Only(range.collect());
        assert_eq!(look(0, 10), Changes::Unknown);
        assert_eq!(look(10, 11), Changes::Unknown);
        assert_eq!(look(1500, 12), Changes::Unknown, "nobody has looked for who was being born at the first look");
        assert_eq!(look(1600, 14), ids(11..=14));
        assert_eq!(look(1600, 14), ids(11..=14), "12 may have been being born");
        assert_eq!(look(2600, 14), ids(11..=14));
        assert_eq!(look(2700, 15), ids(15..=15));
        assert!(counter.positions.len() < 5);
    }
}
