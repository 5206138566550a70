//! The one way to a client for HTTP: for checks, actions, channels and the container engine. A fresh connection for each
//! request, no proxy, no redirect, and a cap on the head of an answer; its body is read through
//! [`capped`](super::capped).
//!
//! Of a head over HTTP/1, hyper itself buffers at most some 400 KiB, and passes over interim answers without keeping
//! them; whoever sends such without end is cut off by the request's deadline.
//!
//! | module | what it does |
//! |---|---|
//! | [`plain`] | one request without TLS or names, which needs no client |

pub mod plain;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

/// Lines of a head over HTTP/1.
const LINES: usize = 100;
/// Bytes of a head over HTTP/2.
const HEAD: u32 = 16 * 1024;
/// How every request calls itself.
const AGENT: &str = concat!("salve/", env!("CARGO_PKG_VERSION"));

/// What every client begins with.
pub fn client() -> ClientBuilder {
    // an error means that another module was first, with the same one
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .http1_max_headers(LINES)
        .http2_max_header_list_size(HEAD)
        .user_agent(AGENT)
}

/// Servers whose heads have no end.
#[cfg(test)]
pub(crate) mod endless {
    use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    /// More than any client takes, with what the kernel holds on the way, in bytes.
    pub const MOST: u64 = 16 << 20;

    /// A server that begins each answer so, and then says `again` until nobody listens. How much it said to the first
    /// who asked.
    pub async fn server(again: &'static str) -> (String, JoinHandle<u64>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let said = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            talk(stream, again).await
        });
        (url, said)
    }

    /// Talks over a connection until nobody listens; how many bytes were said.
    pub async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, again: &str) -> u64 {
        let _ = stream.read(&mut [0; 4096]).await;
        if stream.write_all(b"HTTP/1.1 200 OK\r\n").await.is_err() {
            return 0;
        }
        let (block, mut said) = (again.repeat(4096), 0);
        while said < 4 * MOST && stream.write_all(block.as_bytes()).await.is_ok() {
            said += block.len() as u64;
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::cause;

    #[tokio::test]
    async fn a_head_without_end_is_refused_after_a_bounded_number_of_bytes() {
        for again in ["x", "x: y\r\n"] {
            let (url, said) = endless::server(again).await;
            let asked = client().build().unwrap().get(url).send().await;
            let why = cause::of(&asked.unwrap_err());
            assert!(why.contains("too large") || why.contains("invalid"), "{why}");
            let said = said.await.unwrap();
            assert!(said < endless::MOST, "{said} bytes were taken");
        }
    }

    #[tokio::test]
    async fn a_head_of_a_hundred_lines_is_taken_and_one_of_more_is_not() {
        for (lines, taken) in [(90, true), (101, false)] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let answer = async {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                let head = format!("HTTP/1.1 204 No Content\r\n{}\r\n", "x: y\r\n".repeat(lines));
                let _ = stream.write_all(head.as_bytes()).await;
                stream
            };
            let (asked, _) = tokio::join!(client().build().unwrap().get(url).send(), answer);
            assert_eq!(asked.is_ok(), taken, "{lines} lines");
        }
    }
}
