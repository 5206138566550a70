//! Standard output and error for verbs. Whoever reads them may go at any time (`salve status | head -1`): what is
//! said then goes nowhere, and the verb still ends with its own exit code. The standard macros would panic.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, Timespec};

/// Why standard output takes no more.
static ENDED: OnceLock<io::Error> = OnceLock::new();

/// Standard output takes no more. Who writes without end stops then.
pub fn ended() -> bool {
    ENDED.get().is_some()
}

/// Nobody reads standard output any more, or it takes no more: told without writing.
pub fn unread() -> bool {
    let out = io::stdout();
    let mut poll = [PollFd::new(&out, PollFlags::empty())];
    let told = rustix::event::poll(&mut poll, Some(&Timespec::default())).is_ok();
    ended() || told && poll[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Why what was said is lost, where its reader did not just go: a full disk, say.
pub fn lost() -> Option<&'static io::Error> {
    ENDED.get().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
}

/// To standard output.
pub fn out(text: Arguments<'_>) {
    let mut to = io::stdout().lock();
    if ended() {
        return;
    }
    if let Err(error) = to.write_fmt(text).and_then(|()| to.flush()) {
        let _ = ENDED.set(error);
    }
}

/// To standard error, at once; there is nobody to tell where that fails.
pub fn error(text: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(text);
}

macro_rules! print {
    ($($text:tt)*) => { $crate::cli::stream::out(format_args!($($text)*)) };
}

macro_rules! println {
    () => { $crate::cli::stream::out(format_args!("\n")) };
    ($($text:tt)*) => { $crate::cli::stream::out(format_args!("{}\n", format_args!($($text)*))) };
}

macro_rules! eprintln {
    () => { $crate::cli::stream::error(format_args!("\n")) };
    ($($text:tt)*) => { $crate::cli::stream::error(format_args!("{}\n", format_args!($($text)*))) };
}
