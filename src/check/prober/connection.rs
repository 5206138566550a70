//! Opens the connections of probes.
//!
//! A connection within this host is complete as soon as it is asked for, but the kernel says so only to the second
//! question. Who asks it at once needs no place in the runtime's poll, which costs as much as the connection.

use std::io;
use std::net::{SocketAddr, TcpStream};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};

/// A connection to a host and port, which the runtime does not know; it does not block. Of a name's addresses, the first
/// that accepts.
///
/// # Errors
/// What the last address said, or that the name has none.
pub async fn open(address: &str) -> io::Result<TcpStream> {
    if let Ok(literal) = address.parse() {
        return open_to(literal).await;
    }
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any address");
    for address in tokio::net::lookup_host(address).await? {
        match open_to(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The same for an address.
///
/// # Errors
/// The kernel's own.
pub async fn open_to(address: SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    let asked = match connect(&socket, &address) {
        Err(Errno::INPROGRESS) => connect(&socket, &address),
        answer => answer,
    };
    match asked {
        Ok(()) | Err(Errno::ISCONN) => return Ok(socket.into()),
        Err(Errno::ALREADY | Errno::INPROGRESS) => {}
        Err(error) => return Err(error.into()),
    }
    let stream = tokio::net::TcpStream::from_std(socket.into())?;
    stream.writable().await?;
    match stream.take_error()? {
        None => stream.into_std(),
        Some(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn within_this_host_nothing_is_waited_for() {
        for host in ["127.0.0.1", "[::1]"] {
            let Ok(listener) = TcpListener::bind(format!("{host}:0")) else { continue };
            let address = listener.local_addr().unwrap().to_string();
            assert!(matches!(open(&address).now_or_never(), Some(Ok(_))), "{address}");
            drop(listener);
            let refused = open(&address).now_or_never();
            assert!(
                matches!(&refused, Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused),
                "{refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_stands_for_its_first_address_that_accepts() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = open(&format!("localhost:{port}")).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().port(), port);
        assert!(open("no port").await.is_err());
    }

    #[tokio::test]
    async fn a_full_backlog_is_waited_for() {
        use rustix::net::{bind, listen};
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        bind(&socket, &"127.0.0.1:0".parse::<SocketAddr>().unwrap()).unwrap();
        listen(&socket, 0).unwrap();
        let listener = TcpListener::from(socket);
        let address = listener.local_addr().unwrap();
        // some are taken at once even so; after them, the kernel leaves whoever comes without an answer
        let mut taken = Vec::new();
        let waiting = loop {
            let mut next = Box::pin(open_to(address));
            match next.as_mut().now_or_never() {
                Some(opened) => taken.push(opened.unwrap()),
                None => break next,
            }
            assert!(taken.len() < 64, "the backlog has no end");
        };
        let _first = listener.accept().unwrap();
        // the kernel asks again after a second
        assert!(waiting.await.is_ok());
    }
}
