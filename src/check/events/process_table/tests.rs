//! Real processes, found and lost.

mod looks;

use std::process::{Child, Command};

use super::membership::{COMM, CurrentName, cut, now};
use super::pidfile::another;
use super::*;
use crate::check::proc::{Argument, PidfileTime, Stat};

/// Attends nobody: ends are seen by listing, or told by hand.
struct NoNotifier;

impl ExitNotifier for NoNotifier {
    fn attend(&mut self, _: i32, _: u64) -> Attended {
        Attended::ByListing
    }
}

struct Sleeper(Child);

impl Sleeper {
    /// A real process with a name of its own.
    fn named(name: &str) -> Self {
        use std::os::unix::process::CommandExt;
        let child = Command::new("/bin/sleep").arg0(format!("/x/{name}")).arg("600").spawn().unwrap();
        Self(child)
    }

    /// The same, and the kernel knows it by that name.
    fn started(name: &str) -> Self {
        let one = Self::named(name);
        while proc::read_stats(&[one.pid()], true)[&one.pid()].argument.name() != Some(name) {
            std::thread::yield_now();
        }
        one
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).unwrap()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn subject(name: Option<&str>, pidfile: Option<&str>, user: Option<&str>) -> Arc<ProcessSubject> {
    let arc = |text: &str| Arc::from(text);
    let (name, pidfile, user) = (name.map(arc), pidfile.map(arc), user.map(arc));
    Arc::new(ProcessSubject { name, pidfile, user, memory: true })
}

fn count(table: &mut Table, subject: &Arc<ProcessSubject>) -> u64 {
    loop {
        table.list(&mut NoNotifier).unwrap();
        // on a loaded host one may answer late
        match table.seen(subject) {
            Ok(seen) => return seen.count,
            Err(why) => assert!(why.contains("does not answer"), "{why}"),
        }
    }
}

fn seen_now(pid: i32) -> Option<Stat> {
    match now(pid) {
        CurrentName::Gone | CurrentName::Silent => None,
        CurrentName::Seen(stat) => Some(stat),
    }
}

#[test]
fn processes_are_found_by_their_first_argument_and_a_zombie_is_dead() {
    let name = format!("salve-a{}", std::process::id());
    let (mut table, wanted) = (Table::new(), subject(Some(&name), None, None));
    table.track(&wanted, Duration::MAX);
    assert_eq!(count(&mut table, &wanted), 0);
    let mut one = Sleeper::named(&name);
    let two = Sleeper::named(&name);
    // The name is taken with the new program, a moment after the fork.
    while count(&mut table, &wanted) != 2 {
        std::thread::yield_now();
    }
    assert!(table.seen(&wanted).unwrap().memory.unwrap() > 0);
    assert!(table.take_changed().contains(&wanted));
    one.0.kill().unwrap();
    while seen_now(one.pid()).is_some_and(|stat| !stat.dead()) {
        std::thread::yield_now();
    }
    assert_eq!(count(&mut table, &wanted), 1);
    let ends = token(two.pid(), seen_now(two.pid()).unwrap().start);
    table.ended(ends);
    assert_eq!(table.seen(&wanted).unwrap().count, 0);
    table.forget(&wanted);
    assert!(table.is_idle() && table.members.is_empty() && table.by_name.is_empty());
}

#[test]
fn only_the_wanted_users_processes_count() {
    let name = format!("salve-b{}", std::process::id());
    let _one = Sleeper::named(&name);
    let own = rustix::process::geteuid().as_raw();
    let (mine, others) = (own.to_string(), (own + 1).to_string());
    let mut table = Table::new();
    let (mine, others) = (subject(Some(&name), None, Some(&mine)), subject(Some(&name), None, Some(&others)));
    let nobody = subject(Some(&name), None, Some("no such user"));
    for subject in [&mine, &others, &nobody] {
        table.track(subject, Duration::MAX);
    }
    while count(&mut table, &mine) != 1 {
        std::thread::yield_now();
    }
    assert_eq!(table.seen(&others).unwrap().count, 0);
    assert_eq!(table.seen(&nobody), Err("there is no user no such user".into()));
}

#[test]
fn a_pidfile_means_one_process_and_says_why_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pid");
    let mut table = Table::new();
    let wanted = subject(None, path.to_str(), None);
    table.track(&wanted, Duration::MAX);
    assert_eq!(count(&mut table, &wanted), 0);
    let said = |table: &Table| table.seen(&wanted).unwrap().pidfile.unwrap();
    assert!(matches!(said(&table), PidfileError::Missing(why) if why.contains("there is no pidfile")));
    let mut one = Sleeper::named("x");
    std::fs::write(&path, one.pid().to_string()).unwrap();
    assert_eq!(count(&mut table, &wanted), 1);
    assert_eq!(table.seen(&wanted).unwrap().pidfile, None);
    one.0.kill().unwrap();
    one.0.wait().unwrap();
    assert_eq!(count(&mut table, &wanted), 0);
    assert!(matches!(said(&table), PidfileError::Stale(why) if why.contains("is gone")));
}

#[test]
fn an_id_that_was_used_again_is_another_process() {
    let mut table = Table::new();
    let wanted = subject(Some("x"), None, None);
    table.track(&wanted, Duration::MAX);
    table.join(1, 42, &wanted, &mut NoNotifier);
    assert_eq!(table.seen(&wanted).unwrap().count, 1);
    table.ended(token(1, 43));
    assert_eq!(table.seen(&wanted).unwrap().count, 1);
    // Process 1 did not start at tick 42 under this name.
    let seen = proc::read_stats(&[1], true).remove(&1);
    table.read(1, seen, &mut NoNotifier);
    assert_eq!(table.seen(&wanted).unwrap().count, 0);
}

#[test]
fn a_process_that_cannot_be_asked_stays_where_it_was() {
    let name = format!("salve-u{}", std::process::id());
    let (mut table, wanted) = (Table::new(), subject(Some(&name), None, None));
    table.track(&wanted, Duration::MAX);
    let one = Sleeper::named(&name);
    while count(&mut table, &wanted) != 1 {
        std::thread::yield_now();
    }
    table.read(one.pid(), None, &mut NoNotifier);
    assert_eq!(table.seen(&wanted).unwrap().count, 1);
    let stat = proc::read_stats(&[one.pid()], false).remove(&one.pid()).unwrap().stat;
    let as_if = |argument| Some(proc::ProcStat { stat: stat.clone(), argument });
    table.read(one.pid(), as_if(Argument::Unread), &mut NoNotifier);
    assert_eq!(table.seen(&wanted).unwrap().count, 1);
    table.read(one.pid(), as_if(Argument::Named("another".to_owned())), &mut NoNotifier);
    assert_eq!(table.seen(&wanted).unwrap().count, 0);
    // it is asked again by the next listing, not by the next full one
    table.read(one.pid(), None, &mut NoNotifier);
    assert_eq!(count(&mut table, &wanted), 1);
}

#[test]
fn a_newcomer_that_cannot_be_asked_leaves_the_count_unknown_to_whoever_it_may_belong() {
    let name = format!("salve-silent-{}", std::process::id());
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join(&name);
    std::os::unix::fs::symlink("/bin/sleep", &program).unwrap();
    let mut one = Sleeper(Command::new(&program).arg("600").spawn().unwrap());
    assert!(name.len() > COMM);
    while proc::comm(one.pid()).is_none_or(|comm| comm != cut(&name)) {
        std::thread::yield_now();
    }
    let own = rustix::process::geteuid().as_raw();
    let (mine, others) = (own.to_string(), (own + 1).to_string());
    let mut table = Table::new();
    let bearing = subject(Some(&name), None, Some(&mine));
    let users = subject(None, None, Some(&mine));
    let (another, strangers) = (subject(Some("no-such"), None, None), subject(Some(&name), None, Some(&others)));
    let everybody = [&bearing, &users, &another, &strangers];
    let known = |table: &Table| everybody.map(|subject| table.seen(subject).is_ok());
    for subject in everybody {
        table.track(subject, Duration::MAX);
    }
    table.read(one.pid(), None, &mut NoNotifier);
    assert_eq!(known(&table), [false, false, true, true]);
    assert!(table.seen(&bearing).unwrap_err().contains("does not answer"));
    table.take_changed();
    // it answers again
    assert_eq!(count(&mut table, &bearing), 1);
    assert!(table.seen(&bearing).is_ok());
    assert!(table.take_changed().contains(&bearing));
    // a member stays counted
    table.read(one.pid(), None, &mut NoNotifier);
    assert_eq!(table.seen(&bearing).unwrap().count, 1);
    one.0.kill().unwrap();
    one.0.wait().unwrap();
    // one that is gone is none
    table.members.clear();
    table.read(one.pid(), None, &mut NoNotifier);
    assert!(table.seen(&bearing).is_ok());
}

#[test]
fn who_does_not_answer_as_it_joins_is_asked_again_and_who_is_gone_is_not() {
    let name = format!("salve-j{}", std::process::id());
    let (mut table, wanted) = (Table::new(), subject(Some(&name), None, None));
    table.track(&wanted, Duration::MAX);
    let one = Sleeper::named(&name);
    while count(&mut table, &wanted) != 1 {
        std::thread::yield_now();
    }
    let looked = seen_now(one.pid()).unwrap();
    let start = looked.start;
    let inode = |table: &Table| table.known[&one.pid()].inode;
    let dead = Stat { state: 'Z', ..looked.clone() };
    assert!(table.is_still(one.pid(), start, &wanted, CurrentName::Seen(looked.clone())));
    for other in [CurrentName::Gone, CurrentName::Seen(dead), CurrentName::Seen(Stat { start: start + 1, ..looked })] {
        assert!(!table.is_still(one.pid(), start, &wanted, other));
    }
    assert!(inode(&table) != 0 && table.seen(&wanted).is_ok());
    assert!(!table.is_still(one.pid(), start, &wanted, CurrentName::Silent));
    assert!(inode(&table) == 0 && table.seen(&wanted).is_err());
    assert_eq!(count(&mut table, &wanted), 1);
}

#[test]
fn a_pidfile_alone_takes_no_stranger() {
    let mine = Sleeper::named("x");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pid");
    std::fs::write(&path, mine.pid().to_string()).unwrap();
    let mut table = Table::new();
    let wanted = subject(None, path.to_str(), None);
    table.track(&wanted, Duration::MAX);
    assert_eq!(count(&mut table, &wanted), 1);
    let pidfile = |pid, written, owner| proc::Pidfile { pid, written, owner };
    let stat = seen_now(mine.pid()).unwrap();
    let own = rustix::process::geteuid().as_raw();
    let why = |pidfile, stat: &Stat| another(&pidfile, stat).unwrap_or_default();
    assert_eq!(why(pidfile(mine.pid(), PidfileTime::Unknown, own), &stat), "");
    assert!(why(pidfile(mine.pid(), PidfileTime::BeforeBoot, own), &stat).contains("older than this boot"));
    assert!(why(pidfile(mine.pid(), PidfileTime::Unknown, own + 1), &stat).contains("another user"));
    let thread = Stat { kernels: true, ..stat.clone() };
    assert!(why(pidfile(mine.pid(), PidfileTime::Unknown, own), &thread).contains("host's own"));
    let init = Stat { comm: "systemd".into(), ..stat };
    assert!(why(pidfile(1, PidfileTime::Unknown, 0), &init).contains("host's own"));
}
