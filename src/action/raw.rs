//! The one room with `unsafe` code: what must happen between fork and exec, and file leases, which no safe crate offers.
//!
//! Why here and not in a launcher that is executed first: a second exec costs as much as the whole remediation may,
//! and joining the scope between fork and exec leaves no moment in which the child is outside.
//!
//! Between fork and exec only async-signal-safe calls are allowed: other threads of the parent may have held the
//! allocator's lock at the fork. So: system calls on values that were made before the fork, nothing that allocates.
#![allow(unsafe_code, reason = "pre_exec and fcntl leases; each call says why it is sound")]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit};

/// How a child is born, prepared before the fork.
#[derive(Debug)]
pub struct Birth {
    /// `cgroup.procs` of the scope, open for writing; none where the scope is no cgroup.
    pub entrance: Option<OwnedFd>,
    /// The limit on POSIX message queues that marks every descendant; see `scope::Brand`.
    pub brand: u64,
    /// Soft limit on open files.
    pub open_files: u64,
}

/// Lets the child of `command` be born so: in its scope, in a session of its own without a terminal, with default
/// signal actions, umask 077, limits, an oom score of its own, and no descriptor but 0, 1 and 2.
///
/// The standard library has emptied the signal mask by then.
pub fn be_born(command: &mut Command, birth: Birth) {
    let hook = move || in_child(&birth);
    // SAFETY: `in_child` makes only system calls on values that exist already; it neither allocates nor locks.
    unsafe { command.pre_exec(hook) };
}

fn in_child(birth: &Birth) -> io::Result<()> {
    rustix::process::setsid()?;
    if let Some(entrance) = &birth.entrance {
        rustix::io::write(entrance, b"0")?;
    }
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    let files = rustix::process::getrlimit(Resource::Nofile);
    let soft = files.maximum.map_or(birth.open_files, |hard| hard.min(birth.open_files));
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: Some(soft), maximum: files.maximum })?;
    // A brand that cannot be set (the limit is lower already) leaves the environment's marker.
    let brand = Rlimit { current: Some(birth.brand), maximum: Some(birth.brand) };
    let _ = rustix::process::setrlimit(Resource::Msgqueue, brand);
    reset_oom_score();
    for signal in 1..32 {
        // SAFETY: `signal` with the default action is async-signal-safe; it fails for SIGKILL and SIGSTOP, as it may.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    close_at_exec();
    Ok(())
}

/// The daemon lowers its own score; its children must not inherit that. Failing is harmless: it was not lowered.
fn reset_oom_score() {
    const FILE: &CStr = c"/proc/self/oom_score_adj";
    if let Ok(file) = rustix::fs::open(FILE, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::io::write(&file, b"0");
    }
}

/// Marks every descriptor from 3 on to be closed at exec. (Closing them here would close the standard library's own
/// pipe, over which it reports a failing exec.)
fn close_at_exec() {
    // SAFETY: no memory is handed over, and no descriptor is closed that anybody owns: they are only marked.
    let done = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if done == 0 {
        return;
    }
    // Before Linux 5.11: one by one, up to the hard limit.
    let most = rustix::process::getrlimit(Resource::Nofile).maximum.unwrap_or(1 << 20).min(1 << 20);
    for descriptor in 3..libc::c_int::try_from(most).unwrap_or(1 << 20) {
        // SAFETY: a descriptor that is not open gives EBADF; an open one is only marked.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// What the kernel says about who else has a file open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Openers {
    /// Nobody: until `file` is closed, the kernel holds back whoever opens it.
    None,
    /// Somebody, or something in the kernel (a loop device, a swap area), has it open or mapped.
    Some,
    /// The kernel cannot say: not our file, or a file system without leases.
    Unknown,
}

/// Asks by a write lease whether anyone else on the host, in whatever namespace, has this file open or mapped.
pub fn sole_opener(file: BorrowedFd<'_>) -> Openers {
    const F_SETSIG: libc::c_int = 10;
    // A lease that someone breaks sends a signal, SIGIO by default, which would end this process; SIGURG does nothing.
    // SAFETY: fcntl with integer arguments on a descriptor that is borrowed for the call.
    let leased = unsafe {
        libc::fcntl(file.as_raw_fd(), F_SETSIG, libc::SIGURG) == 0
            && libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK) == 0
    };
    if leased {
        return Openers::None;
    }
    match Errno::from_io_error(&io::Error::last_os_error()) {
        Some(Errno::AGAIN | Errno::BUSY) => Openers::Some,
        _ => Openers::Unknown,
    }
}
