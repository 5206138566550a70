//! Processes by name or pidfile: an exit is seen at once through a pidfd, a start at the next look. A zombie counts as
//! exited.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::table::ProcessCheck;
use crate::check::events::event_loop::LoopCommand;
use crate::check::events::process_table::{PidfileError, ProcessSeen, ProcessSubject};
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined};
use crate::check::kind::{CheckProbe, SharedSource};
use crate::check::prober::{Cost, Prober};
use crate::check::proc::{self, Argument};
use crate::playbook::Target;

/// How long the process table may take; it is read in milliseconds.
const TABLE: Duration = Duration::from_secs(5);

impl CheckProbe for ProcessCheck {
    type Subject = ProcessSubject;
    type Seen = ProcessSeen;
    const COST: Cost = Cost::Little;

    /// The processes that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<ProcessSubject, String> {
        let arc = |text: &String| Arc::from(text.as_str());
        let pidfile = self.pidfile.as_ref().map(arc);
        let name = match (&self.name, target) {
            (Some(name), _) => Some(arc(name)),
            // A pidfile identifies the process; the target's name would only narrow it.
            (None, Target::Process(name)) if pidfile.is_none() => Some(name.clone()),
            _ => None,
        };
        if name.is_none() && pidfile.is_none() && self.user.is_none() {
            return Err("the check names no process, and its target is none".into());
        }
        let user = self.user.as_ref().map(arc);
        Ok(ProcessSubject { name, pidfile, user, memory: self.memory.is_some() })
    }

    /// Asks the event loop, which tracks processes.
    async fn probe(subject: &ProcessSubject, prober: &Prober) -> Result<ProcessSeen, String> {
        let (answer, answered) = oneshot::channel();
        prober.send(LoopCommand::Probe(Arc::new(subject.clone()), answer));
        match timeout(TABLE, answered).await {
            Ok(Ok(seen)) => seen,
            Ok(Err(_)) => Err("processes cannot be watched: no thread or descriptor could be had".into()),
            Err(_) => Err(format!("/proc did not answer within {} s", TABLE.as_secs())),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "no exact comparison of more than 2^52 bytes is needed")]
    fn judge(&self, seen: &ProcessSeen) -> Judgement {
        let mut parts = Conditions::default();
        let running = match (seen.count, &seen.pidfile) {
            (0, Some(PidfileError::Stale(why) | PidfileError::Missing(why))) => why.clone(),
            (0, None) => "not running".into(),
            (1, _) => "running".into(),
            (count, _) => format!("{count} running"),
        };
        let alone = self.count.is_none() && self.memory.is_none() && self.stale.is_none();
        // A name alone wants the process to run.
        if let Some(wanted) = self.exists.or(alone.then_some(true)) {
            parts.met(wanted == (seen.count > 0), running);
        }
        if let Some(wanted) = self.stale {
            match &seen.pidfile {
                Some(PidfileError::Stale(why)) => parts.met(wanted, why.as_str()),
                Some(PidfileError::Missing(why)) => parts.met(!wanted, why.as_str()),
                None => parts.met(!wanted, "the pidfile names a living process"),
            }
        }
        if let Some(bound) = self.count {
            parts.bound(bound, Some(seen.count as f64), "");
        }
        if let Some(bound) = self.memory {
            parts.bound(bound, seen.memory.map(|bytes| bytes as f64), "memory ");
        }
        parts.figure(seen.count as f64);
        parts.judgement()
    }

    fn condition(&self) -> String {
        let words = joined([
            self.exists.map(|exists| if exists { "running" } else { "not running" }.into()),
            self.stale.map(|stale| if stale { "the pidfile is stale" } else { "the pidfile is not stale" }.into()),
            self.count.map(|bound| format!("count {bound}")),
            self.memory.map(|bound| format!("memory {bound}")),
        ]);
        if words.is_empty() { "running".into() } else { words }
    }

    fn is_insignificant(now: &ProcessSeen, then: &ProcessSeen) -> bool {
        let close = match (now.memory, then.memory) {
            (Some(now), Some(then)) => now.abs_diff(then) <= then / 20,
            (now, then) => now == then,
        };
        now.count == then.count && now.pidfile == then.pidfile && close
    }

    fn shared_source(subject: &ProcessSubject) -> SharedSource {
        SharedSource::ProcessTable(Arc::new(subject.clone()))
    }
}

/// The programs that run now, by the name that a check would name, with how many there are of each; no kernel threads.
///
/// # Errors
/// Where `/proc` cannot be listed.
pub fn programs() -> io::Result<BTreeMap<String, usize>> {
    let mut pids = Vec::new();
    proc::each(|pid, _| pids.push(pid))?;
    let mut found = BTreeMap::new();
    for seen in proc::read_stats(&pids, true).into_values() {
        // only a kernel thread has no argument
        if let (Some(stat), Argument::Named(argument)) = (seen.stat.filter(|stat| !stat.dead()), seen.argument) {
            // the kernel keeps a name's first 15 bytes
            let cut = stat.comm.len() == 15 && argument.starts_with(&stat.comm);
            *found.entry(if cut { argument } else { stat.comm }).or_insert(0) += 1;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    fn seen(count: u64) -> ProcessSeen {
        ProcessSeen { count, memory: Some(3 << 20), pidfile: None }
    }

    #[test]
    fn existence_count_and_memory_are_judged() {
        let gone = ProcessCheck { exists: Some(false), ..ProcessCheck::default() };
        assert_eq!(gone.judge(&seen(0)).verdict, Verdict::Holds);
        assert_eq!(gone.judge(&seen(0)).seen, "not running");
        assert_eq!(gone.judge(&seen(2)).verdict, Verdict::DoesNotHold);
        assert_eq!(ProcessCheck::default().judge(&seen(1)).verdict, Verdict::Holds);
        let count = ProcessCheck { count: Some("> 3".parse().unwrap()), ..ProcessCheck::default() };
        assert_eq!(count.judge(&seen(4)), Judgement { verdict: Verdict::Holds, seen: "4".into(), figure: Some(4.0) });
        let memory = ProcessCheck { memory: Some("> 2MiB".parse().unwrap()), ..ProcessCheck::default() };
        assert_eq!(memory.judge(&seen(1)).seen, "memory 3.0 MiB");
        let unread = ProcessSeen { memory: None, ..seen(1) };
        assert!(matches!(memory.judge(&unread).verdict, Verdict::Unknown(_)));
        assert_eq!(gone.condition(), "not running");
        assert_eq!(memory.condition(), "memory > 2MiB");
    }

    #[test]
    fn programs_are_named_as_a_check_names_them() {
        let own = i32::try_from(std::process::id()).unwrap();
        let own = proc::read_stats(&[own], false).remove(&own).unwrap().stat.unwrap().comm;
        let programs = programs().unwrap();
        assert!(programs.iter().any(|(name, count)| name.starts_with(&own) && *count > 0), "{own}: {programs:?}");
        assert!(!programs.keys().any(|name| name == "kthreadd"));
    }

    #[test]
    fn a_dead_pidfile_says_why() {
        let check = ProcessCheck { pidfile: Some("/run/x.pid".into()), exists: Some(true), ..ProcessCheck::default() };
        let stale =
            ProcessSeen { count: 0, memory: None, pidfile: Some(PidfileError::Stale("the pidfile is stale".into())) };
        let judgement = check.judge(&stale);
        assert_eq!((judgement.verdict, judgement.seen.as_str()), (Verdict::DoesNotHold, "the pidfile is stale"));
        let is_stale =
            ProcessCheck { pidfile: Some("/run/x.pid".into()), stale: Some(true), ..ProcessCheck::default() };
        assert_eq!(is_stale.judge(&stale).verdict, Verdict::Holds);
        let missing = ProcessSeen { pidfile: Some(PidfileError::Missing("there is none".into())), ..stale };
        assert_eq!(is_stale.judge(&missing).verdict, Verdict::DoesNotHold, "stopped in order");
        assert_eq!(is_stale.judge(&seen(1)).verdict, Verdict::DoesNotHold);
        let target = Target::Process("x".into());
        let Ok(subject) = check.subject(&target) else { panic!("no subject") };
        assert_eq!((subject.name, subject.pidfile.as_deref()), (None, Some("/run/x.pid")));
    }
}
