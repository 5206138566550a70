//! The process that a pidfile names, and why the file may be stale.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::membership::{cut, owned};
use super::{ExitNotifier, PidfileError, ProcessSubject, Table, Tracked};
use crate::check::proc::{self, PidfileTime, Stat};
use crate::foreign::{self, NoAnswer};

/// How long a pidfile may take to answer.
const PIDFILE: Duration = Duration::from_millis(250);

impl Table {
    pub(super) fn read_pidfiles(&mut self, notifier: &mut impl ExitNotifier) {
        for subject in self.by_pidfile.clone() {
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
                self.join(pid, start, &subject, notifier);
            }
        }
    }
}

/// Reads a subject's pidfile. Its file system may not answer: this thread waits for it briefly, once, and not again
/// until it has answered.
pub(super) fn read_pidfile(subject: &ProcessSubject) -> Result<Result<proc::Pidfile, String>, NoAnswer> {
    let path: Arc<str> = subject.pidfile.clone().unwrap_or_default();
    let place = path.clone();
    foreign::at_blocking(Path::new(&*place), PIDFILE, move |may_hang| proc::pidfile(&path, may_hang))
}

pub(super) fn named_by_pidfile(subject: &ProcessSubject) -> bool {
    subject.pidfile.is_some()
}

/// The process that a pidfile names, with its start time; none if that process does not answer.
pub(super) fn meant(
    subject: &ProcessSubject,
    tracked: &Tracked,
    pidfile: Result<proc::Pidfile, String>,
) -> Option<Result<(i32, u64), PidfileError>> {
    match pidfile {
        Ok(pidfile) => {
            let seen = proc::read_stats(&[pidfile.pid], subject.name.is_some()).remove(&pidfile.pid)?;
            Some(taken(subject, tracked, pidfile, seen))
        }
        Err(why) => Some(Err(PidfileError::Missing(why))),
    }
}

/// The process id and start time, if the living process is the one that the pidfile names; otherwise why the file is
/// stale.
pub(super) fn taken(
    subject: &ProcessSubject,
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
    if let Some(name) = subject.name.as_deref().filter(|name| !named(name)) {
        let other = crate::text::clean_line(&stat.comm);
        return Err(PidfileError::Stale(format!("the process {pid} of its pidfile is {other}, not {name}")));
    }
    if owned(tracked, pid) {
        Ok((pid, stat.start))
    } else {
        Err(PidfileError::Stale(format!("the process {pid} of its pidfile is another user's")))
    }
}

/// Why the living process with a pidfile's number is not the one that it names: the number was reused, or the file's
/// owner wrote another user's number there.
pub(super) fn another(pidfile: &proc::Pidfile, stat: &Stat) -> Option<&'static str> {
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
