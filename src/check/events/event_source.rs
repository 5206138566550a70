//! Descriptors that become ready when something should be probed, and how each is drained. All are registered with one
//! epoll.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink, recv, socket_with};

use super::folders::{FolderWatch, Folders};
use crate::foreign::MayHang;

/// The kernel's protocol 0 of its netlink family.
const NETLINK_ROUTE: Option<rustix::net::Protocol> = None;
/// The netlink multicast group of link changes, `RTMGRP_LINK`.
const GROUP_LINK: u32 = 1;

/// A source of events that the event loop can wait for.
#[derive(Debug)]
pub enum EventFd {
    /// A source with a descriptor of its own.
    Descriptor(EventDescriptor),
    /// One name in a folder, through the inotify instance that all share.
    Folder(FolderWatch),
}

/// A descriptor that becomes ready at an event, by kind.
#[derive(Debug)]
pub enum EventDescriptor {
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

/// Opens event sources, in a thread that may hang.
type OpenSources = Box<dyn FnOnce(&MayHang) -> Vec<EventFd> + Send>;

/// How the event sources of one watch are opened: those that it does not share with others.
pub struct OwnSources {
    /// What may hang meanwhile: a folder on a dead mount.
    pub path: PathBuf,
    /// Opens the event sources; it runs in a thread of its own, because it may never return.
    pub open: OpenSources,
}

impl fmt::Debug for OwnSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnSources").field("path", &self.path).finish_non_exhaustive()
    }
}

impl OwnSources {
    /// Descriptors that `open` gives; `path` is what it may hang on.
    pub fn at(path: &str, open: impl FnOnce(&MayHang) -> Vec<EventDescriptor> + Send + 'static) -> Self {
        let open = move |may_hang: &MayHang| open(may_hang).into_iter().map(EventFd::Descriptor).collect();
        Self { path: path.into(), open: Box::new(open) }
    }

    /// The changes of one name in its folder; none if folders cannot be watched.
    pub fn in_folder(path: PathBuf, folders: Option<Arc<Folders>>) -> Option<Self> {
        let (folders, folder) = (folders?, path.parent()?.to_owned());
        let open = move |may_hang: &MayHang| folders.watch(&path, may_hang).map(EventFd::Folder).into_iter().collect();
        Some(Self { path: folder, open: Box::new(open) })
    }
}

impl EventDescriptor {
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
