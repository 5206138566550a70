//! Reads about other processes where the kernel may have to wait for them.
//!
//! Whoever reads `/proc/PID/cmdline` or `/proc/PID/environ` waits for that page of the process, and whoever reads
//! `/proc/PID/stat` waits until it is not about to become another program. Either may wait for a file system that never
//! answers, and a process can bring it about on purpose. So the reads are made in a disposable thread, many in a row; the
//! one that hangs is left behind, and its process is not asked again until it has answered.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::deadline::{CallError, DetachedCalls};

/// How long one thread may take over its processes; each of them takes microseconds.
const ANSWERS_WITHIN: Duration = Duration::from_millis(250);
/// So many processes are read by one thread.
const IN_A_ROW: usize = 256;
/// So many silent processes are waited for in one call. Who comes after them is read by the next.
const PATIENCE: usize = 2;
/// So many processes of one user, who is not root, may hang a reader; no other of that user is asked as long as they do.
const OF_ONE_USER: usize = 2;
/// So many processes may hang a reader at all. Far fewer than disposable threads may hang.
const HANGING: usize = 64;

/// A name in the arguments is looked for in so many bytes.
pub const ARGUMENTS: u64 = 512;
/// No more of an environment is read, in bytes. A process may call as much its environment as it likes; the kernel gives
/// no new program more than six megabytes.
pub const ENVIRONMENT: u64 = 8 << 20;

/// What `read` finds out of each process. One that is not in the answer could not be asked now.
pub fn each<T: Send + 'static>(pids: &[i32], read: impl Fn(i32) -> T + Clone + Send + 'static) -> HashMap<i32, T> {
    Silent::of_this_process().each(pids, read)
}

/// The beginning of a file of a process; none where the process is gone, or another user's.
#[must_use]
pub fn beginning(pid: i32, file: &str, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{pid}/{file}")).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The processes that do not answer.
#[derive(Debug, Default)]
struct Silent {
    hung: Mutex<Vec<Hung>>,
    next: AtomicU64,
}

/// A reader that was left behind.
#[derive(Debug)]
struct Hung {
    pid: i32,
    /// The real user, who cannot be feigned.
    user: Option<u32>,
    /// The thread holds the other one, as long as it hangs.
    thread: Arc<()>,
}

/// What a thread has read so far.
#[derive(Debug)]
struct ReadProgress<T> {
    read: Vec<(i32, T)>,
    left_behind: bool,
}

/// What came of one row.
#[derive(Debug)]
struct RowResult<T> {
    read: Vec<(i32, T)>,
    answer: Result<(), CallError>,
    /// Another has it as long as the thread lives.
    thread: Arc<()>,
}

impl Silent {
    fn of_this_process() -> &'static Self {
        static SILENT: LazyLock<Silent> = LazyLock::new(Silent::default);
        &SILENT
    }

    fn each<T: Send + 'static>(
        &self,
        pids: &[i32],
        read: impl Fn(i32) -> T + Clone + Send + 'static,
    ) -> HashMap<i32, T> {
        let asked = self.who_may_be_asked(pids);
        let (mut found, mut rest, mut patience) = (HashMap::new(), &*asked, PATIENCE);
        while !rest.is_empty() && patience > 0 {
            let (row, after) = rest.split_at(rest.len().min(IN_A_ROW));
            let RowResult { read: done, answer, thread } = self.row(row.to_vec(), read.clone());
            let count = done.len();
            found.extend(done);
            rest = match answer {
                Ok(()) => after,
                Err(CallError::StillHanging | CallError::NoThread) => break,
                Err(CallError::Late) => match row.get(count) {
                    Some(&pid) => {
                        patience -= 1;
                        let user = real_user(pid);
                        locked(&self.hung).push(Hung { pid, user, thread });
                        &rest[count + 1..]
                    }
                    // it came to its end at this very moment
                    None => after,
                },
            };
        }
        found
    }

    /// Reads one row of processes in a thread; what it has read when the time is over, and whether that is all.
    fn row<T: Send + 'static>(&self, row: Vec<i32>, read: impl Fn(i32) -> T + Send + 'static) -> RowResult<T> {
        let progress = Arc::new(Mutex::new(ReadProgress { read: Vec::new(), left_behind: false }));
        let thread = Arc::new(());
        let (theirs, alive) = (Arc::clone(&progress), Arc::clone(&thread));
        // no two rows wait for each other
        let about = format!("row {} of processes", self.next.fetch_add(1, Ordering::Relaxed));
        let answer = DetachedCalls::shared().call_blocking(&about, ANSWERS_WITHIN, move || {
            for pid in row {
                let done = read(pid);
                let mut progress = locked(&theirs);
                if progress.left_behind {
                    return;
                }
                progress.read.push((pid, done));
            }
            drop(alive);
        });
        let mut progress = locked(&progress);
        progress.left_behind = true;
        RowResult { read: std::mem::take(&mut progress.read), answer, thread }
    }

    /// Of these processes, whoever neither hangs a reader nor belongs to a user with too many that do.
    fn who_may_be_asked(&self, pids: &[i32]) -> Vec<i32> {
        let mut hung = locked(&self.hung);
        hung.retain(|one| Arc::strong_count(&one.thread) > 1);
        if hung.is_empty() {
            return pids.to_vec();
        }
        if hung.len() >= HANGING {
            return Vec::new();
        }
        let too_many =
            |user: Option<u32>| user != Some(0) && hung.iter().filter(|one| one.user == user).count() >= OF_ONE_USER;
        let may = |pid: &&i32| !hung.iter().any(|one| one.pid == **pid) && !too_many(real_user(**pid));
        pids.iter().filter(may).copied().collect()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who started a process; the owner of its folder would be root for whoever does not let itself be traced.
fn real_user(pid: i32) -> Option<u32> {
    let mut text = String::new();
    File::open(format!("/proc/{pid}/status")).ok()?.take(4096).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_living_process_is_read_and_one_that_is_gone_has_nothing() {
        let own = i32::try_from(std::process::id()).unwrap();
        let read = each(&[own, i32::MAX], |pid| beginning(pid, "cmdline", 3));
        assert_eq!(read[&own].as_ref().map(Vec::len), Some(3));
        assert_eq!(read[&i32::MAX], None);
        assert_eq!(real_user(own), Some(std::fs::metadata("/proc/self").unwrap().uid()));
    }

    #[test]
    fn more_processes_than_one_thread_reads_are_all_read() {
        let pids: Vec<i32> = (0..600).collect();
        assert_eq!(each(&pids, |pid| pid + 1), pids.iter().map(|pid| (*pid, pid + 1)).collect());
    }

    #[test]
    fn whoever_hangs_a_reader_is_not_asked_and_no_other_of_a_user_with_two_such() {
        let silent = Silent::default();
        let own = i32::try_from(std::process::id()).unwrap();
        let mut threads = Vec::new();
        let mut hang = |pid, user| {
            let thread = Arc::new(());
            threads.push(Arc::clone(&thread));
            locked(&silent.hung).push(Hung { pid, user, thread });
        };
        hang(own, real_user(own));
        assert_eq!(silent.who_may_be_asked(&[own, i32::MAX]), [i32::MAX]);
        let (other, user) = (i32::MAX, real_user(i32::MAX));
        hang(i32::MAX - 1, user);
        assert_eq!(silent.who_may_be_asked(&[own, other]), [other]);
        hang(i32::MAX - 2, user);
        assert_eq!(silent.who_may_be_asked(&[own, other]), Vec::<i32>::new());
        for user in 1..=61 {
            hang(i32::MAX - 2, Some(4_000_000 + user));
        }
        assert_eq!(silent.who_may_be_asked(&[1]), Vec::<i32>::new());
        // they have all answered
        drop(threads);
        assert_eq!(silent.who_may_be_asked(&[own, other]), [own, other]);
    }

    #[test]
    fn who_hangs_is_left_behind_and_all_others_are_read() {
        let (release, hold) = std::sync::mpsc::channel::<()>();
        let hold = Arc::new(Mutex::new(hold));
        let silent = Silent::default();
        let read = move |pid: i32| {
            if pid == 3 {
                let _ = locked(&hold).recv();
            }
            pid
        };
        let all: Vec<i32> = (0..600).collect();
        let found = silent.each(&all, read.clone());
        assert!(found.len() == 599 && !found.contains_key(&3));
        // at once, for it is not asked again
        assert_eq!(silent.each(&all, read.clone()).len(), 599);
        drop(release);
        while silent.each(&[3], read.clone()).is_empty() {
            std::thread::yield_now();
        }
    }
}
