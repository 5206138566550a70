//! Which processes belong to which subjects.
//!
//! One listing of `/proc` serves all subjects, and reads only what it has not seen yet: a process is known by its id
//! and by the inode of its folder. What it calls itself may change, so the young are read again, and once in a while
//! everybody is.

use std::collections::{HashMap, HashSet};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ProcessSubject;
use super::proc::{self, Argument, PidfileTime, Stat};
use super::{PidfileError, ProcessSeen, Subject};
use crate::foreign::{self, NoAnswer};

/// Until then a process may still become another program.
const YOUNG: Duration = Duration::from_secs(3);

/// At most this share of the time goes into reading everybody anew.
const FULL_SHARE: u32 = 2000;

/// Not more often than that, however cheap.
const FULL_EVERY: Duration = Duration::from_mins(1);

/// How long a pidfile may take to answer.
const PIDFILE: Duration = Duration::from_millis(250);

/// The longest `comm`.
const COMM: usize = 15;

/// What is known of all processes, and which of them count.
#[derive(Debug)]
pub(in crate::check) struct Table {
    known: HashMap<i32, KnownProcess>,
    members: HashMap<i32, Member>,
    tracked: HashMap<Arc<Subject>, Tracked>,
    by_name: HashMap<Arc<str>, Vec<Arc<Subject>>>,
    nameless: Vec<Arc<Subject>>,
    began: Instant,
    round: u32,
    next_full: Instant,
    /// Subjects whose members changed since they were last taken.
    changed: HashSet<Arc<Subject>>,
}

/// A process that was read.
#[derive(Debug)]
struct KnownProcess {
    inode: u64,
    round: u32,
    /// When it was first read, in milliseconds of the table's life.
    first: u32,
}

/// A process that counts for somebody.
#[derive(Debug)]
struct Member {
    start: u64,
    of: Vec<Arc<Subject>>,
    /// None where descriptors ran out: its end is then seen by the next listing.
    _pidfd: Option<OwnedFd>,
}

#[derive(Debug)]
struct Tracked {
    /// How often to look for births.
    period: Duration,
    uid: Result<Option<u32>, ()>,
    members: Vec<i32>,
    /// What is wrong with the pidfile.
    pidfile: Option<PidfileError>,
    /// Why the pidfile tells nothing: its file system does not answer.
    no_answer: Option<String>,
    /// A process that may be one more does not answer.
    doubt: bool,
    /// The same at the listing before.
    doubted: bool,
}

/// Who is not tracked.
static NOBODY: ProcessSubject = ProcessSubject { name: None, pidfile: None, user: None, memory: false };

/// Only subjects of this kind are tracked.
fn asked(subject: &Subject) -> &ProcessSubject {
    match subject {
        Subject::Process(asked) => asked,
        _ => &NOBODY,
    }
}

/// Where members' descriptors go.
pub(in crate::check) trait ExitNotifier {
    /// Rings with this token when the process ends.
    fn attend(&mut self, pid: i32, token: u64) -> Attended;
}

/// What came of attending a process.
#[derive(Debug)]
pub(in crate::check) enum Attended {
    /// It rings as long as this is held.
    By(OwnedFd),
    /// Descriptors ran out: its end is seen by the next listing.
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

    /// How many processes are attended.
    pub fn attended(&self) -> u64 {
        u64::try_from(self.members.len()).unwrap_or(u64::MAX)
    }

    /// Does nobody ask?
    pub fn is_idle(&self) -> bool {
        self.tracked.is_empty()
    }

    /// The shortest period of those who look for births.
    pub fn shortest_period(&self) -> Option<Duration> {
        self.tracked.values().map(|tracked| tracked.period).filter(|period| *period != Duration::MAX).min()
    }

    /// Is this subject tracked?
    pub fn tracks(&self, subject: &Arc<Subject>) -> bool {
        self.tracked.contains_key(subject)
    }

    /// Tracks a subject from the next listing on, which then reads everybody.
    pub fn track(&mut self, key: &Arc<Subject>, period: Duration) {
        let Subject::Process(subject) = &**key else { return };
        if let Some(tracked) = self.tracked.get_mut(key) {
            tracked.period = period;
            return;
        }
        match &subject.name {
            _ if subject.pidfile.is_some() => (),
            Some(name) => self.by_name.entry(name.clone()).or_default().push(key.clone()),
            None => self.nameless.push(key.clone()),
        }
        let uid = subject.user.as_deref().map(|user| proc::uid(user).ok_or(())).transpose();
        let tracked =
            Tracked { uid, period, members: Vec::new(), pidfile: None, no_answer: None, doubt: false, doubted: false };
        self.tracked.insert(key.clone(), tracked);
        self.next_full = Instant::now();
        self.changed.insert(key.clone());
    }

    /// Stops tracking the processes of this subject. Does nothing where it is not tracked.
    pub fn forget(&mut self, key: &Arc<Subject>) {
        let Some(tracked) = self.tracked.remove(key) else { return };
        if let Some(name) = &asked(key).name
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

    fn leave(&mut self, pid: i32, key: &Arc<Subject>) {
        if let Some(member) = self.members.get_mut(&pid) {
            member.of.retain(|subject| subject != key);
            if member.of.is_empty() {
                self.members.remove(&pid);
            }
        }
    }

    /// A member's descriptor rang.
    pub fn ended(&mut self, rung: u64) {
        let Ok(pid) = i32::try_from(rung & u64::from(u32::MAX)) else { return };
        if self.members.get(&pid).is_some_and(|member| token(pid, member.start) == rung) {
            self.remove(pid);
            // Not unknown: its zombie must not be taken for a newcomer that needs reading.
        }
    }

    fn remove(&mut self, pid: i32) {
        let Some(member) = self.members.remove(&pid) else { return };
        for subject in member.of {
            if let Some(tracked) = self.tracked.get_mut(&subject) {
                tracked.members.retain(|member| *member != pid);
            }
            self.changed.insert(subject);
        }
    }

    /// Lists all processes and reads those that are new, young, or due.
    ///
    /// # Errors
    /// Where `/proc` cannot be listed.
    pub fn list(&mut self, doorbell: &mut impl ExitNotifier) -> std::io::Result<()> {
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
        let mut looked = proc::look(&unread, !self.by_name.is_empty());
        for pid in unread {
            let seen = looked.remove(&pid);
            self.read(pid, seen, doorbell);
        }
        self.known.retain(|_, known| known.round == round);
        let vanished: Vec<i32> = self.members.keys().copied().filter(|pid| !self.known.contains_key(pid)).collect();
        for pid in vanished {
            self.remove(pid);
        }
        self.read_pidfiles(doorbell);
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

    /// Puts one process where it belongs. Who could not be asked, or not for its arguments, stays where it was, and is
    /// asked again by the next listing; whose it may be cannot be counted until then.
    fn read(&mut self, pid: i32, seen: Option<proc::ProcStat>, doorbell: &mut impl ExitNotifier) {
        let unread = seen.as_ref().is_none_or(|seen| seen.argument == Argument::Unread);
        if unread {
            self.ask_again(pid);
        }
        let Some(seen) = seen else { return self.doubt(pid) };
        let stat = seen.stat.filter(|stat| !stat.dead());
        let same = |member: &Member| stat.as_ref().is_some_and(|stat| stat.start == member.start);
        if self.members.get(&pid).is_some_and(|member| !same(member)) {
            self.remove(pid);
        }
        let Some(stat) = stat else { return };
        let mut wanted = self.wanting(pid, &stat, seen.argument.name());
        let former: Vec<_> = self.members.get(&pid).map(|member| member.of.clone()).unwrap_or_default();
        // A pidfile's own process is not told by its name.
        let stays = |subject: &&Arc<Subject>| unread || named_by_pidfile(subject);
        wanted.extend(
            former.iter().filter(stays).filter(|subject| !wanted.contains(subject)).cloned().collect::<Vec<_>>(),
        );
        for subject in former.iter().filter(|subject| !wanted.contains(subject)) {
            self.leave(pid, subject);
            if let Some(tracked) = self.tracked.get_mut(subject) {
                tracked.members.retain(|member| *member != pid);
            }
            self.changed.insert(subject.clone());
        }
        for subject in wanted.into_iter().filter(|subject| !former.contains(subject)) {
            self.join(pid, stat.start, &subject, doorbell);
        }
    }

    /// The next listing reads it anew.
    fn ask_again(&mut self, pid: i32) {
        if let Some(known) = self.known.get_mut(&pid) {
            known.inode = 0;
        }
    }

    /// A process that does not answer may be one of those that bear its name, or are its user's; members stay counted.
    fn doubt(&mut self, pid: i32) {
        let Some(comm) = proc::comm(pid) else { return };
        for (subject, tracked) in &mut self.tracked {
            let asked = asked(subject);
            let named = asked.name.as_deref().is_none_or(|name| cut(name) == comm);
            let may_be = asked.pidfile.is_none() && named && owned(tracked, pid);
            tracked.doubt |= may_be && !tracked.members.contains(&pid);
        }
    }

    /// Is it still the process that started then? Where it does not answer, it is asked again, and its subject in doubt.
    fn is_still(&mut self, pid: i32, start: u64, subject: &Arc<Subject>, now: CurrentName) -> bool {
        match now {
            CurrentName::Gone => false,
            CurrentName::Seen(found) => found.start == start && !found.dead(),
            CurrentName::Silent => {
                self.ask_again(pid);
                if let Some(tracked) = self.tracked.get_mut(subject) {
                    tracked.doubt = true;
                }
                false
            }
        }
    }

    /// Who wants a process with this first argument; none where it has none, or could not be asked.
    fn wanting(&self, pid: i32, stat: &Stat, argument: Option<&str>) -> Vec<Arc<Subject>> {
        let mut found: Vec<Arc<Subject>> = self.nameless.clone();
        found.extend(self.by_name.get(stat.comm.as_str()).into_iter().flatten().cloned());
        let by_argument = argument.and_then(|name| self.by_name.get(name)).into_iter().flatten();
        found.extend(by_argument.filter(|subject| !Self::named(subject, &stat.comm)).cloned());
        found.retain(|subject| self.tracked.get(subject).is_some_and(|tracked| owned(tracked, pid)));
        found
    }

    fn named(subject: &Subject, comm: &str) -> bool {
        asked(subject).name.as_deref() == Some(comm)
    }

    fn join(&mut self, pid: i32, start: u64, subject: &Arc<Subject>, doorbell: &mut impl ExitNotifier) {
        if !self.tracked.contains_key(subject) {
            return;
        }
        if !self.members.contains_key(&pid) {
            let pidfd = match doorbell.attend(pid, token(pid, start)) {
                Attended::By(pidfd) => Some(pidfd),
                Attended::ByListing => None,
                Attended::Gone => return,
            };
            // Between reading and opening the id may have passed to another process.
            if pidfd.is_some() && !self.is_still(pid, start, subject, now(pid)) {
                return;
            }
            self.members.insert(pid, Member { start, of: Vec::with_capacity(1), _pidfd: pidfd });
        }
        let Some(tracked) = self.tracked.get_mut(subject) else { return };
        if let Some(member) = self.members.get_mut(&pid) {
            member.of.push(subject.clone());
            tracked.members.push(pid);
            self.changed.insert(subject.clone());
        }
    }

    fn read_pidfiles(&mut self, doorbell: &mut impl ExitNotifier) {
        let named = self.tracked.keys().filter(|subject| named_by_pidfile(subject));
        for subject in named.cloned().collect::<Vec<_>>() {
            let Some(tracked) = self.tracked.get_mut(&subject) else { continue };
            let read = read_pidfile(&subject);
            let no_answer = read.as_ref().err().map(ToString::to_string);
            if tracked.no_answer != no_answer {
                tracked.no_answer = no_answer;
                self.changed.insert(subject.clone());
            }
            // what is known stays known meanwhile
            let Ok(pidfile) = read else { continue };
            let Some(wanted) = meant(&subject, tracked, pidfile) else {
                tracked.no_answer = Some("the process of its pidfile does not answer".into());
                self.changed.insert(subject.clone());
                continue;
            };
            let former = tracked.members.clone();
            let pid = wanted.as_ref().ok().map(|(pid, _)| *pid);
            for gone in former.iter().copied().filter(|member| Some(*member) != pid) {
                self.leave(gone, &subject);
            }
            if let Some(tracked) = self.tracked.get_mut(&subject) {
                tracked.members.retain(|member| Some(*member) == pid);
                let why = wanted.as_ref().err().cloned();
                if tracked.members.len() != former.len() || tracked.pidfile != why {
                    self.changed.insert(subject.clone());
                }
                tracked.pidfile = why;
            }
            if let Ok((pid, start)) = wanted
                && !former.contains(&pid)
            {
                self.join(pid, start, &subject, doorbell);
            }
        }
    }

    /// What is known of a subject now.
    ///
    /// # Errors
    /// In words, where it cannot be told.
    pub fn seen(&self, subject: &Arc<Subject>) -> Result<ProcessSeen, String> {
        let tracked = self.tracked.get(subject).ok_or("it is not tracked")?;
        if tracked.uid.is_err() {
            return Err(format!("there is no user {}", asked(subject).user.as_deref().unwrap_or_default()));
        }
        if let Some(why) = &tracked.no_answer {
            return Err(why.clone());
        }
        if tracked.doubt {
            return Err("a process that may be one of them does not answer".into());
        }
        let memory = asked(subject).memory.then(|| tracked.members.iter().filter_map(|pid| proc::resident(*pid)).sum());
        let count = u64::try_from(tracked.members.len()).unwrap_or(u64::MAX);
        Ok(ProcessSeen { count, memory, pidfile: tracked.pidfile.clone() })
    }

    /// The subjects whose members changed since this was last asked.
    pub fn take_changed(&mut self) -> HashSet<Arc<Subject>> {
        std::mem::take(&mut self.changed)
    }

    /// The subjects whose memory is wanted: it changes without any event.
    pub fn measured(&self) -> Vec<Arc<Subject>> {
        let measured = self.tracked.keys().filter(|subject| asked(subject).memory);
        measured.cloned().collect()
    }
}

fn named_by_pidfile(subject: &Subject) -> bool {
    matches!(subject, Subject::Process(ProcessSubject { pidfile: Some(_), .. }))
}

fn owned(tracked: &Tracked, pid: i32) -> bool {
    match tracked.uid {
        Ok(Some(uid)) => proc::owner(pid) == Some(uid),
        Ok(None) => true,
        Err(()) => false,
    }
}

/// What a pidfile says. It may lie on a file system that does not answer: this thread waits for it a moment, once, and
/// not again until it has answered.
fn read_pidfile(subject: &Subject) -> Result<Result<proc::Pidfile, String>, NoAnswer> {
    let path: Arc<str> = asked(subject).pidfile.clone().unwrap_or_default();
    let place = path.clone();
    foreign::at_blocking(Path::new(&*place), PIDFILE, move |may_hang| proc::pidfile(&path, may_hang))
}

/// What a process says of itself now.
#[derive(Debug)]
enum CurrentName {
    /// There is no such process.
    Gone,
    /// It does not answer.
    Silent,
    /// The process exists, and this is its `/proc` entry.
    Seen(Stat),
}

fn now(pid: i32) -> CurrentName {
    match proc::look(&[pid], false).remove(&pid) {
        None => CurrentName::Silent,
        Some(seen) => seen.stat.map_or(CurrentName::Gone, CurrentName::Seen),
    }
}

/// A name as the kernel keeps it, for its own comparison.
fn cut(name: &str) -> String {
    let bytes = name.as_bytes();
    String::from_utf8_lossy(&bytes[..bytes.len().min(COMM)]).into_owned()
}

/// The process that a pidfile means, with its start; none where that process does not answer.
fn meant(
    subject: &Subject,
    tracked: &Tracked,
    pidfile: Result<proc::Pidfile, String>,
) -> Option<Result<(i32, u64), PidfileError>> {
    match pidfile {
        Ok(pidfile) => {
            let seen = proc::look(&[pidfile.pid], asked(subject).name.is_some()).remove(&pidfile.pid)?;
            Some(taken(subject, tracked, pidfile, seen))
        }
        Err(why) => Some(Err(PidfileError::Missing(why))),
    }
}

/// Is it the one that the pidfile means?
fn taken(
    subject: &Subject,
    tracked: &Tracked,
    pidfile: proc::Pidfile,
    seen: proc::ProcStat,
) -> Result<(i32, u64), PidfileError> {
    let pid = pidfile.pid;
    let stat = seen.stat.filter(|stat| !stat.dead());
    let stat = stat.ok_or_else(|| PidfileError::Stale(format!("the process {pid} of its pidfile is gone")))?;
    if let Some(why) = another(&pidfile, &stat) {
        return Err(PidfileError::Stale(format!("the process {pid} of its pidfile {why}")));
    }
    let named = |name: &str| stat.comm == cut(name) || seen.argument.name() == Some(name);
    if let Some(name) = asked(subject).name.as_deref().filter(|name| !named(name)) {
        let other = crate::text::clean_line(&stat.comm);
        return Err(PidfileError::Stale(format!("the process {pid} of its pidfile is {other}, not {name}")));
    }
    if owned(tracked, pid) {
        Ok((pid, stat.start))
    } else {
        Err(PidfileError::Stale(format!("the process {pid} of its pidfile is another user's")))
    }
}

/// Why the living process with a pidfile's number is not the one that it means: the number was used again, or whoever
/// may write the file put a stranger's number there.
fn another(pidfile: &proc::Pidfile, stat: &Stat) -> Option<&'static str> {
    match pidfile.written {
        PidfileTime::At(written) if proc::started_after(stat.start, written) => {
            return Some("started after it was written: it is another one");
        }
        PidfileTime::BeforeBoot => return Some("is another one: the file is older than this boot"),
        PidfileTime::At(_) | PidfileTime::Unknown => {}
    }
    let init = pidfile.pid == 1 && matches!(&*stat.comm, "systemd" | "init");
    if init || stat.kernels {
        return Some("is the host's own: no pidfile means it");
    }
    // A user names their own processes only.
    let strangers = pidfile.owner != 0 && proc::owner(pidfile.pid) != Some(pidfile.owner);
    strangers.then_some("belongs to another user than the file")
}

#[cfg(test)]
mod tests;
