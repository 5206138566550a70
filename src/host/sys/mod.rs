//! The one module with `unsafe` code: how a child is started, file leases, and a runtime's wait on a descriptor. No safe
//! crate offers the first two, and the last one's constructor is unsafe by its promise about the descriptor.
#![allow(unsafe_code, reason = "each call says why it is sound")]

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod clone3;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[path = "no_clone3.rs"]
mod clone3;
mod lease;
mod spawn;

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

pub use self::lease::{Openers, sole_opener, writers};
pub use self::spawn::{Placement, SpawnSpec, Streams, null};

/// Lets the runtime wait until a descriptor can be read.
///
/// # Errors
/// Where the runtime cannot watch it.
pub fn readable(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open, and stays the same descriptor until it is dropped together with the `AsyncFd`.
    unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }.map_err(Into::into)
}
