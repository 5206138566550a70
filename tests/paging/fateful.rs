//! A service that failures befall: how single requests end is laid down beforehand, and every one after them is answered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What befalls one request.
pub enum Fate {
    /// Not taken, and answered so.
    Status(&'static str),
    /// Nothing is read and nothing answered.
    Closed,
    /// No answer comes.
    Silent,
    /// Taken, and the answer breaks off.
    Half,
}

/// The service by its published rules.
pub trait Service: Default + Send + 'static {
    /// The only path that is asked for.
    const PATH: &'static str;
    /// The status and text for what is taken.
    const TAKEN: (&'static str, &'static str);
    /// The text for what breaks its rules.
    const REFUSED: &'static str;

    /// Takes one request's body, unless that breaks the rules.
    fn take(&mut self, body: &[u8]) -> bool;
}

/// A service and what is still to befall it.
pub struct Fateful<S> {
    pub fates: VecDeque<Fate>,
    pub service: S,
}

/// The same, while it serves.
pub struct Serving<S>(Arc<Mutex<Fateful<S>>>);

impl<S: Service> Serving<S> {
    /// Begins to serve on a port of its own; its address comes along.
    pub async fn new(fates: impl IntoIterator<Item = Fate>) -> (String, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Fateful { fates: fates.into_iter().collect(), service: S::default() }));
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&serving)));
            }
        });
        (url, Self(shared))
    }

    pub fn lock(&self) -> MutexGuard<'_, Fateful<S>> {
        self.0.lock().unwrap()
    }
}

async fn answer<S: Service>(mut stream: TcpStream, fateful: Arc<Mutex<Fateful<S>>>) {
    let fate = fateful.lock().unwrap().fates.pop_front();
    if matches!(fate, Some(Fate::Closed)) {
        return;
    }
    let mut read = Vec::new();
    let (head, body) = loop {
        let mut block = vec![0; 64 << 10];
        let Ok(count @ 1..) = stream.read(&mut block).await else { return };
        read.extend_from_slice(&block[..count]);
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length: usize = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        if read.len() >= end + 4 + length {
            break (head, read.split_off(end + 4));
        }
    };
    assert!(head.starts_with(&format!("post {} http/1.1", S::PATH)), "{head}");
    let take = || fateful.lock().unwrap().service.take(&body);
    let (status, text) = match fate {
        Some(Fate::Status(status)) => (status, S::REFUSED),
        Some(Fate::Silent) => return tokio::time::sleep(Duration::from_secs(30)).await,
        Some(Fate::Half) => {
            assert!(take());
            let _ = stream.write_all(b"HTTP/1.1 20").await;
            return;
        }
        _ if take() => S::TAKEN,
        _ => ("400 Bad Request", S::REFUSED),
    };
    let text = format!("HTTP/1.1 {status}\r\nRetry-After: 1\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let _ = stream.write_all(text.as_bytes()).await;
}
