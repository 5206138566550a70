//! Keeps track of which processes belong to which subjects.
//!
//! One look at `/proc` serves all subjects: see `look` for what it reads, and how often all of it.

mod look;
mod membership;
mod pidfile;
mod query;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::check::proc;
pub use query::{PidfileError, ProcessSeen, ProcessSubject};

/// All known processes, and those that belong to a tracked subject.
#[derive(Debug)]
pub(in crate::check) struct Table {
    known: HashMap<i32, KnownProcess>,
    /// Known processes that the next look reads in any case: the young, and those that did not answer.
    unsettled: HashSet<i32>,
    members: HashMap<i32, Member>,
    /// Members whose exit only a listing shows.
    unattended: usize,
    tracked: HashMap<Arc<ProcessSubject>, Tracked>,
    by_name: HashMap<Arc<str>, Vec<Arc<ProcessSubject>>>,
    nameless: Vec<Arc<ProcessSubject>>,
    by_pidfile: Vec<Arc<ProcessSubject>>,
    measured: Vec<Arc<ProcessSubject>>,
    /// How many subjects have each period.
    periods: BTreeMap<Duration, usize>,
    /// Subjects to which a process may belong that does not answer.
    doubtful: HashSet<Arc<ProcessSubject>>,
    began: Instant,
    round: u32,
    next_listing: Instant,
    next_full: Instant,
    /// Subjects whose members changed since they were last taken.
    changed: HashSet<Arc<ProcessSubject>>,
}

/// A process that was read, whether or not it belongs to a subject.
#[derive(Debug)]
struct KnownProcess {
    /// The inode of its folder; 0 makes the next look read it again.
    inode: u64,
    /// The listing that it was last found by.
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
    pidfd: Option<OwnedFd>,
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
            unsettled: HashSet::new(),
            members: HashMap::new(),
            unattended: 0,
            tracked: HashMap::new(),
            by_name: HashMap::new(),
            nameless: Vec::new(),
            by_pidfile: Vec::new(),
            measured: Vec::new(),
            periods: BTreeMap::new(),
            doubtful: HashSet::new(),
            began,
            round: 0,
            next_listing: began,
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
        self.periods.keys().next().copied().filter(|period| *period != Duration::MAX)
    }

    /// Whether this subject is tracked.
    pub fn tracks(&self, subject: &Arc<ProcessSubject>) -> bool {
        self.tracked.contains_key(subject)
    }

    /// Tracks a subject from the next listing on, which then reads all processes.
    pub fn track(&mut self, key: &Arc<ProcessSubject>, period: Duration) {
        *self.periods.entry(period).or_default() += 1;
        if let Some(tracked) = self.tracked.get_mut(key) {
            let former = std::mem::replace(&mut tracked.period, period);
            return self.without_period(former);
        }
        match &key.name {
            _ if key.pidfile.is_some() => self.by_pidfile.push(key.clone()),
            Some(name) => self.by_name.entry(name.clone()).or_default().push(key.clone()),
            None => self.nameless.push(key.clone()),
        }
        if key.memory {
            self.measured.push(key.clone());
        }
        let uid = key.user.as_deref().map(|user| proc::uid(user).ok_or(())).transpose();
        let tracked = Tracked { uid, period, members: Vec::new(), pidfile: None, no_answer: None };
        self.tracked.insert(key.clone(), tracked);
        self.next_full = Instant::now();
        self.changed.insert(key.clone());
    }

    /// Stops tracking the processes of this subject. Does nothing where it is not tracked.
    pub fn forget(&mut self, key: &Arc<ProcessSubject>) {
        let Some(tracked) = self.tracked.remove(key) else { return };
        self.without_period(tracked.period);
        if let Some(name) = &key.name
            && let Some(subjects) = self.by_name.get_mut(name)
        {
            subjects.retain(|subject| subject != key);
            if subjects.is_empty() {
                self.by_name.remove(name);
            }
        }
        for list in [&mut self.nameless, &mut self.by_pidfile, &mut self.measured] {
            list.retain(|subject| subject != key);
        }
        for pid in tracked.members {
            self.leave(pid, key);
        }
        self.changed.remove(key);
        self.doubtful.remove(key);
    }

    fn without_period(&mut self, period: Duration) {
        if let Some(count) = self.periods.get_mut(&period) {
            *count -= 1;
            if *count == 0 {
                self.periods.remove(&period);
            }
        }
    }

    /// Removes the process with this token, whose pidfd reported its exit.
    pub fn ended(&mut self, ended: u64) {
        let Ok(pid) = i32::try_from(ended & u64::from(u32::MAX)) else { return };
        if self.members.get(&pid).is_some_and(|member| token(pid, member.start) == ended) {
            self.remove(pid);
            // It stays known: its zombie must not be taken for a new process.
        }
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
        if self.doubtful.contains(subject) {
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
        self.measured.clone()
    }
}

#[cfg(test)]
mod tests;
