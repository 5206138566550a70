//! The socket of the system bus, with a cap on what comes over it.
//!
//! Any user of the host may send a signal to any connection, and a bus lets messages of many megabytes pass. A message
//! that is longer than [`LARGEST`] bytes arrives without its body: whoever asked for it cannot make sense of the answer
//! and says so, a signal tells no more than that something changed, and the line stays whole. One whose header alone is
//! longer than [`HEADER`] bytes is not seen at all.

use std::io::{self, ErrorKind};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use zbus::address::Transport;
use zbus::address::transport::UnixSocket;
use zbus::connection::socket::{ReadHalf, Split, WriteHalf};
use zbus::connection::{Builder, Socket};
use zbus::export::async_trait::async_trait;
use zbus::{Address, Connection, Message};

use super::ANSWER;

/// No message is taken whole that is longer, in bytes. A list of ten thousand units has some four million.
const LARGEST: u64 = 16 * 1024 * 1024;
/// No header is longer, in bytes: the longest names and paths that systemd uses take a hundredth of it.
const HEADER: u64 = 64 * 1024;
/// What the bus may say before the first message, in bytes: a few short lines.
const GREETING: usize = 16 * 1024;
/// So much of a body that is thrown away is read at a time, in bytes.
const SCRAP: usize = 16 * 1024;
/// A message begins with this many bytes, which tell how long it is.
const PRIMARY: usize = 16;

/// A connection to the system bus.
///
/// # Errors
/// Where the bus is away, or does not let this process in.
pub async fn connect() -> zbus::Result<Connection> {
    let stream = dial(&Address::system()?).await?;
    Builder::socket(Bus(stream)).method_timeout(ANSWER).build().await
}

/// Opens the socket behind an address.
async fn dial(address: &Address) -> zbus::Result<UnixStream> {
    let Transport::Unix(unix) = address.transport() else {
        return Err(zbus::Error::Address(format!("{address} is no socket of this host")));
    };
    match unix.path() {
        UnixSocket::File(path) => Ok(UnixStream::connect(path).await?),
        UnixSocket::Abstract(name) => {
            let name = SocketAddr::from_abstract_name(name.as_encoded_bytes())?;
            let stream = std::os::unix::net::UnixStream::connect_addr(&name)?;
            stream.set_nonblocking(true)?;
            Ok(UnixStream::from_std(stream)?)
        }
        _ => Err(zbus::Error::Address(format!("{address} is for a bus to listen on"))),
    }
}

/// The socket before it is parted.
#[derive(Debug)]
struct Bus(UnixStream);

impl Socket for Bus {
    type ReadHalf = CappedSocket;
    type WriteHalf = Writing;

    fn split(self) -> Split<CappedSocket, Writing> {
        let (read, write) = self.0.into_split();
        Split::new(CappedSocket { plain: Plain(read), greeting: GREETING }, Writing(write))
    }
}

/// Bytes as they come. No descriptors are taken: neither half says that it passes them.
#[derive(Debug)]
struct Plain(OwnedReadHalf);

#[async_trait]
impl ReadHalf for Plain {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        Ok((self.0.read(buffer).await?, Vec::new()))
    }
}

/// Messages up to a length.
#[derive(Debug)]
struct CappedSocket {
    plain: Plain,
    /// What the bus may still say before the first message, in bytes.
    greeting: usize,
}

#[async_trait]
impl ReadHalf for CappedSocket {
    async fn receive_message(
        &mut self,
        number: u64,
        received: &mut Vec<u8>,
        descriptors: &mut Vec<OwnedFd>,
    ) -> zbus::Result<Message> {
        while !self.prepare(received).await? {}
        self.plain.receive_message(number, received, descriptors).await
    }

    /// Carries the greeting; messages are received by the other call.
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        let (count, descriptors) = self.plain.recvmsg(buffer).await?;
        let left = self.greeting.checked_sub(count);
        self.greeting = left.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "the bus does not stop greeting"))?;
        Ok((count, descriptors))
    }
}

impl CappedSocket {
    /// Puts the beginning of the next message into `received`, without its body where it is too long; false where all
    /// of it was thrown away.
    async fn prepare(&mut self, received: &mut Vec<u8>) -> zbus::Result<bool> {
        self.fill(received, PRIMARY).await?;
        let number = |at: usize| {
            let bytes = [received[at], received[at + 1], received[at + 2], received[at + 3]];
            u64::from(if received[0] == b'B' { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
        };
        let (body, fields) = (number(4), number(12));
        // the body begins at a multiple of eight
        let header = (PRIMARY as u64 + fields).next_multiple_of(8);
        if header > HEADER {
            self.discard(received, 0, header + body).await?;
            return Ok(false);
        }
        if header + body > LARGEST {
            let header = usize::try_from(header).unwrap_or(usize::MAX);
            self.fill(received, header).await?;
            self.discard(received, header, body).await?;
            received[4..8].fill(0);
        }
        Ok(true)
    }

    /// Reads until there are so many bytes.
    async fn fill(&mut self, received: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
        let mut have = received.len();
        if have < wanted {
            received.resize(wanted, 0);
        }
        while have < wanted {
            have += self.some(&mut received[have..]).await?;
        }
        Ok(())
    }

    /// Throws away so many bytes from a place on, whether they have been read already or not.
    async fn discard(&mut self, received: &mut Vec<u8>, from: usize, count: u64) -> io::Result<()> {
        let have = (received.len() - from).min(usize::try_from(count).unwrap_or(usize::MAX));
        received.drain(from..from + have);
        let mut left = count - have as u64;
        let mut scrap = vec![0; SCRAP];
        while left > 0 {
            let most = SCRAP.min(usize::try_from(left).unwrap_or(SCRAP));
            left -= self.some(&mut scrap[..most]).await? as u64;
        }
        Ok(())
    }

    /// At least one byte.
    async fn some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.plain.recvmsg(buffer).await?.0 {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}

/// What is sent.
#[derive(Debug)]
struct Writing(OwnedWriteHalf);

#[async_trait]
impl WriteHalf for Writing {
    async fn sendmsg(&mut self, buffer: &[u8], _: &[BorrowedFd<'_>]) -> io::Result<usize> {
        self.0.write(buffer).await
    }

    async fn close(&mut self) -> io::Result<()> {
        self.0.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use zbus::Variant;

    use super::*;

    /// A signal with a text of this length, and a path of this many steps.
    fn signal(text: usize, steps: usize) -> Vec<u8> {
        let path = "/a".repeat(steps);
        let message = Message::signal(path.as_str(), "org.example.One", "Changed");
        message.build(&(1_u32, "x".repeat(text), Variant::from(7_u64))).unwrap().data().to_vec()
    }

    /// What is received of these bytes, sent as a peer would, until an error; and the most that was kept of them.
    async fn received(bytes: Vec<u8>, before: usize) -> Vec<Message> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let (mut half, _keep) = Bus(ours).split().take();
        // the handshake may have read a part already
        let mut already = bytes[..before].to_vec();
        let send = async move {
            theirs.write_all(&bytes[before..]).await.unwrap();
            drop(theirs);
        };
        let receive = async {
            let mut messages = Vec::new();
            while let Ok(message) = half.receive_message(messages.len() as u64, &mut already, &mut Vec::new()).await {
                messages.push(message);
            }
            assert!(
                already.capacity() <= 2 * usize::try_from(HEADER).unwrap() + before,
                "{} bytes are kept",
                already.capacity()
            );
            messages
        };
        tokio::join!(send, receive).1
    }

    #[tokio::test]
    async fn a_message_of_sixty_megabytes_arrives_without_its_body_and_the_line_goes_on() {
        let (small, large) = (signal(10, 1), signal(60 << 20, 1));
        for before in [0, 7, small.len() + 20, small.len() + 5000] {
            let messages = received([&*small, &large, &small].concat(), before).await;
            let lengths: Vec<usize> = messages.iter().map(|message| message.data().len()).collect();
            assert!(matches!(lengths[..], [a, b, c] if a == small.len() && b < 200 && c == a), "{before}: {lengths:?}");
            for message in &messages {
                assert_eq!(message.header().member().unwrap().as_str(), "Changed");
            }
            let whole = |message: &Message| message.body().deserialize::<(u32, String, Variant<'_>)>().is_ok();
            assert_eq!(messages.iter().map(whole).collect::<Vec<_>>(), [true, false, true]);
        }
    }

    #[tokio::test]
    async fn a_message_with_a_header_without_measure_is_passed_over() {
        let (small, large) = (signal(10, 1), signal(10, 1 << 20));
        let messages = received([&*large, &small].concat(), 0).await;
        assert_eq!(messages.iter().map(|message| message.data().len()).collect::<Vec<_>>(), [small.len()]);
    }

    #[tokio::test]
    async fn a_bus_that_does_not_stop_greeting_is_left() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let greet = async move {
            // no line ever ends
            while theirs.write_all(&[b'x'; 1024]).await.is_ok() {}
        };
        let (said, ()) = tokio::join!(Builder::socket(Bus(ours)).build(), greet);
        assert!(said.unwrap_err().to_string().contains("does not stop greeting"));
    }
}
