//! Pidfds of the tracked processes, registered with the loop's epoll as far as descriptors reach.

use std::os::fd::OwnedFd;

use rustix::event::epoll;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::check::events::process_table::{Attended, ExitNotifier};
use crate::check::proc;

/// How many descriptors stay free for everything else.
const SPARE: u64 = 256;
/// Opens pidfds, registers them with epoll, and counts them.
pub(super) struct Pidfds {
    pub(super) epoll: OwnedFd,
    /// The soft limit of descriptors, as last read.
    room: u64,
    pub(super) open: u64,
}

impl Pidfds {
    /// No pidfd is open yet.
    pub(super) fn new(epoll: OwnedFd) -> Self {
        Self { epoll, room: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), open: 0 }
    }
}

impl ExitNotifier for Pidfds {
    fn attend(&mut self, pid: i32, token: u64) -> Attended {
        if self.open + SPARE >= self.room {
            self.room = more_descriptors();
            if self.open + SPARE >= self.room {
                return Attended::ByListing;
            }
        }
        match proc::pidfd(pid) {
            Ok(pidfd) => {
                let data = epoll::EventData::new_u64(token);
                if epoll::add(&self.epoll, &pidfd, data, epoll::EventFlags::IN).is_err() {
                    return Attended::ByListing;
                }
                self.open += 1;
                Attended::By(pidfd)
            }
            Err(Errno::SRCH) => Attended::Gone,
            Err(_) => Attended::ByListing,
        }
    }
}

/// Raises the soft limit of descriptors to the hard limit, and returns the limit that is in force then.
pub fn more_descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
