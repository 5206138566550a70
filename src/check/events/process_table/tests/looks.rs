//! Short looks: with changes as a script tells them, and as this host's kernel does.

use std::collections::VecDeque;
use std::io::Write as _;
use std::process::Stdio;

use super::*;
use crate::check::events::process_changes::{ChangeSource, Changes, ProcessChanges};

/// Tells what stands in it, then that nothing changed.
#[derive(Default)]
struct Script {
    lines: VecDeque<Changes>,
    newcomers: Vec<i32>,
}

impl Script {
    fn of(lines: impl IntoIterator<Item = Changes>) -> Self {
        Self { lines: lines.into_iter().collect(), newcomers: Vec::new() }
    }
}

impl ChangeSource for Script {
    fn take(&mut self) -> Changes {
        self.lines.pop_front().unwrap_or(Changes::Only(Vec::new()))
    }

    fn found(&mut self, newcomers: &[i32]) {
        self.newcomers.extend(newcomers);
    }
}

/// Counts how often the changes were known.
struct Counting {
    changes: ProcessChanges,
    known: usize,
}

impl ChangeSource for Counting {
    fn take(&mut self) -> Changes {
        let taken = self.changes.take();
        self.known += usize::from(taken != Changes::Unknown);
        taken
    }

    fn found(&mut self, newcomers: &[i32]) {
        self.changes.found(newcomers);
    }
}

/// A table that has seen everybody, and in which nobody is young.
fn settled(wanted: &Arc<ProcessSubject>, source: &mut impl ChangeSource) -> Table {
    let mut table = Table::new();
    table.track(wanted, Duration::MAX);
    table.look(source, &mut NoNotifier).unwrap();
    assert!(!table.known.is_empty());
    table.unsettled.clear();
    table
}

fn found(table: &mut Table, wanted: &Arc<ProcessSubject>, source: &mut impl ChangeSource) -> u64 {
    table.look(source, &mut Attending).unwrap();
    table.seen(wanted).unwrap_or(ProcessSeen { count: 0, memory: None, pidfile: None }).count
}

/// Attends everybody, so that short looks are enough.
struct Attending;

impl ExitNotifier for Attending {
    fn attend(&mut self, pid: i32, _: u64) -> Attended {
        proc::pidfd(pid).map_or(Attended::Gone, Attended::By)
    }
}

fn only(pids: impl IntoIterator<Item = i32>) -> Changes {
    Changes::Only(pids.into_iter().collect())
}

#[test]
fn a_short_look_reads_whom_it_is_told_of_and_nobody_else() {
    let name = format!("salve-l{}", std::process::id());
    let wanted = subject(Some(&name), None, None);
    let mut script = Script::default();
    let mut table = settled(&wanted, &mut script);
    let one = Sleeper::started(&name);
    assert_eq!(found(&mut table, &wanted, &mut script), 0);
    script.lines.push_back(only([one.pid()]));
    assert_eq!(found(&mut table, &wanted, &mut script), 1);
    let two = Sleeper::started(&name);
    assert_eq!(found(&mut table, &wanted, &mut script), 1);
    // what nobody told is found by the listing that comes in any case
    table.next_listing = Instant::now();
    script.newcomers.clear();
    assert_eq!(found(&mut table, &wanted, &mut script), 2);
    assert!(script.newcomers.contains(&two.pid()) && !script.newcomers.contains(&one.pid()));
    assert!(table.next_listing > Instant::now());
}

#[test]
fn unknown_changes_and_unattended_members_are_looked_for_by_listing() {
    let name = format!("salve-m{}", std::process::id());
    let wanted = subject(Some(&name), None, None);
    let mut table = settled(&wanted, &mut Script::default());
    let _one = Sleeper::started(&name);
    assert_eq!(found(&mut table, &wanted, &mut Script::of([Changes::Unknown])), 1);
    let _two = Sleeper::started(&name);
    table.unattended = 1;
    assert_eq!(found(&mut table, &wanted, &mut Script::default()), 2);
}

#[test]
fn an_announced_id_of_nobody_leaves_no_trace() {
    let wanted = subject(Some("no-such"), None, None);
    let mut table = settled(&wanted, &mut Script::default());
    let known = table.known.len();
    let mut gone = Command::new("/bin/true").spawn().unwrap();
    gone.wait().unwrap();
    let gone = i32::try_from(gone.id()).unwrap();
    assert_eq!(found(&mut table, &wanted, &mut Script::of([only([gone, i32::MAX])])), 0);
    assert!(table.known.len() <= known && !table.known.contains_key(&gone));
}

#[test]
fn an_id_that_is_announced_again_is_another_process() {
    let wanted = subject(Some("no-such"), None, None);
    let mut table = settled(&wanted, &mut Script::default());
    table.join(1, 42, &wanted, &mut NoNotifier);
    table.members.get_mut(&1).unwrap().pidfd = proc::pidfd(1).ok();
    table.unattended = 0;
    assert_eq!(found(&mut table, &wanted, &mut Script::default()), 1);
    assert_eq!(found(&mut table, &wanted, &mut Script::of([only([1])])), 0);
}

#[test]
fn a_zombie_that_is_announced_is_dead() {
    let name = format!("salve-z{}", std::process::id());
    let wanted = subject(Some(&name), None, None);
    let mut table = settled(&wanted, &mut Script::default());
    let mut one = Sleeper::started(&name);
    let pid = one.pid();
    let told = || Script::of([only([pid])]);
    assert_eq!(found(&mut table, &wanted, &mut told()), 1);
    one.0.kill().unwrap();
    while seen_now(pid).is_some_and(|stat| !stat.dead()) {
        std::thread::yield_now();
    }
    assert_eq!(found(&mut table, &wanted, &mut told()), 0);
}

/// Through every way of this host: who starts is found, and the changes were known; `renamed` says whether a new
/// program of an old process is as well.
fn starts_are_found(changes: ProcessChanges, renamed: bool) {
    let name = format!("slv-w{}{}", u8::from(renamed), std::process::id());
    let wanted = subject(Some(&name), None, None);
    let mut source = Counting { changes, known: 0 };
    let mut table = settled(&wanted, &mut source);
    // ids are counted from a second after the first look on
    std::thread::sleep(Duration::from_millis(1100));
    table.look(&mut source, &mut Attending).unwrap();
    let one = Sleeper::started(&name);
    // on a host that is busy starting others, changes may be unknown for a while
    while found(&mut table, &wanted, &mut source) != 1 || source.known == 0 {
        std::thread::yield_now();
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join(&name);
    std::os::unix::fs::symlink("/bin/sleep", &program).unwrap();
    let script = "read line; exec \"$0\" 600";
    let mut later = Command::new("/bin/sh");
    later.args(["-c", script]).arg(&program).stdin(Stdio::piped());
    let mut later = Sleeper(later.spawn().unwrap());
    assert_eq!(found(&mut table, &wanted, &mut source), 1);
    if renamed {
        table.unsettled.clear();
        table.next_full = Instant::now() + Duration::from_hours(1);
        later.0.stdin.take().unwrap().write_all(b"\n").unwrap();
        while found(&mut table, &wanted, &mut source) != 2 {
            std::thread::yield_now();
        }
    }
    drop((one, later));
}

#[test]
fn starts_are_found_by_counted_ids() {
    let counted = ProcessChanges::counted();
    assert!(matches!(counted, ProcessChanges::Counted(_)));
    starts_are_found(counted, false);
}

#[test]
#[allow(clippy::print_stdout, reason = "says what it leaves out")]
fn starts_and_new_programs_are_found_as_the_kernel_announces_them() {
    match ProcessChanges::collect() {
        announced @ ProcessChanges::Announced(_) => starts_are_found(announced, true),
        ProcessChanges::Counted(_) | ProcessChanges::Listed => println!("left out: this host announces no processes"),
    }
}
