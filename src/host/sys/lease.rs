//! Leases: the kernel's own word on whether anyone else has a file open.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::io::Errno;

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
    lease(file, libc::F_WRLCK)
}

/// Asks by a read lease, given back at once, whether anyone on the host has this file open for writing. The file is
/// open for reading only.
pub fn writers(file: &impl AsFd) -> Openers {
    let file = file.as_fd();
    let found = lease(file, libc::F_RDLCK);
    if found == Openers::None {
        // SAFETY: fcntl with integer arguments on a descriptor that is borrowed for the call.
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_UNLCK) };
    }
    found
}

fn lease(file: BorrowedFd<'_>, kind: libc::c_int) -> Openers {
    const F_SETSIG: libc::c_int = 10;
    // A lease that someone breaks sends a signal, SIGIO by default, which would end this process; SIGURG does nothing.
    // SAFETY: fcntl with integer arguments on a descriptor that is borrowed for the call.
    let leased = unsafe {
        libc::fcntl(file.as_raw_fd(), F_SETSIG, libc::SIGURG) == 0
            && libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) == 0
    };
    if leased {
        return Openers::None;
    }
    match Errno::from_io_error(&io::Error::last_os_error()) {
        Some(Errno::AGAIN | Errno::BUSY) => Openers::Some,
        _ => Openers::Unknown,
    }
}
