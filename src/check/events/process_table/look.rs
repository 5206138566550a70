//! Looks at the host's processes. Three depths, the cheapest nearly always:
//!
//! | look | reads | when |
//! |---|---|---|
//! | a short one | who may have changed since the last look, the young, and who did not answer | whenever it is known who may have changed |
//! | a listing | the same, and who is new in `/proc` | otherwise, and once a minute; always where exits are seen by listing only |
//! | a full one | everybody | when a subject is added; else as seldom as its cost demands |
//!
//! A process is known by its id and by the inode of its folder. Its name may change unannounced: so the young are read
//! again, and once in a while everybody.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{ExitNotifier, KnownProcess, ProcessSubject, Table};
use crate::check::events::process_changes::{ChangeSource, Changes};
use crate::check::proc;

/// How long after its start a process is likely to become another program.
const YOUNG: Duration = Duration::from_secs(3);

/// How often `/proc` is listed even where every start is told.
const LISTING_EVERY: Duration = Duration::from_mins(1);

/// Reading all processes again takes at most one part in this many of the time.
const FULL_SHARE: u32 = 2000;

/// The shortest time between two readings of all processes, however cheap.
const FULL_EVERY: Duration = Duration::from_mins(1);

impl Table {
    /// Brings the table up to date.
    ///
    /// # Errors
    /// Where `/proc` cannot be listed.
    pub fn look(&mut self, changes: &mut impl ChangeSource, notifier: &mut impl ExitNotifier) -> std::io::Result<()> {
        let taken = changes.take();
        let now = Instant::now();
        let enough = now < self.next_listing.min(self.next_full) && self.unattended == 0;
        if let Changes::Only(pids) = taken {
            // to list the few who live is cheaper than to look for many who may not
            let short = enough && pids.len() <= self.known.len();
            for pid in pids {
                if short {
                    self.may_exist(pid);
                }
                self.ask_again(pid);
            }
            if short {
                self.look_briefly(notifier);
                return Ok(());
            }
        }
        let newcomers = self.list(notifier)?;
        changes.found(&newcomers);
        Ok(())
    }

    /// Reads the unsettled.
    fn look_briefly(&mut self, notifier: &mut impl ExitNotifier) {
        let doubted = std::mem::take(&mut self.doubtful);
        self.settle();
        let (age, round) = (self.age(), self.round);
        let mut unread = Vec::with_capacity(self.unsettled.len());
        for pid in self.unsettled.iter().copied().collect::<Vec<_>>() {
            // before the process is read: if the id is used again meanwhile, the next listing notices
            let Some(inode) = proc::inode(pid) else {
                self.vanished(pid);
                continue;
            };
            unread.push(pid);
            if let Some(known) = self.known.get_mut(&pid).filter(|known| known.inode != inode) {
                *known = KnownProcess { inode, round, first: age };
            }
        }
        self.read_all(unread, notifier);
        self.read_pidfiles(notifier);
        self.doubts_changed(&doubted);
    }

    /// Lists all processes and reads those that are new, unsettled, or due. Returns the ids that were not known.
    ///
    /// # Errors
    /// Where `/proc` cannot be listed.
    pub fn list(&mut self, notifier: &mut impl ExitNotifier) -> std::io::Result<Vec<i32>> {
        let began = Instant::now();
        let full = began >= self.next_full;
        self.round = self.round.wrapping_add(1);
        self.settle();
        let (round, age) = (self.round, self.age());
        let (mut unread, mut newcomers) = (Vec::new(), Vec::new());
        proc::each(|pid, inode| {
            let known = self.known.entry(pid).or_insert_with(|| {
                newcomers.push(pid);
                KnownProcess { inode: 0, round, first: age }
            });
            known.round = round;
            if known.inode != inode {
                *known = KnownProcess { inode, round, first: age };
                self.unsettled.insert(pid);
                unread.push(pid);
            } else if full || self.unsettled.contains(&pid) {
                unread.push(pid);
            }
        })?;
        let doubted = std::mem::take(&mut self.doubtful);
        self.read_all(unread, notifier);
        self.known.retain(|_, known| known.round == round);
        let vanished: Vec<i32> = self.members.keys().copied().filter(|pid| !self.known.contains_key(pid)).collect();
        for pid in vanished {
            self.remove(pid);
        }
        self.read_pidfiles(notifier);
        self.doubts_changed(&doubted);
        self.next_listing = began + LISTING_EVERY;
        if full {
            self.next_full = began + (began.elapsed() * FULL_SHARE).max(FULL_EVERY);
        }
        Ok(newcomers)
    }

    fn read_all(&mut self, pids: Vec<i32>, notifier: &mut impl ExitNotifier) {
        if pids.is_empty() {
            return;
        }
        let mut looked = proc::read_stats(&pids, !self.by_name.is_empty());
        for pid in pids {
            let seen = looked.remove(&pid);
            self.read(pid, seen, notifier);
        }
    }

    /// Has the next look see whether there is a process with this id.
    fn may_exist(&mut self, pid: i32) {
        let (round, first) = (self.round, self.age());
        self.known.entry(pid).or_insert(KnownProcess { inode: 0, round, first });
    }

    /// Forgets a process whose folder is gone.
    fn vanished(&mut self, pid: i32) {
        self.unsettled.remove(&pid);
        self.known.remove(&pid);
        self.remove(pid);
    }

    /// Leaves those alone that are no longer young, and have answered.
    fn settle(&mut self) {
        let young = self.age().saturating_sub(u32::try_from(YOUNG.as_millis()).unwrap_or(u32::MAX));
        let unsettled = |known: &KnownProcess| known.inode == 0 || known.first >= young;
        self.unsettled.retain(|pid| self.known.get(pid).is_some_and(unsettled));
    }

    fn doubts_changed(&mut self, before: &HashSet<Arc<ProcessSubject>>) {
        let turned: Vec<_> = before.symmetric_difference(&self.doubtful).cloned().collect();
        self.changed.extend(turned);
    }

    fn age(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX)
    }
}
