//! Reads from `/proc` what identifies processes.
//!
//! Reading about a process may block on it, so [`read_stats`] does it in a thread of its own.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use rustix::fs::{Mode, OFlags, RawDir, fstatfs, open};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::time::{ClockId, clock_gettime};

use crate::foreign::{MayHang, PathError, processes, read};

/// The flag of the kernel's own threads.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// By this the kernel itself tells threads from processes.
const NO_EXIT_SIGNAL: &str = "-1";

/// A process as its `stat` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Its name, at most 15 bytes.
    pub comm: String,
    /// `R`, `S`, `D`, `Z`, …
    pub state: char,
    /// When it started, in clock ticks since boot: with the pid it is one process and no other.
    pub start: u64,
    /// Whether it is a kernel thread, which runs no program.
    pub kernels: bool,
}

impl Stat {
    /// Whether it has ended. A zombie has: it only waits to be reaped by its parent.
    pub fn dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

/// Calls `each` with every process's id and the inode of its folder, which is another one when the id is used again.
///
/// # Errors
/// Where `/proc` cannot be listed.
pub fn each(mut each: impl FnMut(i32, u64)) -> std::io::Result<()> {
    let folder = open("/proc", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut buffer = vec![MaybeUninit::<u8>::uninit(); 32 * 1024];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if let Some(pid) = number(entry.file_name().to_bytes()) {
            each(pid, entry.ino());
        }
    }
    Ok(())
}

fn number(name: &[u8]) -> Option<i32> {
    name.iter().try_fold(0_i32, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| i32::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Reads a process's `stat`; none where there is no such process, as where the id is a thread's.
fn stat(pid: i32) -> Option<Stat> {
    let mut buffer = [0; 1024];
    let count = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut buffer).ok()?;
    parsed(&buffer[..count])
}

/// The name stands in parentheses and may hold anything, even parentheses.
fn parsed(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let comm = String::from_utf8_lossy(line.get(open + 1..close)?).into_owned();
    let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // The flags are the 9th field, the start is the 22nd, the exit signal is the 38th; the state was the 3rd.
    let flags: u64 = fields.nth(5)?.parse().ok()?;
    let start = fields.nth(12)?.parse().ok()?;
    if fields.nth(15) == Some(NO_EXIT_SIGNAL) {
        return None;
    }
    Some(Stat { comm, state, start, kernels: flags & KERNEL_THREAD != 0 })
}

/// What is read about a process in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcStat {
    /// Its `stat`; none if the process is gone.
    pub stat: Option<Stat>,
    /// The file name of its first argument; none for kernel threads, and where it is not asked for.
    pub argument: Argument,
}

/// The file name of a process's first argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// There is none: it is a kernel thread, or gone.
    None,
    /// The file name of the first argument.
    Named(String),
    /// Reading the arguments of a process in uninterruptible sleep may sleep as long.
    Unread,
}

impl Argument {
    /// The file name, if it was read.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::None | Self::Unread => None,
        }
    }
}

/// Reads processes, with their first arguments if `named` is set. A process that is missing in the result did not
/// answer in time.
pub fn read_stats(pids: &[i32], named: bool) -> HashMap<i32, ProcStat> {
    processes::each(pids, move |pid| {
        let stat = stat(pid);
        let argument = match &stat {
            Some(stat) if named && !stat.kernels && stat.state == 'D' => Argument::Unread,
            Some(stat) if named && !stat.kernels => {
                let read = processes::beginning(pid, "cmdline", processes::ARGUMENTS);
                read.and_then(|read| first(&read)).map_or(Argument::None, Argument::Named)
            }
            Some(_) | None => Argument::None,
        };
        ProcStat { stat, argument }
    })
}

fn first(arguments: &[u8]) -> Option<String> {
    let argument = arguments.split(|byte| *byte == 0).next()?;
    let name = argument.rsplit(|byte| *byte == b'/').next()?;
    // A login shell calls itself `-bash`.
    let name = name.strip_prefix(b"-").unwrap_or(name);
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
}

/// A process's name, which the kernel returns without waiting for the process.
pub fn comm(pid: i32) -> Option<String> {
    let name = processes::beginning(pid, "comm", 64)?;
    Some(String::from_utf8_lossy(&name).trim_end_matches('\n').to_owned())
}

/// The inode of a process's folder, which is another one when the id is used again; none where it is gone.
pub fn inode(pid: i32) -> Option<u64> {
    fs::metadata(format!("/proc/{pid}")).ok().map(|found| found.ino())
}

/// The effective user id that a process runs as.
pub fn owner(pid: i32) -> Option<u32> {
    fs::metadata(format!("/proc/{pid}")).ok().map(|found| found.uid())
}

/// A user's uid, by name or number; none where there is no such account on this host.
pub fn uid(user: &str) -> Option<u32> {
    if let Ok(number) = user.parse() {
        return Some(number);
    }
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.split(':').next() == Some(user))?;
    line.split(':').nth(2)?.parse().ok()
}

/// A process's resident memory in bytes.
pub fn resident(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    u64::try_from(rustix::param::page_size()).ok()?.checked_mul(pages)
}

/// A process's open files, and the limit that they may reach; none where it is gone or another user's.
pub fn open_files(pid: i32) -> Option<(u64, u64)> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let limit = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some((open, limit))
}

/// The children of all of a process's threads.
pub fn children(pid: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// A descriptor that polls ready when the process ends.
///
/// # Errors
/// `ESRCH` where it has ended; `EMFILE` where descriptors ran out.
pub fn pidfd(pid: i32) -> rustix::io::Result<std::os::fd::OwnedFd> {
    pidfd_open(Pid::from_raw(pid).ok_or(rustix::io::Errno::SRCH)?, PidfdFlags::empty())
}

/// File systems that are empty after a boot: tmpfs and ramfs.
const VOLATILE: [rustix::fs::FsWord; 2] = [0x0102_1994, 0x8584_58f6];

/// The content of a pidfile, and who wrote it when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pidfile {
    /// The process id that stands in the file.
    pub pid: i32,
    /// When the file was written.
    pub written: PidfileTime,
    /// The user id of the file's owner.
    pub owner: u32,
}

/// When a pidfile was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PidfileTime {
    /// Written this long after boot.
    At(Duration),
    /// Written before this boot: every process of that time is gone.
    BeforeBoot,
    /// Unknown, because the clock was set since.
    Unknown,
}

/// Reads a pidfile, and when and by whom it was written.
///
/// # Errors
/// Why the file cannot be read, or holds no process id, in words.
pub fn pidfile(path: &str, may_hang: &MayHang) -> Result<Pidfile, String> {
    let failed = |error: std::io::Error| format!("the pidfile {path} cannot be read: {error}");
    let (mut file, _) = read::open(path.as_ref(), may_hang).map_err(|refusal| match refusal {
        PathError::NotRegular { .. } => format!("the pidfile {path} is not a regular file"),
        refusal if refusal.is_not_found() => format!("there is no pidfile {path}"),
        refusal => format!("the pidfile {path} cannot be read: {refusal}"),
    })?;
    let metadata = file.metadata().map_err(failed)?;
    let mut buffer = [0; 32];
    let count = file.read(&mut buffer).map_err(failed)?;
    let text = std::str::from_utf8(&buffer[..count]).unwrap_or_default();
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).filter(|pid| *pid > 0);
    let pid = pid.ok_or_else(|| format!("the pidfile {path} holds no process id"))?;
    let written = metadata.modified().map_or(PidfileTime::Unknown, |moment| {
        let age = SystemTime::now().duration_since(moment).unwrap_or_default();
        written(age, uptime(), fstatfs(&file).is_ok_and(|found| VOLATILE.contains(&found.f_type)))
    });
    Ok(Pidfile { pid, written, owner: metadata.uid() })
}

/// By a file's age. What lies in memory was written since boot: if it looks older, the clock was set.
fn written(age: Duration, uptime: Duration, volatile: bool) -> PidfileTime {
    match uptime.checked_sub(age) {
        Some(at) => PidfileTime::At(at),
        None if volatile => PidfileTime::Unknown,
        None => PidfileTime::BeforeBoot,
    }
}

fn uptime() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// Whether a process that started at this tick started after the file was written. Then the file names another one.
///
/// A small step of the clock must not make a living service look dead: two minutes are let pass.
pub fn started_after(start: u64, written: Duration) -> bool {
    let ticks = rustix::param::clock_ticks_per_second().max(1);
    Duration::from_secs(start / ticks) > written + Duration::from_mins(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line = b"7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        assert_eq!(parsed(line), Some(Stat { comm: "a) b (c)".into(), state: 'S', start: 4711, kernels: false }));
        assert_eq!(parsed(b"7 (x"), None);
    }

    #[test]
    fn a_thread_is_no_process() {
        let own = rustix::process::getpid();
        let of = |pid: Pid| stat(pid.as_raw_nonzero().get());
        assert!(of(own).is_some());
        let (end, held) = std::sync::mpsc::channel::<()>();
        let (told, id) = std::sync::mpsc::channel();
        let sleeper = std::thread::spawn(move || {
            let _ = told.send(rustix::thread::gettid());
            let _ = held.recv();
        });
        let living = id.recv().unwrap();
        assert!(living != own && fs::exists(format!("/proc/{}/stat", living.as_raw_nonzero())).unwrap());
        assert_eq!(of(living), None);
        drop(end);
        sleeper.join().unwrap();
    }

    #[test]
    fn this_process_is_found_with_its_inode_and_memory() {
        let own = i32::try_from(std::process::id()).unwrap();
        let mut found = Vec::new();
        each(|pid, inode| found.push((pid, inode))).unwrap();
        assert!(found.iter().any(|(pid, inode)| *pid == own && *inode > 0));
        assert!(
            !stat(own).unwrap().dead()
                && resident(own).unwrap() > 0
                && read_stats(&[own], true)[&own].argument.name().is_some()
        );
        assert_eq!(owner(own), Some(rustix::process::geteuid().as_raw()));
        assert_eq!((uid("root"), uid("17"), uid("no such user")), (Some(0), Some(17), None));
    }

    fn pidfile(path: &str) -> Result<Pidfile, String> {
        super::pidfile(path, &MayHang::because("a test"))
    }

    #[test]
    fn pidfiles_are_read_and_odd_ones_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pid");
        let name = path.to_str().unwrap();
        assert!(pidfile(name).unwrap_err().contains("there is no pidfile"));
        fs::write(&path, " 42\n").unwrap();
        assert_eq!(pidfile(name).unwrap().pid, 42);
        for text in ["", "none", "-1", "0"] {
            fs::write(&path, text).unwrap();
            assert!(pidfile(name).unwrap_err().contains("holds no process id"));
        }
        assert!(pidfile(folder.path().to_str().unwrap()).is_err());
    }

    #[test]
    fn a_pidfile_from_before_the_boot_means_no_process_of_this_one() {
        let (day, hour) = (Duration::from_hours(24), Duration::from_hours(1));
        assert_eq!(written(hour, day, false), PidfileTime::At(Duration::from_hours(23)));
        assert_eq!(written(day, hour, false), PidfileTime::BeforeBoot);
        assert_eq!(written(day, hour, true), PidfileTime::Unknown, "in memory: the clock was set");
    }

    #[test]
    fn a_process_that_is_much_younger_than_the_pidfile_is_another_one() {
        let ticks = rustix::param::clock_ticks_per_second();
        assert!(started_after(ticks * 1000, Duration::from_secs(800)));
        assert!(!started_after(ticks * 1000, Duration::from_secs(990)));
    }
}
