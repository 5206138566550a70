//! Keeps track of which processes belong to which subjects.
//!
//! One listing of `/proc` serves all subjects, and reads only what it has not seen yet: a process is known by its id
//! and by the inode of its folder. Its name may change, so young processes are read again, and once in a while all are.

mod membership;
mod pidfile;
mod query;

use std::collections::{HashMap, HashSet};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::check::proc;
pub use query::{PidfileError, ProcessSeen, ProcessSubject};

/// How long after its start a process is likely to become another program.
const YOUNG: Duration = Duration::from_secs(3);

/// Reading all processes again takes at most one part in this many of the time.
const FULL_SHARE: u32 = 2000;

/// The shortest time between two readings of all processes, however cheap.
const FULL_EVERY: Duration = Duration::from_mins(1);

/// All known processes, and those that belong to a tracked subject.
#[derive(Debug)]
pub(in crate::check) struct Table {
    known: HashMap<i32, KnownProcess>,
    members: HashMap<i32, Member>,
    tracked: HashMap<Arc<ProcessSubject>, Tracked>,
    by_name: HashMap<Arc<str>, Vec<Arc<ProcessSubject>>>,
    nameless: Vec<Arc<ProcessSubject>>,
    began: Instant,
    round: u32,
    next_full: Instant,
    /// Subjects whose members changed since they were last taken.
    changed: HashSet<Arc<ProcessSubject>>,
}

/// A process that was read, whether or not it belongs to a subject.
#[derive(Debug)]
struct KnownProcess {
    inode: u64,
    round: u32,
    /// When it was first read, in milliseconds of the table's life.
    first: u32,
}

/// A process that belongs to at least one subject.
#[derive(Debug)]
struct Member {
    start: u64,
    of: Vec<Arc<ProcessSubject>>,
    /// None if descriptors ran out: its exit is then seen by the next listing.
    _pidfd: Option<OwnedFd>,
}

#[derive(Debug)]
struct Tracked {
    /// How often to look for new processes.
    period: Duration,
    uid: Result<Option<u32>, ()>,
    members: Vec<i32>,
    /// What is wrong with the pidfile.
    pidfile: Option<PidfileError>,
    /// Why the pidfile could not be read: its file system does not answer.
    no_answer: Option<String>,
    /// A process that may belong to the subject does not answer.
    doubt: bool,
    /// The same at the previous listing.
    doubted: bool,
}

/// Watches processes for their exit.
pub(in crate::check) trait ExitNotifier {
    /// Reports this token when the process ends.
    fn attend(&mut self, pid: i32, token: u64) -> Attended;
}

/// The outcome of watching a process for its exit.
#[derive(Debug)]
pub(in crate::check) enum Attended {
    /// Its exit is reported as long as this descriptor is held.
    By(OwnedFd),
    /// Descriptors ran out: its exit is seen by the next listing.
    ByListing,
    /// It has ended already.
    Gone,
}

/// Process id and the low bits of its start: never two processes at a time. The two highest bits stay clear.
fn token(pid: i32, start: u64) -> u64 {
    ((start & 0x3FFF_FFFF) << 32) | u64::from(pid.unsigned_abs())
}

impl Table {
    /// An empty table; the first listing of `/proc` reads every process.
    pub fn new() -> Self {
        let began = Instant::now();
        Self {
            known: HashMap::new(),
            members: HashMap::new(),
            tracked: HashMap::new(),
            by_name: HashMap::new(),
            nameless: Vec::new(),
            began,
            round: 0,
            next_full: began,
            changed: HashSet::new(),
        }
    }

    /// How many processes are watched for their exit.
    pub fn attended(&self) -> u64 {
        u64::try_from(self.members.len()).unwrap_or(u64::MAX)
    }

    /// Whether no subject is tracked.
    pub fn is_idle(&self) -> bool {
        self.tracked.is_empty()
    }

    /// The shortest period at which a subject looks for new processes.
    pub fn shortest_period(&self) -> Option<Duration> {
        self.tracked.values().map(|tracked| tracked.period).filter(|period| *period != Duration::MAX).min()
    }

    /// Whether this subject is tracked.
    pub fn tracks(&self, subject: &Arc<ProcessSubject>) -> bool {
        self.tracked.contains_key(subject)
    }

    /// Tracks a subject from the next listing on, which then reads all processes.
    pub fn track(&mut self, key: &Arc<ProcessSubject>, period: Duration) {
        if let Some(tracked) = self.tracked.get_mut(key) {
            tracked.period = period;
            return;
        }
        match &key.name {
            _ if key.pidfile.is_some() => (),
            Some(name) => self.by_name.entry(name.clone()).or_default().push(key.clone()),
            None => self.nameless.push(key.clone()),
        }
        let uid = key.user.as_deref().map(|user| proc::uid(user).ok_or(())).transpose();
        let tracked =
            Tracked { uid, period, members: Vec::new(), pidfile: None, no_answer: None, doubt: false, doubted: false };
        self.tracked.insert(key.clone(), tracked);
        self.next_full = Instant::now();
        self.changed.insert(key.clone());
    }

    /// Stops tracking the processes of this subject. Does nothing where it is not tracked.
    pub fn forget(&mut self, key: &Arc<ProcessSubject>) {
        let Some(tracked) = self.tracked.remove(key) else { return };
        if let Some(name) = &key.name
            && let Some(subjects) = self.by_name.get_mut(name)
        {
            subjects.retain(|subject| subject != key);
            if subjects.is_empty() {
                self.by_name.remove(name);
            }
        }
        self.nameless.retain(|subject| subject != key);
        for pid in tracked.members {
            self.leave(pid, key);
        }
        self.changed.remove(key);
    }

    /// Removes the process with this token, whose pidfd reported its exit.
    pub fn ended(&mut self, ended: u64) {
        let Ok(pid) = i32::try_from(ended & u64::from(u32::MAX)) else { return };
        if self.members.get(&pid).is_some_and(|member| token(pid, member.start) == ended) {
            self.remove(pid);
            // It stays known: its zombie must not be taken for a new process.
        }
    }

    /// Lists all processes and reads those that are new, young, or due.
    ///
    /// # Errors
    /// Where `/proc` cannot be listed.
    pub fn list(&mut self, notifier: &mut impl ExitNotifier) -> std::io::Result<()> {
        let began = Instant::now();
        let full = began >= self.next_full;
        self.round = self.round.wrapping_add(1);
        let (round, age) = (self.round, self.age());
        let young = age.saturating_sub(u32::try_from(YOUNG.as_millis()).unwrap_or(u32::MAX));
        let mut unread = Vec::new();
        proc::each(|pid, inode| {
            let known = self.known.entry(pid).or_insert(KnownProcess { inode: 0, round, first: age });
            known.round = round;
            if known.inode != inode {
                *known = KnownProcess { inode, round, first: age };
                unread.push(pid);
            } else if full || known.first >= young {
                unread.push(pid);
            }
        })?;
        for tracked in self.tracked.values_mut() {
            tracked.doubted = std::mem::take(&mut tracked.doubt);
        }
        let mut looked = proc::read_stats(&unread, !self.by_name.is_empty());
        for pid in unread {
            let seen = looked.remove(&pid);
            self.read(pid, seen, notifier);
        }
        self.known.retain(|_, known| known.round == round);
        let vanished: Vec<i32> = self.members.keys().copied().filter(|pid| !self.known.contains_key(pid)).collect();
        for pid in vanished {
            self.remove(pid);
        }
        self.read_pidfiles(notifier);
        let turned = self.tracked.iter().filter(|(_, tracked)| tracked.doubt != tracked.doubted);
        self.changed.extend(turned.map(|(subject, _)| subject.clone()));
        if full {
            self.next_full = began + (began.elapsed() * FULL_SHARE).max(FULL_EVERY);
        }
        Ok(())
    }

    fn age(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX)
    }

    /// The current processes of a subject.
    ///
    /// # Errors
    /// A message, if it is unknown: no such user, or a process or pidfile does not answer.
    pub fn seen(&self, subject: &Arc<ProcessSubject>) -> Result<ProcessSeen, String> {
        let tracked = self.tracked.get(subject).ok_or("it is not tracked")?;
        if tracked.uid.is_err() {
            return Err(format!("there is no user {}", subject.user.as_deref().unwrap_or_default()));
        }
        if let Some(why) = &tracked.no_answer {
            return Err(why.clone());
        }
        if tracked.doubt {
            return Err("a process that may be one of them does not answer".into());
        }
        let memory = subject.memory.then(|| tracked.members.iter().filter_map(|pid| proc::resident(*pid)).sum());
        let count = u64::try_from(tracked.members.len()).unwrap_or(u64::MAX);
        Ok(ProcessSeen { count, memory, pidfile: tracked.pidfile.clone() })
    }

    /// Takes the subjects whose processes changed since the last call.
    pub fn take_changed(&mut self) -> HashSet<Arc<ProcessSubject>> {
        std::mem::take(&mut self.changed)
    }

    /// The subjects whose memory is wanted, because it changes without any event.
    pub fn measured(&self) -> Vec<Arc<ProcessSubject>> {
        let measured = self.tracked.keys().filter(|subject| subject.memory);
        measured.cloned().collect()
    }
}

#[cfg(test)]
mod tests;
