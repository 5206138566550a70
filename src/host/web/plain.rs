//! One GET over HTTP/1 without TLS, on a connection that the caller opened: the request that [`client`](super::client)
//! sends, read by the same library under the same caps. What lies between the two in a client (a pool, a resolver, a task
//! for each connection) costs several times the request itself, which counts where hundreds are asked each second.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;

use futures_util::future::{Either, select};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use tokio::net::TcpStream;

use super::{AGENT, LINES};

/// An address of the web that needs nothing but a connection: without TLS, a name to look up, or a user.
#[derive(Debug)]
pub struct PlainUrl {
    /// Where to connect.
    pub address: SocketAddr,
    host: HeaderValue,
    path: Uri,
}

impl PlainUrl {
    /// None where a whole client is needed.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let name = url.host_str()?;
        let ip: IpAddr = name.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        Some(Self {
            address: SocketAddr::new(ip, url.port_or_known_default()?),
            host: host.try_into().ok()?,
            path: path.try_into().ok()?,
        })
    }

    /// Asks for it; the status, and the first `longest` bytes of the body.
    ///
    /// # Errors
    /// Where there is no answer, or none that can be understood.
    pub async fn get(self, stream: TcpStream, longest: usize) -> hyper::Result<(u16, Vec<u8>)> {
        let builder = {
            let mut builder = http1::Builder::new();
            builder.max_headers(LINES);
            builder
        };
        let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = self.path;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        headers.insert(HOST, self.host);
        let answered = pin!(async {
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            Ok((status, head(response.into_body(), longest).await?))
        });
        match select(answered, pin!(connection)).await {
            Either::Left((answer, _)) => answer,
            // the connection is over, and what it brought is still to be read
            Either::Right((_, answered)) => answered.await,
        }
    }
}

/// A body, cut to its first `longest` bytes: nothing more is read.
async fn head(mut body: Incoming, longest: usize) -> hyper::Result<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < longest
        && let Some(frame) = body.frame().await
    {
        if let Some(data) = frame?.data_ref() {
            head.extend_from_slice(&data[..data.len().min(longest - head.len())]);
        }
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::host::web::{client, endless};
    use crate::host::{capped, cause};

    const LONGEST: usize = 1 << 16;

    /// What either way makes of an address: the answer, or the reason why there is none.
    type Answered = Result<(u16, Vec<u8>), String>;

    async fn by_client(url: &str) -> Answered {
        let said = |error: reqwest::Error| cause::of(&error);
        let mut response = client().build().unwrap().get(url).send().await.map_err(said)?;
        let status = response.status().as_u16();
        Ok((status, capped::head(&mut response, LONGEST).await.map_err(said)?))
    }

    async fn plainly(url: &str) -> Answered {
        let url = PlainUrl::of(url).unwrap();
        let stream = TcpStream::connect(url.address).await.map_err(|error| cause::of(&error))?;
        url.get(stream, LONGEST).await.map_err(|error| cause::of(&error))
    }

    /// A server that takes two connections and answers each so; what they said to it.
    async fn serving(answer: Vec<u8>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a%20b?c=d#e", listener.local_addr().unwrap());
        let said = tokio::spawn(async move {
            let mut said = Vec::new();
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    stream.read_buf(&mut request).await.unwrap();
                }
                said.push(String::from_utf8(request).unwrap());
                let _ = stream.write_all(&answer).await;
            }
            said
        });
        (url, said)
    }

    #[tokio::test]
    async fn what_is_asked_and_understood_is_the_same_as_with_a_client() {
        let lines = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(count));
        let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(3 * LONGEST));
        let answers = [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "HTTP/1.0 302 Found\r\nLocation: /other\r\n\r\nuntil the end",
            // and what cannot be understood
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/9.9 200 OK\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "SSH-2.0-OpenSSH_9.9\r\n",
            "HTTP/1.1 200 OK\r\n",
            "",
            &lines(90),
            &lines(101),
            &long,
        ];
        for answer in answers {
            let (url, said) = serving(answer.into()).await;
            assert_eq!(plainly(&url).await, by_client(&url).await, "{}", &answer[..answer.len().min(200)]);
            let said = said.await.unwrap();
            assert_eq!(said[0], said[1]);
        }
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused_after_a_bounded_number_of_bytes() {
        for again in ["x", "x: y\r\n"] {
            let (url, said) = endless::server(again).await;
            assert!(plainly(&url).await.is_err());
            assert!(said.await.unwrap() < endless::MOST);
        }
    }

    #[test]
    fn only_what_needs_no_more_is_plain() {
        for url in ["http://127.0.0.1/", "http://127.0.0.1:80/x", "http://[::1]:8080", "http://127.1/?q"] {
            assert!(PlainUrl::of(url).is_some(), "{url}");
        }
        let address = |url| PlainUrl::of(url).unwrap().address.to_string();
        assert_eq!(address("http://127.0.0.1"), "127.0.0.1:80");
        assert_eq!(address("http://[::1]:8080/"), "[::1]:8080");
        for url in ["https://127.0.0.1/", "http://localhost/", "http://u@127.0.0.1/", "http://:p@127.0.0.1/", "x", ""] {
            assert!(PlainUrl::of(url).is_none(), "{url}");
        }
    }
}
