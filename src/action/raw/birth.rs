//! How a child is born: in its scope from its first moment, clean, and fast.
//!
//! `fork` copies the parent's page tables, which takes longer than all the rest and longer still the larger the parent
//! is, and moving a process into a cgroup afterwards takes a lock of the whole host. So the child is made by `clone3`:
//! it borrows the parent's memory (while the calling thread stands still, as `posix_spawn` does it) and begins its
//! life inside the cgroup. Where the kernel or a filter has no such `clone3`, the standard library forks.
//!
//! Between birth and exec only system calls on values that exist already are made: nothing that allocates, locks or
//! panics.

use std::ffi::{CStr, CString, OsStr, c_char, c_int};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::ptr;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, pidfd_open};

/// Where a child is put.
#[derive(Debug)]
pub enum Place {
    /// A cgroup (v2) by its folder: born in it.
    Born(OwnedFd),
    /// A cgroup by its `cgroup.procs`: enters before exec.
    Entrance(OwnedFd),
    /// Beside its parent.
    Beside,
}

/// All that a child is born with.
#[derive(Debug)]
pub struct Birth {
    /// Absolute.
    pub program: CString,
    /// `argv`.
    pub arguments: Vec<CString>,
    /// `NAME=value`; nothing else.
    pub environment: Vec<CString>,
    /// Its scope.
    pub place: Place,
    /// Its standard output and standard error.
    pub output: OwnedFd,
    /// The limit on POSIX message queues that marks every descendant; see `scope::Brand`.
    pub brand: u64,
    /// Soft limit on open files.
    pub open_files: u64,
}

/// A child that has begun its program.
#[derive(Debug)]
pub struct Newborn {
    /// Its id.
    pub pid: i32,
    /// Its handle: readable once it is dead.
    pub handle: OwnedFd,
}

/// What the child reads and writes before exec.
struct Nest<'a> {
    program: *const c_char,
    arguments: *const *const c_char,
    environment: *const *const c_char,
    entrance: Option<BorrowedFd<'a>>,
    /// 3 or above, so that moving them to 0, 1 and 2 overwrites none.
    input: BorrowedFd<'a>,
    output: BorrowedFd<'a>,
    brand: u64,
    files: Rlimit,
    /// What went wrong before exec; 0 means nothing.
    error: c_int,
}

impl Birth {
    /// For a program with these arguments (the first is its own name) and nothing but this environment.
    ///
    /// # Errors
    /// Where a word holds a NUL.
    pub fn new<'a>(
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
        place: Place,
        output: OwnedFd,
        brand: u64,
    ) -> io::Result<Self> {
        Ok(Self {
            program: CString::new(program.as_os_str().as_bytes())?,
            arguments: arguments.into_iter().map(CString::new).collect::<Result<_, _>>()?,
            environment: environment
                .into_iter()
                .map(|(name, value)| CString::new(format!("{name}={value}")))
                .collect::<Result<_, _>>()?,
            place,
            output,
            brand,
            open_files: 1024,
        })
    }

    /// Starts it: in a session of its own without a terminal, input empty, signals as by default, umask 077, folder
    /// `/`, limits, an oom score of its own, no descriptor but 0, 1 and 2. Its output's writing end is closed here.
    ///
    /// # Errors
    /// Where it cannot be put in its place or its program cannot be executed.
    pub fn start(self) -> io::Result<Newborn> {
        let null = rustix::fs::open(c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        let input = rustix::io::fcntl_dupfd_cloexec(&null, 3)?;
        let output = rustix::io::fcntl_dupfd_cloexec(&self.output, 3)?;
        let (arguments, environment) = (pointers(&self.arguments), pointers(&self.environment));
        let files = rustix::process::getrlimit(Resource::Nofile);
        let soft = files.maximum.map_or(self.open_files, |hard| hard.min(self.open_files));
        let mut nest = Nest {
            program: self.program.as_ptr(),
            arguments: arguments.as_ptr(),
            environment: environment.as_ptr(),
            entrance: match &self.place {
                Place::Entrance(entrance) => Some(entrance.as_fd()),
                Place::Born(_) | Place::Beside => None,
            },
            input: input.as_fd(),
            output: output.as_fd(),
            brand: self.brand,
            files: Rlimit { current: Some(soft), maximum: files.maximum },
            error: 0,
        };
        let cgroup = match &self.place {
            Place::Born(folder) => Some(folder.as_fd()),
            Place::Entrance(_) | Place::Beside => None,
        };
        match swift::start(&mut nest, cgroup) {
            Err(error) if swift::is_missing(&error) => self.start_by_fork(files),
            born => born,
        }
    }

    /// The way that every kernel has.
    fn start_by_fork(&self, files: Rlimit) -> io::Result<Newborn> {
        let name = |word: &CStr| OsStr::from_bytes(word.to_bytes()).to_owned();
        let entrance = match &self.place {
            Place::Entrance(entrance) => Some(entrance.try_clone()?),
            Place::Born(folder) => {
                let flags = OFlags::WRONLY | OFlags::CLOEXEC;
                Some(rustix::fs::openat(folder, c"cgroup.procs", flags, Mode::empty())?)
            }
            Place::Beside => None,
        };
        let mut command = Command::new(name(&self.program));
        command.arg0(name(&self.arguments[0])).args(self.arguments[1..].iter().map(|word| name(word))).env_clear();
        for variable in &self.environment {
            let bytes = variable.to_bytes();
            let at = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
            let value = bytes.get(at + 1..).unwrap_or_default().to_vec();
            command.env(OsStr::from_bytes(&bytes[..at]), std::ffi::OsString::from_vec(value));
        }
        let output = Stdio::from(self.output.try_clone()?);
        command.current_dir("/").stdin(Stdio::null()).stdout(output).stderr(self.output.try_clone()?);
        let (brand, files) = (self.brand, Rlimit { current: files.current.min(Some(self.open_files)), ..files });
        let hook = move || settle(entrance.as_ref().map(AsFd::as_fd), brand, files).map_err(io::Error::from);
        // SAFETY: `settle` makes only system calls on values that exist already; it neither allocates nor locks.
        unsafe { command.pre_exec(hook) };
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        // Dropping the standard library's own handle neither ends nor reaps the child.
        let handle = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
        Ok(Newborn { pid, handle })
    }
}

fn pointers(words: &[CString]) -> Vec<*const c_char> {
    words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect()
}

/// In the child, before exec.
fn settle(entrance: Option<BorrowedFd<'_>>, brand: u64, files: Rlimit) -> rustix::io::Result<()> {
    rustix::process::setsid()?;
    if let Some(entrance) = entrance {
        rustix::io::write(entrance, b"0")?;
    }
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    rustix::process::setrlimit(Resource::Nofile, files)?;
    // A brand that cannot be set (the limit is lower already) leaves the environment's marker.
    let _ = rustix::process::setrlimit(Resource::Msgqueue, Rlimit { current: Some(brand), maximum: Some(brand) });
    // The daemon lowers its own score; its children must not inherit that. Failing is harmless: it was not lowered.
    if let Ok(file) = rustix::fs::open(c"/proc/self/oom_score_adj", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::io::write(&file, b"0");
    }
    for signal in 1..32 {
        // SAFETY: async-signal-safe; it fails for SIGKILL and SIGSTOP, as it may.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    close_at_exec();
    Ok(())
}

/// Marks every descriptor from 3 on to be closed at exec. (Closing them here would close the standard library's own
/// pipe, over which it reports a failing exec.)
fn close_at_exec() {
    // SAFETY: no memory is handed over, and no descriptor is closed that anybody owns: they are only marked.
    if unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) } == 0 {
        return;
    }
    // Before Linux 5.11: one by one, up to the hard limit.
    let most = rustix::process::getrlimit(Resource::Nofile).maximum.unwrap_or(1 << 20).min(1 << 20);
    for descriptor in 3..c_int::try_from(most).unwrap_or(1 << 20) {
        // SAFETY: a descriptor that is not open gives EBADF; an open one is only marked.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod swift {
    //! `clone3` with borrowed memory.

    use std::arch::asm;
    use std::mem::{MaybeUninit, size_of};

    use rustix::io::Errno;

    use super::{AsFd, AsRawFd, BorrowedFd, FromRawFd, Nest, Newborn, OwnedFd, c_int, io, ptr, settle};

    /// The child's stack, in units of 16 bytes: 128 KiB.
    const STACK: usize = 8192;

    /// Errors that say that this kernel, or a filter, has no such `clone3`.
    pub fn is_missing(error: &io::Error) -> bool {
        matches!(
            Errno::from_io_error(error),
            Some(Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::TOOBIG | Errno::OPNOTSUPP)
        )
    }

    pub fn start(nest: &mut Nest<'_>, cgroup: Option<BorrowedFd<'_>>) -> io::Result<Newborn> {
        const CLEAR_SIGHAND: u64 = 0x1_0000_0000;
        const INTO_CGROUP: u64 = 0x2_0000_0000;
        let mut stack = vec![0_u128; STACK];
        let mut pidfd: c_int = -1;
        let flags = u64::from((libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD).cast_unsigned()) | CLEAR_SIGHAND;
        // SAFETY: all zeroes is a valid `clone_args`.
        let mut how: libc::clone_args = unsafe { MaybeUninit::zeroed().assume_init() };
        how.flags = flags | if cgroup.is_some() { INTO_CGROUP } else { 0 };
        how.pidfd = ptr::from_mut(&mut pidfd).addr() as u64;
        how.exit_signal = u64::from(libc::SIGCHLD.cast_unsigned());
        how.stack = stack.as_mut_ptr().addr() as u64;
        how.stack_size = (STACK * size_of::<u128>()) as u64;
        how.cgroup = cgroup.map_or(0, |folder| u64::from(folder.as_raw_fd().cast_unsigned()));
        let blocked = block_signals();
        // SAFETY: the child runs `in_child` on a stack of its own while this thread stands still, so that `nest` and
        // `stack` outlive its use of them; no handler can run in it, because every signal is blocked until it has
        // default actions only.
        let result = unsafe { clone3(&how, in_child, ptr::from_mut(nest)) };
        unblock(&blocked);
        let pid = i32::try_from(result).map_err(io::Error::other)?;
        if pid < 0 {
            return Err(io::Error::from_raw_os_error(-pid));
        }
        // SAFETY: the kernel has just opened it for us.
        let handle = unsafe { OwnedFd::from_raw_fd(pidfd) };
        // SAFETY: a plain read of our own value, which another process wrote behind the compiler's back.
        let error = unsafe { ptr::read_volatile(&raw const nest.error) };
        if error == 0 {
            return Ok(Newborn { pid, handle });
        }
        let options = rustix::process::WaitIdOptions::EXITED;
        let _ = rustix::process::waitid(rustix::process::WaitId::PidFd(handle.as_fd()), options);
        // Not to be mistaken for a missing `clone3`.
        Err(io::Error::new(io::Error::from_raw_os_error(error).kind(), io::Error::from_raw_os_error(error).to_string()))
    }

    extern "C" fn in_child(nest: *mut Nest<'_>) -> ! {
        // SAFETY: the parent stands still and keeps it alive.
        let nest = unsafe { &mut *nest };
        let settled = settle(nest.entrance, nest.brand, nest.files)
            .and_then(|()| rustix::process::chdir(c"/"))
            .and_then(|()| rustix::stdio::dup2_stdin(nest.input))
            .and_then(|()| rustix::stdio::dup2_stdout(nest.output))
            .and_then(|()| rustix::stdio::dup2_stderr(nest.output));
        let error = match settled {
            Err(error) => error.raw_os_error(),
            Ok(()) => {
                // SAFETY: default actions are in place, so that unblocking runs no handler; the three lists are
                // terminated and outlive the call, which returns only where it failed.
                unsafe {
                    let mut none = MaybeUninit::zeroed().assume_init();
                    libc::sigemptyset(&raw mut none);
                    libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
                    libc::execve(nest.program, nest.arguments, nest.environment);
                    *libc::__errno_location()
                }
            }
        };
        // SAFETY: ours alone while the parent stands still; `_exit` runs nothing of the parent's.
        unsafe {
            ptr::write_volatile(&raw mut nest.error, error);
            libc::_exit(127)
        }
    }

    fn block_signals() -> libc::sigset_t {
        // SAFETY: both sets are valid values of their type.
        unsafe {
            let (mut all, mut former) = (MaybeUninit::zeroed().assume_init(), MaybeUninit::zeroed().assume_init());
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut former);
            former
        }
    }

    fn unblock(former: &libc::sigset_t) {
        // SAFETY: it is the set that was in force before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, former, ptr::null_mut()) };
    }

    type Run<'a> = extern "C" fn(*mut Nest<'a>) -> !;

    /// In the parent: the child's id, or a negative error. The child never returns from here: it calls `run`.
    ///
    /// # Safety
    /// `how` names a stack of its own, and what `nest` points to outlives the child's use of it.
    #[cfg(target_arch = "x86_64")]
    unsafe fn clone3<'a>(how: &libc::clone_args, run: Run<'a>, nest: *mut Nest<'a>) -> i64 {
        let result: i64;
        // SAFETY: the caller's; the child's side uses only registers until it is on its own stack.
        unsafe {
            asm!(
                "syscall",
                "test rax, rax",
                "jnz 2f",
                "xor ebp, ebp",
                "mov rdi, {nest}",
                "call {run}",
                "ud2",
                "2:",
                nest = in(reg) nest,
                run = in(reg) run,
                inlateout("rax") libc::SYS_clone3 => result,
                in("rdi") ptr::from_ref(how),
                in("rsi") size_of::<libc::clone_args>(),
                out("rcx") _,
                out("r11") _,
            );
        }
        result
    }

    /// See above.
    #[cfg(target_arch = "aarch64")]
    unsafe fn clone3<'a>(how: &libc::clone_args, run: Run<'a>, nest: *mut Nest<'a>) -> i64 {
        let result: i64;
        // SAFETY: as above.
        unsafe {
            asm!(
                "svc #0",
                "cbnz x0, 2f",
                "mov x29, xzr",
                "mov x0, {nest}",
                "blr {run}",
                "brk #1",
                "2:",
                nest = in(reg) nest,
                run = in(reg) run,
                inlateout("x0") ptr::from_ref(how) => result,
                in("x1") size_of::<libc::clone_args>(),
                in("x8") libc::SYS_clone3,
            );
        }
        result
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod swift {
    //! Elsewhere the standard library forks.

    use super::{BorrowedFd, Nest, Newborn, io};

    pub fn is_missing(_: &io::Error) -> bool {
        true
    }

    pub fn start(_: &mut Nest<'_>, _: Option<BorrowedFd<'_>>) -> io::Result<Newborn> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use rustix::process::{WaitId, WaitIdOptions, waitid};

    use super::*;

    fn birth(program: &str, line: &str) -> (Birth, std::fs::File) {
        let (ours, theirs) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let words = ["name", "-c", line];
        let birth = Birth::new(Path::new(program), words, [("A", "b=c")], Place::Beside, theirs, 123_456).unwrap();
        (birth, ours.into())
    }

    fn printed(born: &Newborn, mut output: std::fs::File) -> String {
        let status = waitid(WaitId::PidFd(born.handle.as_fd()), WaitIdOptions::EXITED).unwrap().unwrap();
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        format!("{text}{:?}", status.exit_status())
    }

    #[test]
    fn both_ways_give_the_same_child() {
        const LINE: &str = "echo $0 $A; umask; pwd; ulimit -c; ulimit -n; cat; ls /proc/self/fd | wc -l; \
             grep -E 'msgqueue' /proc/self/limits; set -- $(cat /proc/$$/stat); [ $6 = $$ ] && echo leader; \
             grep -E 'SigBlk|SigIgn' /proc/self/status >&2; exit 3";
        let (swift, output) = birth("/bin/sh", LINE);
        let swift = printed(&swift.start().unwrap(), output);
        let (forked, output) = birth("/bin/sh", LINE);
        let born = forked.start_by_fork(rustix::process::getrlimit(Resource::Nofile)).unwrap();
        drop(forked);
        assert_eq!(swift, printed(&born, output));
        assert!(swift.starts_with("name b=c\n0077\n/\n0\n1024\n4\n") && swift.ends_with("Some(3)"), "{swift}");
        assert!(swift.contains("123456") && swift.contains("leader\n"), "{swift}");
    }

    #[test]
    fn a_program_that_cannot_be_executed_is_an_error_and_leaves_no_child() {
        for program in ["/no/such/program", "/etc/passwd"] {
            let (birth, _) = birth(program, "");
            assert!(birth.start().is_err(), "{program}");
            let (birth, _) = self::birth(program, "");
            assert!(birth.start_by_fork(rustix::process::getrlimit(Resource::Nofile)).is_err(), "{program}");
        }
    }

    #[test]
    fn many_threads_may_start_children_at_once() {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                std::thread::spawn(move || {
                    for turn in 0..25 {
                        let word = format!("{thread}-{turn}");
                        let (birth, output) = birth("/bin/sh", &format!("echo {word}"));
                        assert_eq!(printed(&birth.start().unwrap(), output), format!("{word}\nSome(0)"));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
