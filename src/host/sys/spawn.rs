//! How a child is started: in its scope from its first moment, clean, and fast. No other code of this crate starts one
//! (but for the listed few that own the terminal; see `tests/architecture`).
//!
//! `fork` copies the parent's page tables, which takes longer than all the rest and longer still the larger the parent
//! is, and moving a process into a cgroup afterwards takes a lock of the whole host. So the child is made by `clone3`:
//! it borrows the parent's memory (while the calling thread stands still, as `posix_spawn` does it) and begins its
//! life inside the cgroup. Where the kernel or a filter has no such `clone3`, the standard library forks.
//!
//! Between its start and exec only system calls on values that exist already are made: nothing that allocates, locks or
//! panics.

use std::ffi::{CStr, CString, OsStr, c_char, c_int};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{io, ptr};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, pidfd_open};

use super::clone3;

/// Soft limit on open files.
const OPEN_FILES: u64 = 1024;

/// Where a child is put.
#[derive(Debug)]
pub enum Placement {
    /// A cgroup (v2) by its folder: born in it.
    Born(OwnedFd),
    /// A cgroup by its `cgroup.procs`: enters before exec.
    Entrance(OwnedFd),
    /// No cgroup of its own: it stays in its parent's.
    Beside,
}

/// What a child reads and writes.
#[derive(Debug)]
pub struct Streams {
    /// Its standard input; empty where there is none.
    pub input: Option<OwnedFd>,
    /// The descriptor of its standard output.
    pub output: OwnedFd,
    /// Its standard error; the same as its output where there is none.
    pub errors: Option<OwnedFd>,
}

/// All that a child is started with.
#[derive(Debug)]
pub struct SpawnSpec {
    /// Absolute path of the program's file.
    pub program: CString,
    /// The argument vector; the first is the program's own name.
    pub arguments: Vec<CString>,
    /// The whole environment, as `NAME=value`.
    pub environment: Vec<CString>,
    /// The scope that it is born into: a cgroup, or only a session of its own.
    pub place: Placement,
    /// Their far ends are closed here once it runs.
    pub streams: Streams,
    /// The limit on POSIX message queues that marks every descendant; see `scope::RlimitTag`.
    pub tag: u64,
}

/// A child that has begun its program.
#[derive(Debug)]
pub struct Spawned {
    /// The child's process id, in this process's PID namespace.
    pub pid: i32,
    /// Its handle: readable once it is dead.
    pub handle: OwnedFd,
}

/// What the child reads and writes before exec.
pub struct ChildContext<'a> {
    pub program: *const c_char,
    pub arguments: *const *const c_char,
    pub environment: *const *const c_char,
    pub entrance: Option<BorrowedFd<'a>>,
    /// This and the next two are 3 or above, so that moving them to 0, 1 and 2 overwrites none.
    pub input: BorrowedFd<'a>,
    pub output: BorrowedFd<'a>,
    pub errors: BorrowedFd<'a>,
    pub tag: u64,
    pub files: Rlimit,
    /// What went wrong before exec; 0 means nothing.
    pub error: c_int,
}

impl SpawnSpec {
    /// For a program with these arguments (the first is its own name) and nothing but this environment.
    ///
    /// # Errors
    /// Where a word holds a NUL.
    pub fn new<'a>(
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
        place: Placement,
        streams: Streams,
        tag: u64,
    ) -> io::Result<Self> {
        Ok(Self {
            program: CString::new(program.as_os_str().as_bytes())?,
            arguments: arguments.into_iter().map(CString::new).collect::<Result<_, _>>()?,
            environment: environment
                .into_iter()
                .map(|(name, value)| CString::new(format!("{name}={value}")))
                .collect::<Result<_, _>>()?,
            place,
            streams,
            tag,
        })
    }

    /// Starts it: in a session of its own without a terminal, signals as by default, umask 077, folder `/`, limits, an
    /// oom score of its own, no descriptor but 0, 1 and 2. The calling thread stands still until it runs its program.
    ///
    /// # Errors
    /// Where it cannot be put in its place or its program cannot be executed.
    pub fn start(self) -> io::Result<Spawned> {
        let Self { program, arguments, environment, place, streams, tag } = &self;
        let input = match &streams.input {
            Some(input) => above_standard(input)?,
            None => above_standard(&null()?)?,
        };
        let output = above_standard(&streams.output)?;
        let errors = streams.errors.as_ref().map(above_standard).transpose()?;
        let (arguments, environment) = (pointers(arguments), pointers(environment));
        let files = rustix::process::getrlimit(Resource::Nofile);
        let mut context = ChildContext {
            program: program.as_ptr(),
            arguments: arguments.as_ptr(),
            environment: environment.as_ptr(),
            entrance: match place {
                Placement::Entrance(entrance) => Some(entrance.as_fd()),
                Placement::Born(_) | Placement::Beside => None,
            },
            input: input.as_fd(),
            output: output.as_fd(),
            errors: errors.as_ref().map_or(output.as_fd(), AsFd::as_fd),
            tag: *tag,
            files: limit_files(files),
            error: 0,
        };
        let cgroup = match place {
            Placement::Born(folder) => Some(folder.as_fd()),
            Placement::Entrance(_) | Placement::Beside => None,
        };
        match clone3::start(&mut context, cgroup) {
            Err(error) if clone3::is_missing(&error) => self.start_by_fork(files),
            started => started,
        }
    }

    /// The way that every kernel has.
    fn start_by_fork(&self, files: Rlimit) -> io::Result<Spawned> {
        let name = |word: &CStr| OsStr::from_bytes(word.to_bytes()).to_owned();
        let entrance = match &self.place {
            Placement::Entrance(entrance) => Some(entrance.try_clone()?),
            Placement::Born(folder) => {
                let flags = OFlags::WRONLY | OFlags::CLOEXEC;
                Some(rustix::fs::openat(folder, c"cgroup.procs", flags, Mode::empty())?)
            }
            Placement::Beside => None,
        };
        let mut command = Command::new(name(&self.program));
        command.arg0(name(&self.arguments[0])).args(self.arguments[1..].iter().map(|word| name(word))).env_clear();
        for variable in &self.environment {
            let bytes = variable.to_bytes();
            let at = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
            let value = bytes.get(at + 1..).unwrap_or_default().to_vec();
            command.env(OsStr::from_bytes(&bytes[..at]), std::ffi::OsString::from_vec(value));
        }
        let Streams { input, output, errors } = &self.streams;
        let input = input.as_ref().map_or(Ok(Stdio::null()), |input| input.try_clone().map(Stdio::from))?;
        command.current_dir("/").stdin(input).stdout(output.try_clone()?);
        command.stderr(errors.as_ref().unwrap_or(output).try_clone()?);
        let (tag, files) = (self.tag, limit_files(files));
        let hook = move || settle(entrance.as_ref().map(AsFd::as_fd), tag, files).map_err(io::Error::from);
        // SAFETY: `settle` makes only system calls on values that exist already; it neither allocates nor locks.
        unsafe { command.pre_exec(hook) };
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        // Dropping the standard library's own handle neither ends nor reaps the child.
        let handle = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
        Ok(Spawned { pid, handle })
    }
}

/// Opens the device that is always empty and takes everything.
///
/// # Errors
/// Where descriptors ran out.
pub fn null() -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?)
}

/// The same file at a number of 3 or above.
fn above_standard(file: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(file, 3)?)
}

/// The usual soft limit, or the hard one where that is lower.
fn limit_files(files: Rlimit) -> Rlimit {
    let soft = files.maximum.map_or(OPEN_FILES, |hard| hard.min(OPEN_FILES));
    Rlimit { current: Some(soft), maximum: files.maximum }
}

fn pointers(words: &[CString]) -> Vec<*const c_char> {
    words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect()
}

/// In the child, before exec.
pub fn settle(entrance: Option<BorrowedFd<'_>>, tag: u64, files: Rlimit) -> rustix::io::Result<()> {
    rustix::process::setsid()?;
    if let Some(entrance) = entrance {
        rustix::io::write(entrance, b"0")?;
    }
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    rustix::process::setrlimit(Resource::Nofile, files)?;
    // A tag that cannot be set (the limit is lower already) leaves the environment's marker.
    let _ = rustix::process::setrlimit(Resource::Msgqueue, Rlimit { current: Some(tag), maximum: Some(tag) });
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use rustix::process::{WaitId, WaitIdOptions, waitid};

    use super::*;

    fn spec(program: &str, line: &str) -> (SpawnSpec, std::fs::File) {
        let (ours, theirs) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let words = ["name", "-c", line];
        let streams = Streams { input: None, output: theirs, errors: None };
        let spec =
            SpawnSpec::new(Path::new(program), words, [("A", "b=c")], Placement::Beside, streams, 123_456).unwrap();
        (spec, ours.into())
    }

    fn printed(started: &Spawned, mut output: std::fs::File) -> String {
        let status = waitid(WaitId::PidFd(started.handle.as_fd()), WaitIdOptions::EXITED).unwrap().unwrap();
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        format!("{text}{:?}", status.exit_status())
    }

    #[test]
    fn both_ways_give_the_same_child() {
        const LINE: &str = "echo $0 $A; umask; pwd; ulimit -c; ulimit -n; cat; ls /proc/self/fd | wc -l; \
             grep -E 'msgqueue' /proc/self/limits; set -- $(cat /proc/$$/stat); [ $6 = $$ ] && echo leader; \
             grep -E 'SigBlk|SigIgn' /proc/self/status >&2; exit 3";
        let (cloned, output) = spec("/bin/sh", LINE);
        let cloned = printed(&cloned.start().unwrap(), output);
        let (forked, output) = spec("/bin/sh", LINE);
        let started = forked.start_by_fork(rustix::process::getrlimit(Resource::Nofile)).unwrap();
        drop(forked);
        assert_eq!(cloned, printed(&started, output));
        assert!(cloned.starts_with("name b=c\n0077\n/\n0\n1024\n4\n") && cloned.ends_with("Some(3)"), "{cloned}");
        assert!(cloned.contains("123456") && cloned.contains("leader\n"), "{cloned}");
    }

    #[test]
    fn a_program_that_cannot_be_executed_is_an_error_and_leaves_no_child() {
        for program in ["/no/such/program", "/etc/passwd"] {
            let (spec, _) = spec(program, "");
            assert!(spec.start().is_err(), "{program}");
            let (spec, _) = self::spec(program, "");
            assert!(spec.start_by_fork(rustix::process::getrlimit(Resource::Nofile)).is_err(), "{program}");
        }
    }

    #[test]
    fn many_threads_may_start_children_at_once() {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                std::thread::spawn(move || {
                    for turn in 0..25 {
                        let word = format!("{thread}-{turn}");
                        let (spec, output) = spec("/bin/sh", &format!("echo {word}"));
                        assert_eq!(printed(&spec.start().unwrap(), output), format!("{word}\nSome(0)"));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
