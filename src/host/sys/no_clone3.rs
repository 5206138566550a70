//! On other architectures the standard library forks.

use std::io;
use std::os::fd::BorrowedFd;

use super::spawn::{ChildContext, Spawned};

pub fn is_missing(_: &io::Error) -> bool {
    true
}

pub fn start(_: &mut ChildContext<'_>, _: Option<BorrowedFd<'_>>) -> io::Result<Spawned> {
    Err(io::ErrorKind::Unsupported.into())
}
