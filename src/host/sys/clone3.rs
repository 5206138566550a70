//! `clone3` with borrowed memory.

use std::arch::asm;
use std::ffi::c_int;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::{io, ptr};

use rustix::io::Errno;

use super::spawn::{ChildContext, Spawned, settle};

/// The child's stack, in units of 16 bytes: 64 KiB, which it uses for system calls alone. From 128 KiB on the allocator
/// maps it anew at each start, and gives it back.
const STACK: usize = 4096;

/// Errors that say that this kernel, or a filter, has no such `clone3`.
pub fn is_missing(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::TOOBIG | Errno::OPNOTSUPP)
    )
}

pub fn start(context: &mut ChildContext<'_>, cgroup: Option<BorrowedFd<'_>>) -> io::Result<Spawned> {
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
    // SAFETY: the child runs `in_child` on a stack of its own while this thread stands still, so that `context` and
    // `stack` outlive its use of them; no handler can run in it, because every signal is blocked until it has
    // default actions only.
    let result = unsafe { clone3(&how, in_child, ptr::from_mut(context)) };
    unblock(&blocked);
    let pid = i32::try_from(result).map_err(io::Error::other)?;
    if pid < 0 {
        return Err(io::Error::from_raw_os_error(-pid));
    }
    // SAFETY: the kernel has just opened it for us.
    let handle = unsafe { OwnedFd::from_raw_fd(pidfd) };
    // SAFETY: a plain read of our own value, which another process wrote behind the compiler's back.
    let error = unsafe { ptr::read_volatile(&raw const context.error) };
    if error == 0 {
        return Ok(Spawned { pid, handle });
    }
    let options = rustix::process::WaitIdOptions::EXITED;
    let _ = rustix::process::waitid(rustix::process::WaitId::PidFd(handle.as_fd()), options);
    // Not to be mistaken for a missing `clone3`.
    Err(io::Error::new(io::Error::from_raw_os_error(error).kind(), io::Error::from_raw_os_error(error).to_string()))
}

extern "C" fn in_child(context: *mut ChildContext<'_>) -> ! {
    // SAFETY: the parent stands still and keeps it alive.
    let context = unsafe { &mut *context };
    let settled = settle(context.entrance, context.tag, context.files)
        .and_then(|()| rustix::process::chdir(c"/"))
        .and_then(|()| rustix::stdio::dup2_stdin(context.input))
        .and_then(|()| rustix::stdio::dup2_stdout(context.output))
        .and_then(|()| rustix::stdio::dup2_stderr(context.errors));
    let error = match settled {
        Err(error) => error.raw_os_error(),
        Ok(()) => {
            // SAFETY: default actions are in place, so that unblocking runs no handler; the three lists are
            // terminated and outlive the call, which returns only where it failed.
            unsafe {
                let mut none = MaybeUninit::zeroed().assume_init();
                libc::sigemptyset(&raw mut none);
                libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
                libc::execve(context.program, context.arguments, context.environment);
                *libc::__errno_location()
            }
        }
    };
    // SAFETY: ours alone while the parent stands still; `_exit` runs nothing of the parent's.
    unsafe {
        ptr::write_volatile(&raw mut context.error, error);
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

type ChildMain<'a> = extern "C" fn(*mut ChildContext<'a>) -> !;

/// In the parent: the child's id, or a negative error. The child never returns from here: it calls `run`.
///
/// # Safety
/// `how` names a stack of its own, and what `context` points to outlives the child's use of it.
#[cfg(target_arch = "x86_64")]
unsafe fn clone3<'a>(how: &libc::clone_args, run: ChildMain<'a>, context: *mut ChildContext<'a>) -> i64 {
    let result: i64;
    // SAFETY: the caller's; the child's side uses only registers until it is on its own stack.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, {context}",
            "call {run}",
            "ud2",
            "2:",
            context = in(reg) context,
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

/// Makes the child on aarch64, as the function above does on x86-64: the child runs `run` on its own stack and never
/// comes back; the parent gets its id, or a negated `errno`.
#[cfg(target_arch = "aarch64")]
unsafe fn clone3<'a>(how: &libc::clone_args, run: ChildMain<'a>, context: *mut ChildContext<'a>) -> i64 {
    let result: i64;
    // SAFETY: as above.
    unsafe {
        asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, {context}",
            "blr {run}",
            "brk #1",
            "2:",
            context = in(reg) context,
            run = in(reg) run,
            inlateout("x0") ptr::from_ref(how) => result,
            in("x1") size_of::<libc::clone_args>(),
            in("x8") libc::SYS_clone3,
        );
    }
    result
}
