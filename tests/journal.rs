//! What the journal promises when things go wrong around it: killed at any point, a full disk, a disk that fails, a
//! second writer.
//!
//! This binary is its own victim: with a role in the environment it plays that part instead of running tests.
//! `SALVE_CRASH_POINTS` sets the number of kills (300 where unset).

#[path = "support/faults.rs"]
mod faults;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use libtest_mimic::{Arguments, Failed, Trial};
use salve::core::{Event, Mono, Recorded};
use salve::host::clock::ClockMark;
use salve::journal::{Journal, JournalReader, OpenError, Opened, RecordError};
use tempfile::TempDir;

const ROLE: &str = "SALVE_TEST_ROLE";
const FOLDER: &str = "SALVE_TEST_FOLDER";

fn main() -> ExitCode {
    let folder = || PathBuf::from(std::env::var_os(FOLDER).expect("a role comes with its folder"));
    match std::env::var(ROLE).as_deref() {
        Ok("writer") => writer(&folder()),
        Ok("holder") => holder(&folder()),
        Ok("full") => full(&folder()),
        Ok("faulty") => faulty(&folder()),
        Ok(role) => panic!("no role {role}"),
        Err(_) => return tests(),
    }
    ExitCode::SUCCESS
}

fn tests() -> ExitCode {
    let namespace = namespace();
    let compiler = Command::new("cc").arg("--version").output().is_ok_and(|ran| ran.status.success());
    let full_name = match namespace {
        Some(_) => "on_a_full_disk_the_reserve_carries_and_nothing_is_lost".to_owned(),
        None => "on_a_full_disk_the_reserve_carries_and_nothing_is_lost (left out: no mount namespace here)".to_owned(),
    };
    let fault_name = |what: &str| {
        let why = if compiler { "" } else { " (left out: no C compiler here)" };
        format!("a_failing_{what}_loses_nothing_that_was_acknowledged{why}")
    };
    let trials = vec![
        Trial::test("what_was_acknowledged_survives_kill_9_at_any_point", kill_9),
        Trial::test("another_process_that_holds_the_folder_is_named", held_by_another),
        Trial::test("a_journal_is_followed_from_before_its_first_record", followed),
        Trial::test(full_name, move || full_disk(namespace.unwrap_or_default())).with_ignored_flag(namespace.is_none()),
        Trial::test(fault_name("fsync"), || fault("sync", libc_errno::EIO)).with_ignored_flag(!compiler),
        Trial::test(fault_name("write"), || fault("write", libc_errno::EIO)).with_ignored_flag(!compiler),
        Trial::test(fault_name("write_for_want_of_room"), || fault("write", libc_errno::ENOSPC))
            .with_ignored_flag(!compiler),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Linux's numbers.
mod libc_errno {
    pub const EIO: i32 = 5;
    pub const ENOSPC: i32 = 28;
}

fn mark(mono: u64) -> ClockMark {
    ClockMark { boot_id: "b00t".into(), boottime: mono, mono: Mono(mono) }
}

/// Record `seq`, the same in every process; of many lengths, so that some span pages.
fn record(seq: u64) -> Arc<Recorded> {
    let text = format!("{seq} ").repeat(usize::try_from(seq * 37 % 900).expect("less than 900") + 1);
    Arc::new(Recorded {
        seq,
        mono: Mono(seq),
        wall: Timestamp::UNIX_EPOCH,
        event: Event::Notice { about: "test".into(), text: text.into() },
    })
}

fn commit(journal: &Journal, seqs: impl IntoIterator<Item = u64>) -> Result<(), RecordError> {
    let records: Vec<_> = seqs.into_iter().map(record).collect();
    let at = records.last().map_or(0, |last| last.mono.0);
    journal.commit(records, mark(at)).blocking_recv().unwrap_or(Err(RecordError::Closed))
}

fn play(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary has a path"));
    command.env(ROLE, role).env(FOLDER, folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn say(line: &str) {
    #[allow(clippy::disallowed_methods, reason = "a child of the test says how far it is")]
    let mut out = std::io::stdout().lock();
    // one write, past any buffer: what the parent has read was said
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).expect("the parent listens");
}

/// Opens the folder and checks that it holds records 1 to at least `acknowledged`, each as it was.
fn check(folder: &Path, acknowledged: u64) -> Result<Opened, Failed> {
    let opened = Journal::open(folder)?;
    let there = opened.events.len() as u64;
    if there < acknowledged {
        return Err(format!("{acknowledged} records were acknowledged, {there} are there").into());
    }
    for (event, seq) in opened.events.iter().zip(1..) {
        if *event != record(seq) {
            return Err(format!("record {seq} is not what was committed").into());
        }
    }
    Ok(opened)
}

/// Commits for ever, several at once, and says each record that is durable.
fn writer(folder: &Path) {
    let Opened { journal, events, .. } = Journal::open(folder).expect("the folder can be opened");
    let mut next = events.len() as u64 + 1;
    loop {
        let mut answers = Vec::new();
        for size in [1, 3, 1, 2] {
            let records = (next..next + size).map(record).collect();
            next += size;
            answers.push((next - 1, journal.commit(records, mark(next - 1))));
        }
        for (last, answer) in answers {
            answer.blocking_recv().expect("an answer").expect("durable");
            say(&last.to_string());
        }
    }
}

fn kill_9() -> Result<(), Failed> {
    let points: u64 = std::env::var("SALVE_CRASH_POINTS").ok().map_or(Ok(300), |points| points.parse())?;
    let mut folder = TempDir::new()?;
    let mut chance = Chance(0x5a17e);
    let (mut acknowledged, mut survived) = (0, 0);
    for point in 0..points {
        if point % 25 == 0 {
            (folder, acknowledged) = (TempDir::new()?, 0);
        }
        let said = kill_a_writer(folder.path(), &mut chance).map_err(|why| format!("point {point}: {why}"))?;
        survived += said.lines().count();
        acknowledged = said.lines().last().map_or(Ok(acknowledged), str::parse)?;
        let opened = check(folder.path(), acknowledged).map_err(|error| match error.message() {
            Some(message) => Failed::from(format!("point {point}: {message}")),
            None => error,
        })?;
        acknowledged = opened.events.len() as u64;
    }
    // else nothing was put to the test
    if survived > 0 { Ok(()) } else { Err("no writer lived long enough to commit".into()) }
}

/// Kills one after some number of answers, or after some time (while it opens, too); what it had said.
fn kill_a_writer(folder: &Path, chance: &mut Chance) -> Result<String, Box<dyn std::error::Error>> {
    let mut child = play("writer", folder).spawn()?;
    let mut out = BufReader::new(child.stdout.take().ok_or("no output")?);
    let mut said = String::new();
    if chance.below(2) == 0 {
        for _ in 0..=chance.below(30) {
            out.read_line(&mut said)?;
        }
    } else {
        sleep(Duration::from_micros(chance.below(40_000)));
    }
    child.kill()?;
    out.read_to_string(&mut said)?;
    let status = child.wait()?;
    if status.signal() != Some(9) {
        return Err(format!("the writer ended by itself: {status}").into());
    }
    // a last line without its end was cut off while it was said
    said.truncate(said.rfind('\n').map_or(0, |end| end + 1));
    Ok(said)
}

/// The same sequence in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Holds the folder until its input ends.
fn holder(folder: &Path) {
    let _held = Journal::open(folder).expect("the folder can be opened");
    say("held");
    let _ = std::io::stdin().read(&mut [0]);
}

fn held_by_another() -> Result<(), Failed> {
    let folder = TempDir::new()?;
    let mut child = play("holder", folder.path()).spawn()?;
    expect_line(&mut child, "held")?;
    let named = match Journal::open(folder.path()) {
        Err(OpenError::Held { pid, what, .. }) => (pid, what.contains("journal")),
        other => return Err(format!("{other:?}").into()),
    };
    child.kill()?;
    child.wait()?;
    if named != (child.id(), true) {
        return Err(format!("{named:?} is not {}", child.id()).into());
    }
    // the kernel let go with its holder
    Journal::open(folder.path())?;
    Ok(())
}

/// By the verb, while this process writes: it waits for the journal, and ends when nobody reads any more.
fn followed() -> Result<(), Failed> {
    let folder = TempDir::new()?;
    let state = folder.path().join("state");
    let mut verb = Command::new(env!("CARGO_BIN_EXE_salve"))
        .args(["journal", "export", "--json", "--follow", "--state"])
        .arg(&state)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(verb.stdout.take().expect("it is piped")).lines();
    let Opened { journal, .. } = Journal::open(&state)?;
    for seqs in [1..=3, 4..=4, 5..=9] {
        commit(&journal, seqs.clone())?;
        for seq in seqs {
            let line: serde_json::Value = serde_json::from_str(&lines.next().ok_or("it ended")??)?;
            if line["seq"] != seq {
                return Err(format!("record {seq} is said as {line}").into());
            }
        }
    }
    drop(lines);
    match verb.wait()?.code() {
        Some(0) => Ok(()),
        other => Err(format!("nobody reads it any more, and it ends with {other:?}").into()),
    }
}

fn expect_line(child: &mut Child, line: &str) -> Result<(), Failed> {
    let out = child.stdout.as_mut().ok_or("no output")?;
    let mut said = String::new();
    BufReader::new(out).read_line(&mut said)?;
    if said.trim_end() == line { Ok(()) } else { Err(format!("`{said}` instead of `{line}`").into()) }
}

/// How to get a mount namespace here: as root, or in a user namespace.
fn namespace() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    WAYS.into_iter().find(|way| {
        // a tmpfs is what it is for
        let probe = "mount -t tmpfs -o size=64k none /mnt";
        Command::new("unshare").args(*way).args(["sh", "-c", probe]).output().is_ok_and(|ran| ran.status.success())
    })
}

fn full_disk(way: &[&str]) -> Result<(), Failed> {
    let folder = TempDir::new()?;
    let exe = std::env::current_exe()?;
    let ran = Command::new("unshare")
        .args(way)
        .args(["sh", "-c", "mount -t tmpfs -o size=28m none \"$SALVE_TEST_FOLDER\" && exec \"$0\""])
        .arg(exe)
        .env(ROLE, "full")
        .env(FOLDER, folder.path())
        .output()?;
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned().into()) }
}

/// Takes all room, to the last byte.
fn fill(ballast: &mut File) {
    for size in [1 << 16, 1 << 12, 1] {
        while ballast.write_all(&vec![7; size]).is_ok() {}
    }
}

/// Commits one by one while something else takes all room that comes free; how many there was room for.
fn commit_until_full(journal: &Journal, ballast: &mut File, next: &mut u64) -> u64 {
    let first = *next;
    loop {
        fill(ballast);
        match commit(journal, [*next]) {
            Ok(()) => *next += 1,
            Err(RecordError::DiskFull) => return *next - first,
            Err(error) => panic!("record {next}: {error}"),
        }
    }
}

fn full(folder: &Path) {
    let state = folder.join("state");
    let journal = Journal::open(&state).expect("there is room").journal;
    commit(&journal, 1..=10).expect("there is room");
    assert!(!journal.on_reserve() && state.join("reserve").exists());
    let path = folder.join("ballast");
    let mut ballast = File::create(&path).expect("there is room");
    let mut next = 11;
    let carried = commit_until_full(&journal, &mut ballast, &mut next);
    assert!(carried >= 200, "the reserve carried only {carried} records");
    assert!(journal.on_reserve() && !state.join("reserve").exists());
    // it stays so, and harms nothing
    assert_eq!(commit(&journal, [next]), Err(RecordError::DiskFull));
    assert_eq!(commit(&journal, next..next + 50), Err(RecordError::DiskFull));
    assert_eq!(JournalReader::open(&state).expect("a reader").verify().expect("a whole chain").records, next - 1);
    // room again: the same records are taken, and the reserve comes back
    fs::remove_file(&path).expect("ours");
    drop(ballast);
    commit(&journal, []).expect("the probe says that there is room");
    commit(&journal, next..next + 50).expect("there is room");
    next += 50;
    let start = Instant::now();
    while journal.on_reserve() {
        assert!(start.elapsed() < Duration::from_mins(1), "the reserve does not come back");
        journal.mark(mark(next));
        sleep(Duration::from_millis(200));
    }
    // full again, and the engine restarts
    let mut ballast = File::create(&path).expect("there is room");
    fill(&mut ballast);
    journal.close();
    let journal = check(&state, next - 1).expect("it opens on a full disk").journal;
    commit(&journal, [next]).expect("the reserve was released");
    drop(journal);
    check(&state, next).expect("nothing is lost");
}

/// Commits one by one, whatever comes of it, and says what came of it.
fn faulty(folder: &Path) {
    let journal = match Journal::open(folder) {
        Ok(opened) => opened.journal,
        Err(error) => return say(&format!("open {error}")),
    };
    let mut next = 1;
    for _ in 0..30 {
        let answer = commit(&journal, [next]);
        say(match &answer {
            Ok(()) => "ok",
            Err(RecordError::DiskFull) => "full",
            Err(RecordError::Io(_)) => "io",
            Err(RecordError::Poisoned(_)) => "poisoned",
            Err(_) => "other",
        });
        next += u64::from(answer.is_ok());
    }
}

/// The `at`th call of one kind fails once, for every `at`.
fn fault(kind: &str, errno: i32) -> Result<(), Failed> {
    let workshop = TempDir::new()?;
    let library = faults::compile(workshop.path())?;
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for at in 1..=60 {
        let folder = TempDir::new()?;
        let ran = play("faulty", folder.path())
            .env("LD_PRELOAD", &library)
            .env("FAULT_KIND", kind)
            .env("FAULT_AT", at.to_string())
            .env("FAULT_ERRNO", errno.to_string())
            .output()?;
        if !ran.status.success() {
            return Err(format!("call {at}: {}", String::from_utf8_lossy(&ran.stderr)).into());
        }
        let said = String::from_utf8(ran.stdout)?;
        let acknowledged = said.lines().filter(|line| *line == "ok").count() as u64;
        judge(kind, errno, &said).map_err(|why| format!("call {at}: {why}: {said}"))?;
        check(folder.path(), acknowledged).map_err(|error| format!("call {at}: {:?}: {said}", error.message()))?;
        for line in said.lines() {
            *outcomes.entry(line.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    // the faults did hit commits
    let hit = match (kind, errno) {
        ("sync", _) => "poisoned",
        (_, libc_errno::ENOSPC) => "ok",
        _ => "io",
    };
    if outcomes.contains_key(hit) { Ok(()) } else { Err(format!("no commit was hit: {outcomes:?}").into()) }
}

/// After a failed fsync nothing more may be accepted; after a failed write the next commit may.
fn judge(kind: &str, errno: i32, said: &str) -> Result<(), String> {
    let lines: Vec<&str> = said.lines().collect();
    if lines.first().is_some_and(|line| line.starts_with("open ")) {
        return Ok(());
    }
    let poisoned = lines.iter().position(|line| *line == "poisoned");
    match (kind, poisoned) {
        ("sync", Some(from)) if lines[from..].iter().any(|line| *line != "poisoned") => {
            Err("it went on after a failed fsync".into())
        }
        ("write", Some(_)) => Err("a failed write closed it for good".into()),
        // one failure for want of room is what the reserve is for
        ("write", None) if errno == libc_errno::ENOSPC && lines.contains(&"full") => {
            Err("the reserve was not used".into())
        }
        ("write", None) if lines.iter().filter(|line| **line != "ok").count() > 1 => {
            Err("one failed write failed more than one commit".into())
        }
        _ => Ok(()),
    }
}
