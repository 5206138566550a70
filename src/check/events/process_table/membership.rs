//! Which tracked subjects a process belongs to, decided by its name, its first argument and its owner.

use std::sync::Arc;

use super::pidfile::named_by_pidfile;
use super::{Attended, ExitNotifier, Member, ProcessSubject, Table, Tracked, token};
use crate::check::proc::{self, Argument, Stat};

/// The longest `comm`, in bytes.
pub(super) const COMM: usize = 15;
/// The state of a process that was read again.
#[derive(Debug)]
pub(super) enum CurrentName {
    /// There is no such process.
    Gone,
    /// The process exists, but could not be read in time.
    Silent,
    /// The process exists, and this is its `/proc` entry.
    Seen(Stat),
}

pub(super) fn now(pid: i32) -> CurrentName {
    match proc::read_stats(&[pid], false).remove(&pid) {
        None => CurrentName::Silent,
        Some(seen) => seen.stat.map_or(CurrentName::Gone, CurrentName::Seen),
    }
}

/// A name as the kernel keeps it: its first 15 bytes.
pub(super) fn cut(name: &str) -> String {
    let bytes = name.as_bytes();
    String::from_utf8_lossy(&bytes[..bytes.len().min(COMM)]).into_owned()
}
pub(super) fn owned(tracked: &Tracked, pid: i32) -> bool {
    match tracked.uid {
        Ok(Some(uid)) => proc::owner(pid) == Some(uid),
        Ok(None) => true,
        Err(()) => false,
    }
}
impl Table {
    pub(super) fn leave(&mut self, pid: i32, key: &Arc<ProcessSubject>) {
        if let Some(member) = self.members.get_mut(&pid) {
            member.of.retain(|subject| subject != key);
            if member.of.is_empty() {
                self.take_member(pid);
            }
        }
    }

    /// The member, which is one no longer.
    fn take_member(&mut self, pid: i32) -> Option<Member> {
        let member = self.members.remove(&pid)?;
        self.unattended -= usize::from(member.pidfd.is_none());
        Some(member)
    }

    pub(super) fn remove(&mut self, pid: i32) {
        let Some(member) = self.take_member(pid) else { return };
        for subject in member.of {
            if let Some(tracked) = self.tracked.get_mut(&subject) {
                tracked.members.retain(|member| *member != pid);
            }
            self.changed.insert(subject);
        }
    }

    /// Assigns one process to the subjects that it belongs to. A process that could not be read, or not its arguments,
    /// stays assigned and is read again by the next look; subjects that it may belong to are in doubt until then.
    pub(super) fn read(&mut self, pid: i32, seen: Option<proc::ProcStat>, notifier: &mut impl ExitNotifier) {
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
        // A pidfile's own process is not found by its name.
        let stays = |subject: &&Arc<ProcessSubject>| unread || named_by_pidfile(subject);
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
            self.join(pid, stat.start, &subject, notifier);
        }
    }

    /// Makes the next look read this process again.
    pub(super) fn ask_again(&mut self, pid: i32) {
        if let Some(known) = self.known.get_mut(&pid) {
            known.inode = 0;
            self.unsettled.insert(pid);
        }
    }

    /// Puts the subjects in doubt that a process which does not answer may belong to, by its name or user; it stays a
    /// member where it is one.
    pub(super) fn doubt(&mut self, pid: i32) {
        let Some(comm) = proc::comm(pid) else { return };
        for (subject, tracked) in &self.tracked {
            let named = subject.name.as_deref().is_none_or(|name| cut(name) == comm);
            let may_be = subject.pidfile.is_none() && named && owned(tracked, pid);
            if may_be && !tracked.members.contains(&pid) {
                self.doubtful.insert(subject.clone());
            }
        }
    }

    /// Whether it is still the process that started then. If it does not answer, it is read again later, and its
    /// subject is in doubt.
    pub(super) fn is_still(&mut self, pid: i32, start: u64, subject: &Arc<ProcessSubject>, now: CurrentName) -> bool {
        match now {
            CurrentName::Gone => false,
            CurrentName::Seen(found) => found.start == start && !found.dead(),
            CurrentName::Silent => {
                self.ask_again(pid);
                if self.tracked.contains_key(subject) {
                    self.doubtful.insert(subject.clone());
                }
                false
            }
        }
    }

    /// The subjects that want a process of this name and first argument.
    pub(super) fn wanting(&self, pid: i32, stat: &Stat, argument: Option<&str>) -> Vec<Arc<ProcessSubject>> {
        let mut found: Vec<Arc<ProcessSubject>> = self.nameless.clone();
        found.extend(self.by_name.get(stat.comm.as_str()).into_iter().flatten().cloned());
        let by_argument = argument.and_then(|name| self.by_name.get(name)).into_iter().flatten();
        found.extend(by_argument.filter(|subject| !Self::named(subject, &stat.comm)).cloned());
        found.retain(|subject| self.tracked.get(subject).is_some_and(|tracked| owned(tracked, pid)));
        found
    }

    pub(super) fn named(subject: &ProcessSubject, comm: &str) -> bool {
        subject.name.as_deref() == Some(comm)
    }

    pub(super) fn join(
        &mut self,
        pid: i32,
        start: u64,
        subject: &Arc<ProcessSubject>,
        notifier: &mut impl ExitNotifier,
    ) {
        if !self.tracked.contains_key(subject) {
            return;
        }
        if !self.members.contains_key(&pid) {
            let pidfd = match notifier.attend(pid, token(pid, start)) {
                Attended::By(pidfd) => Some(pidfd),
                Attended::ByListing => None,
                Attended::Gone => return,
            };
            // Between reading and opening the id may have passed to another process.
            if pidfd.is_some() && !self.is_still(pid, start, subject, now(pid)) {
                return;
            }
            self.unattended += usize::from(pidfd.is_none());
            self.members.insert(pid, Member { start, of: Vec::with_capacity(1), pidfd });
        }
        let Some(tracked) = self.tracked.get_mut(subject) else { return };
        if let Some(member) = self.members.get_mut(&pid) {
            member.of.push(subject.clone());
            tracked.members.push(pid);
            self.changed.insert(subject.clone());
        }
    }
}
