//! The kernel's process connector: a netlink socket on which it announces forks, `exec`, new names and new users.
//!
//! Nobody waits for the socket: the messages stay in its queue until somebody asks. So two hundred programs a second
//! wake salve no more often than none. A queue that overran says so.

mod message;

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, netlink, recv, send, socket_with, sockopt,
};

use super::changes::Changes;
use message::{Announcement, Subscription};

/// The netlink multicast group of processes, `CN_IDX_PROC`.
const GROUP: u32 = 1;

/// How much may queue, in bytes; the kernel doubles it, and counts 832 for each event: five thousand of them.
const QUEUE: usize = 2 << 20;

/// The longest message is 76 bytes; one that is longer is cut, and not understood.
const LONGEST: usize = 256;

/// A subscription to the changes of all processes.
#[derive(Debug)]
pub struct ProcessConnector {
    socket: OwnedFd,
}

impl ProcessConnector {
    /// Subscribes; what happens from now on is announced.
    ///
    /// # Errors
    /// Where the kernel has no connector, the rights are missing, or another namespace than the initial ones is salve's.
    pub fn open() -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let protocol = Some(netlink::CONNECTOR);
        let connector = Self { socket: socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, protocol)? };
        bind(&connector.socket, &netlink::SocketAddrNetlink::new(0, GROUP))?;
        // Only root may have more than the usual; with less, more listings are needed.
        let _ = sockopt::set_socket_recv_buffer_size_force(&connector.socket, QUEUE);
        let everything = connector.subscribe(Subscription::Everything)?;
        connector.await_answer(everything)?;
        // Kernels before 6.6 do not know this one, and go on to announce everything.
        connector.subscribe(Subscription::ChangesOnly)?;
        Ok(connector)
    }

    /// The number that the kernel's answer acknowledges.
    fn subscribe(&self, subscription: Subscription) -> io::Result<u32> {
        let number = std::process::id();
        send(&self.socket, &subscription.request(number), SendFlags::empty())?;
        Ok(number)
    }

    /// The answer has come by now, because the kernel gives it within the request; outside the initial namespaces it
    /// gives none.
    fn await_answer(&self, number: u32) -> io::Result<()> {
        let mut buffer = [0; LONGEST];
        loop {
            match recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT) {
                Ok((_, length)) => match message::understood(&buffer[..length.min(LONGEST)]) {
                    Announcement::Answer { to, error: 0 } if to == number => return Ok(()),
                    Announcement::Answer { to, error } if to == number => {
                        return Err(io::Error::from_raw_os_error(error.cast_signed()));
                    }
                    Announcement::Answer { .. } | Announcement::Changed(_) | Announcement::Nothing => {}
                },
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The changes since the last call.
    ///
    /// # Errors
    /// Where the socket no longer works.
    pub fn take(&mut self) -> io::Result<Changes> {
        let (mut changed, mut overran, mut buffer) = (HashSet::new(), false, [0; LONGEST]);
        loop {
            match recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT) {
                Ok((_, length)) => match message::understood(&buffer[..length.min(LONGEST)]) {
                    Announcement::Changed(pid) => drop(changed.insert(pid)),
                    Announcement::Answer { .. } | Announcement::Nothing => {}
                },
                Err(Errno::NOBUFS) => overran = true,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(if overran { Changes::Unknown } else { Changes::Only(changed.into_iter().collect()) })
    }
}

impl Drop for ProcessConnector {
    /// Kernels before 6.6 do not notice that the socket is closed.
    fn drop(&mut self) {
        let _ = self.subscribe(Subscription::None);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    #[allow(clippy::print_stdout, reason = "says what it leaves out")]
    fn a_queue_that_overran_says_so_once() {
        let Ok(mut connector) = ProcessConnector::open() else {
            return println!("left out: this host announces no processes");
        };
        // room for one or two events
        sockopt::set_socket_recv_buffer_size(&connector.socket, 1).unwrap();
        for _ in 0..8 {
            Command::new("/bin/true").status().unwrap();
        }
        assert_eq!(connector.take().unwrap(), Changes::Unknown);
        sockopt::set_socket_recv_buffer_size_force(&connector.socket, QUEUE)
            .or_else(|_| sockopt::set_socket_recv_buffer_size(&connector.socket, QUEUE))
            .unwrap();
        // it may have overrun once more before it was widened
        let _ = connector.take().unwrap();
        let mut child = Command::new("/bin/true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        child.wait().unwrap();
        let taken = connector.take().unwrap();
        assert!(matches!(&taken, Changes::Only(pids) if pids.contains(&pid)), "{taken:?}");
    }
}
