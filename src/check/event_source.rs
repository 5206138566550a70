//! Descriptors that become ready when something should be probed, and how each is drained. All are registered with one
//! epoll.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink, recv, socket_with};

use super::folders::FolderWatch;
use super::subject::Subject;

/// The kernel's protocol 0 of its netlink family.
const NETLINK_ROUTE: Option<rustix::net::Protocol> = None;
/// The netlink multicast group of link changes, `RTMGRP_LINK`.
const GROUP_LINK: u32 = 1;

/// What an event source announced, and so what has to be probed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wakeup {
    /// The mount table changed.
    Mounts,
    /// Something about this subject changed.
    Subject(Arc<Subject>),
}

/// A source of events that the event loop can wait for.
#[derive(Debug)]
pub enum EventFd {
    /// A source with a descriptor of its own.
    Descriptor(Ringing),
    /// One name in a folder, through the inotify instance that all share.
    Folder(FolderWatch),
}

/// A descriptor that becomes ready at an event, by kind.
#[derive(Debug)]
pub enum Ringing {
    /// The mount table: polls with priority when it changes, always with an error flag.
    Mounts(OwnedFd),
    /// A PSI trigger: polls with priority, and with an error flag once it is gone for good.
    Trigger(OwnedFd),
    /// A netlink socket on which the kernel announces changes of network links.
    Links(OwnedFd),
}

/// What draining an event source revealed, from nothing to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// The events were about something else.
    Nothing,
    /// Something changed and should be probed.
    News,
    /// The source is gone and would stay ready forever.
    Ended,
}

impl Ringing {
    /// Every change of a network link.
    ///
    /// # Errors
    /// Where no such socket can be had.
    pub fn links() -> rustix::io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, NETLINK_ROUTE)?;
        bind(&socket, &netlink::SocketAddrNetlink::new(0, GROUP_LINK))?;
        Ok(Self::Links(socket))
    }

    /// The descriptor to register with epoll.
    pub fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Mounts(fd) | Self::Trigger(fd) | Self::Links(fd) => fd.as_fd(),
        }
    }

    /// What epoll should wait for.
    pub const fn flags(&self) -> EventFlags {
        match self {
            Self::Mounts(_) | Self::Trigger(_) => EventFlags::PRI,
            Self::Links(_) => EventFlags::IN,
        }
    }

    /// Reads all pending events, so that the descriptor is no longer ready.
    pub fn drain(&self, flags: EventFlags) -> Readiness {
        match self {
            Self::Trigger(_) if flags.contains(EventFlags::ERR) => Readiness::Ended,
            Self::Mounts(_) | Self::Trigger(_) => Readiness::News,
            Self::Links(events) => of_links(events),
        }
    }
}

/// The messages' content does not matter, because the probe reads the links' state. Lost messages count as news.
fn of_links(events: &OwnedFd) -> Readiness {
    let (mut buffer, mut readiness) = ([0_u8; 4096], Readiness::Nothing);
    loop {
        match recv(events, &mut buffer, RecvFlags::DONTWAIT) {
            Ok(_) | Err(Errno::NOBUFS) => readiness = Readiness::News,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return readiness,
            Err(_) => return Readiness::Ended,
        }
    }
}
