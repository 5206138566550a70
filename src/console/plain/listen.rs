//! Lines from the terminal, read on a thread of their own.

use std::io::{self, BufRead, BufReader, Read};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::mpsc;

/// No line that makes sense is longer, in bytes.
const LONGEST: u64 = 4096;

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlainInput {
    /// A line, without its end.
    Line(String),
    /// The end of input, as Ctrl-D gives it; there may be more.
    End,
    /// The terminal is gone.
    Gone,
}

/// Begins to read standard input.
pub fn listen(heard: mpsc::UnboundedSender<PlainInput>) -> io::Result<()> {
    thread::Builder::new().name("salve-lines".into()).spawn(move || {
        let stdin = io::stdin();
        let mut lines = BufReader::new(io::stdin());
        loop {
            let mut bytes = Vec::new();
            let next = match lines.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
                Ok(0) if is_gone(&stdin) => PlainInput::Gone,
                Ok(0) => PlainInput::End,
                Ok(_) => PlainInput::Line(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => PlainInput::Gone,
            };
            let ends = next == PlainInput::Gone;
            if heard.send(next).is_err() || ends {
                return;
            }
        }
    })?;
    Ok(())
}

/// Did the input end because nobody is at the other end any more?
fn is_gone(stdin: &io::Stdin) -> bool {
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut fds = [PollFd::new(stdin, PollFlags::IN)];
    poll(&mut fds, Some(&now)).is_err() || fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
}
