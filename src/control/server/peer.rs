//! The user at the other end of a connection, as the kernel tells it: the uid, and the uid that logged in.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::sys::socket::{getsockopt, sockopt};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::net::UnixStream;

use crate::engine::operator;

/// The process at the other end, when it connected.
#[derive(Debug)]
pub(in crate::control) struct Peer {
    pub uid: u32,
    pub gid: u32,
    pub pid: Option<i32>,
    /// The process itself, whatever its number is given to later; none where it has ended or cannot be seen from here.
    process: Option<OwnedFd>,
}

/// The process that connected has ended, so nobody knows any more with which uid it had logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the process that connected has ended")]
pub(in crate::control) struct PeerGone;

impl Peer {
    /// Of this connection.
    ///
    /// # Errors
    /// Where the kernel does not say.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        // a process of another namespace has no number here
        let pid = credentials.pid().filter(|pid| *pid > 0);
        // kernels before 6.5 only know the number
        let process = getsockopt(stream, sockopt::PeerPidfd).ok().or_else(|| {
            let pid = Pid::from_raw(pid?)?;
            pidfd_open(pid, PidfdFlags::empty()).ok()
        });
        Ok(Self { uid: credentials.uid(), gid: credentials.gid(), pid, process })
    }

    /// The uid that the peer logged in with; none where the kernel knows of no login.
    ///
    /// # Errors
    /// Where the process has ended: whoever hands a connection on and leaves must not be taken for another person.
    pub fn login_uid(&self) -> Result<Option<u32>, PeerGone> {
        let Some(pid) = self.pid else { return Ok(None) };
        let login = operator::login_uid(&pid.to_string());
        // a process that lives after the look lived during it, so the number was its own
        match &self.process {
            Some(process) if lives(process) => Ok(login),
            None if Path::new("/proc").join(pid.to_string()).exists() => Ok(login),
            Some(_) | None => Err(PeerGone),
        }
    }
}

/// A pidfd becomes readable when its process ends.
fn lives(process: &OwnedFd) -> bool {
    let fd = process.as_fd();
    let mut poll = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    rustix::event::poll(&mut poll, Some(&Timespec::default())).is_ok() && poll[0].revents().is_empty()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    async fn a_peer_that_has_ended_is_nobody_in_particular() {
        let (here, _there) = UnixStream::pair().unwrap();
        let own = Peer::of(&here).unwrap();
        assert_eq!(own.login_uid(), Ok(operator::login_uid("self")));
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let number = i32::try_from(child.id()).unwrap();
        let process = pidfd_open(Pid::from_raw(number).unwrap(), PidfdFlags::empty()).unwrap();
        let peer = Peer { uid: 0, gid: 0, pid: Some(number), process: Some(process) };
        assert!(peer.login_uid().is_ok());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(peer.login_uid(), Err(PeerGone));
    }
}
