//! What is probed, and how often it was: a listener for each address, or a pipe from which each program reads one byte.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rustix::fs::{CWD, Mode, OFlags, mkfifoat};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use super::Kind;
use crate::Outcome;

/// Programs that the pipe lasts for, as long as no user may have a larger one: the kernel's own limit for others than root.
const BYTES: usize = 1 << 20;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

/// What is probed.
#[derive(Debug)]
pub struct Served {
    names: Vec<String>,
    counter: Counter,
}

#[derive(Debug)]
enum Counter {
    /// Connections that were taken, or requests that were answered.
    Answered(Arc<AtomicU64>),
    /// Every program reads one byte, so what is missing from the pipe was read by as many.
    Taken { pipe: File, filled: AtomicU64 },
}

impl Served {
    pub fn start(kind: Kind, count: usize, folder: &Path) -> Outcome<Self> {
        match kind {
            Kind::Tcp | Kind::Http => listeners(kind, count),
            Kind::Command => pipe(count, folder),
        }
    }

    /// Addresses, or the names of the pipe.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many probes there were so far.
    pub fn count(&self) -> Outcome<u64> {
        match &self.counter {
            Counter::Answered(count) => Ok(count.load(Ordering::Relaxed)),
            Counter::Taken { pipe, filled } => Ok(filled.load(Ordering::Relaxed) - rustix::io::ioctl_fionread(pipe)?),
        }
    }

    /// Lets it last for the next who probes.
    pub fn refill(&self) -> Outcome<()> {
        let Counter::Taken { pipe, filled } = &self.counter else { return Ok(()) };
        loop {
            match (&*pipe).write(&[b'x'; 4096]) {
                Ok(written) => filled.fetch_add(written as u64, Ordering::Relaxed),
                Err(full) if full.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
        }
    }
}

/// In a thread of the bench's own, whose time nobody counts.
fn listeners(kind: Kind, count: usize) -> Outcome<Served> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listeners = runtime.block_on(async {
        let mut listeners = Vec::with_capacity(count);
        for _ in 0..count {
            listeners.push(TcpListener::bind("127.0.0.1:0").await?);
        }
        Ok::<_, std::io::Error>(listeners)
    })?;
    let answered = Arc::new(AtomicU64::new(0));
    let mut names = Vec::with_capacity(count);
    for listener in listeners {
        let (address, answered) = (listener.local_addr()?, Arc::clone(&answered));
        names.push(if kind == Kind::Http { format!("http://{address}/") } else { address.to_string() });
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if kind == Kind::Http {
                    tokio::spawn(answer(stream, Arc::clone(&answered)));
                } else {
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    thread::Builder::new().name("servers".into()).spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(Served { names, counter: Counter::Answered(answered) })
}

async fn answer(mut stream: TcpStream, answered: Arc<AtomicU64>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut request).await, Ok(1..)) {
            return;
        }
    }
    if stream.write_all(ANSWER).await.is_ok() {
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// One pipe under many names, so that each check has a file of its own.
fn pipe(count: usize, folder: &Path) -> Outcome<Served> {
    let first = folder.join("pipe-0");
    mkfifoat(CWD, &first, Mode::RUSR | Mode::WUSR)?;
    // for reading too: then it never ends, and a program that opens it never waits
    let nonblock = OFlags::NONBLOCK.bits().cast_signed();
    let pipe = OpenOptions::new().read(true).write(true).custom_flags(nonblock).open(&first)?;
    rustix::pipe::fcntl_setpipe_size(&pipe, BYTES)?;
    let names: Vec<_> = (0..count).map(|number| folder.join(format!("pipe-{number}"))).collect();
    for name in &names[1..] {
        fs::hard_link(&first, name)?;
    }
    let names = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    Ok(Served { names, counter: Counter::Taken { pipe, filled: AtomicU64::new(0) } })
}
