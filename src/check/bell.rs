//! Descriptors that ring when it is worth a look, and how each is heard out. They all hang on the one epoll.

use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustix::event::epoll::EventFlags;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink, recv, socket_with};

use super::subject::Subject;

/// The kernel's protocol 0 of its netlink family.
const NETLINK_ROUTE: Option<rustix::net::Protocol> = None;
/// `RTMGRP_LINK`.
const GROUP_LINK: u32 = 1;

/// What rang.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bell {
    /// The mount table changed.
    Mounts,
    /// Something about this subject changed.
    Subject(Arc<Subject>),
}

/// A descriptor that rings.
#[derive(Debug)]
pub enum Source {
    /// The mount table: polls with priority when it changes, always with an error flag.
    Mounts(OwnedFd),
    /// A PSI trigger: polls with priority, and with an error flag once it is gone for good.
    Trigger(OwnedFd),
    /// What the kernel tells of network links.
    Links(OwnedFd),
    /// An inotify on a folder; only what happens to this name in it counts.
    Folder(OwnedFd, OsString),
}

/// What hearing a source out came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Worth a look.
    News,
    /// About something else.
    Nothing,
    /// The source is gone: it would ring forever.
    Ended,
}

impl Source {
    /// Every change of this name in its folder. May hang as long as a dead mount does.
    ///
    /// # Errors
    /// Where there is no such folder, or no more watches.
    pub fn folder_of(path: &Path) -> rustix::io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::INVAL) };
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let wanted = WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        inotify::add_watch(&events, folder, wanted)?;
        Ok(Self::Folder(events, name.to_owned()))
    }

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

    /// The descriptor.
    pub fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Mounts(fd) | Self::Trigger(fd) | Self::Links(fd) | Self::Folder(fd, _) => fd.as_fd(),
        }
    }

    /// What epoll should wait for.
    pub const fn flags(&self) -> EventFlags {
        match self {
            Self::Mounts(_) | Self::Trigger(_) => EventFlags::PRI,
            Self::Links(_) | Self::Folder(..) => EventFlags::IN,
        }
    }

    /// Takes what has come.
    pub fn heard(&self, flags: EventFlags) -> Heard {
        match self {
            Self::Trigger(_) if flags.contains(EventFlags::ERR) => Heard::Ended,
            Self::Mounts(_) | Self::Trigger(_) => Heard::News,
            Self::Links(events) => of_links(events),
            Self::Folder(events, name) => in_folder(events, name),
        }
    }
}

/// What was said does not matter: the look reads how the links are. A loss of messages is news as well.
fn of_links(events: &OwnedFd) -> Heard {
    let (mut buffer, mut heard) = ([0_u8; 4096], Heard::Nothing);
    loop {
        match recv(events, &mut buffer, RecvFlags::DONTWAIT) {
            Ok(_) | Err(Errno::NOBUFS) => heard = Heard::News,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return heard,
            Err(_) => return Heard::Ended,
        }
    }
}

fn in_folder(events: &OwnedFd, wanted: &OsStr) -> Heard {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = Reader::new(events, &mut buffer);
    let mut heard = Heard::Nothing;
    loop {
        match reader.next() {
            Ok(event) => {
                let named = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                let flags = event.events();
                if flags.intersects(ReadFlags::IGNORED | ReadFlags::UNMOUNT) {
                    return Heard::Ended;
                }
                // The folder itself, or more than the kernel could keep.
                if named.is_none_or(|name| name == wanted) {
                    heard = Heard::News;
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return heard,
            Err(_) => return Heard::Ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_the_name_that_was_asked_for_is_news() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::folder_of(&folder.path().join("wanted")).unwrap();
        assert_eq!(source.heard(EventFlags::IN), Heard::Nothing);
        fs::write(folder.path().join("other"), "x").unwrap();
        assert_eq!(source.heard(EventFlags::IN), Heard::Nothing);
        fs::write(folder.path().join("wanted"), "x").unwrap();
        assert_eq!(source.heard(EventFlags::IN), Heard::News);
        fs::rename(folder.path().join("wanted"), folder.path().join("wanted.1")).unwrap();
        assert_eq!(source.heard(EventFlags::IN), Heard::News);
        fs::remove_dir_all(folder.path()).unwrap();
        assert_eq!(source.heard(EventFlags::IN), Heard::Ended);
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_watched() {
        assert!(Source::folder_of(Path::new("/no/such/file")).is_err());
        assert!(Source::folder_of(Path::new("/")).is_err());
    }
}
