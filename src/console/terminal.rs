//! The terminal: taken over, given back on every way out, and never waited for in vain. Keys are read on a thread of
//! their own that can be told to leave them to somebody else, and that ends when the terminal does.
#![allow(clippy::disallowed_methods, reason = "the console's own way to its terminal")]

pub(super) mod decode;
pub(super) mod osc;
mod presence;

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::{panic, thread};

use crossterm::terminal as raw;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::mpsc;

use super::canvas::diff_writer::encode;
use decode::{Decoder, ESCAPE_WAIT, Typed};
pub use presence::{is_dumb, is_there};

const TAKE: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[2J";
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const NO_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1000l";
const GIVE_BACK: &[u8] = b"\x1b[0m\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// The screen is ours now; the panic hook must give it back.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();
/// What panicked elsewhere while the screen was ours: told after it was given back.
static ELSEWHERE: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// The thread that draws.
static DRAWS: Mutex<Option<thread::ThreadId>> = Mutex::new(None);

/// The terminal while it is ours.
#[derive(Debug)]
pub struct Terminal {
    out: io::Stdout,
    shown: Buffer,
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Where it cannot be set to raw mode or written to.
    pub fn take() -> io::Result<Self> {
        give_back_on_panic();
        let size = raw::size()?;
        let mut terminal =
            Self { out: io::stdout(), shown: Buffer::empty(Rect::new(0, 0, size.0, size.1)), mouse: false };
        terminal.retake()?;
        Ok(terminal)
    }

    /// Takes it again after it was given back.
    ///
    /// # Errors
    /// As [`Terminal::take`].
    pub fn retake(&mut self) -> io::Result<()> {
        *DRAWS.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(thread::current().id());
        TAKEN.store(true, Ordering::SeqCst);
        // whoever had it meanwhile may have set other modes, and the library would believe that ours still hold
        let _ = raw::disable_raw_mode();
        raw::enable_raw_mode()?;
        self.write(TAKE)?;
        if self.mouse {
            self.write(MOUSE)?;
        }
        self.forget();
        Ok(())
    }

    /// Takes the mouse from the terminal, which selects text with it, or gives it back.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        self.write(if on { MOUSE } else { NO_MOUSE })
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        (self.shown.area.width, self.shown.area.height)
    }

    /// The terminal has another size now; everything is drawn anew.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn resized(&mut self) -> io::Result<(u16, u16)> {
        let (width, height) = raw::size()?;
        self.shown = Buffer::empty(Rect::new(0, 0, width, height));
        self.clear()?;
        Ok((width, height))
    }

    /// Empties the screen, so that the next drawing is a whole one.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn clear(&mut self) -> io::Result<()> {
        self.write(b"\x1b[0m\x1b[2J")?;
        self.forget();
        Ok(())
    }

    /// Shows a screen: only what differs is written, and nothing where nothing does.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn show(&mut self, next: &Buffer) -> io::Result<()> {
        if next.area != self.shown.area {
            return Ok(());
        }
        let bytes = encode(&self.shown, next);
        if bytes.is_empty() {
            return Ok(());
        }
        self.write(&bytes)?;
        self.shown.clone_from(next);
        Ok(())
    }

    /// Rings, copies: bytes that move no cursor.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = self.out.lock();
        out.write_all(bytes)?;
        out.flush()
    }

    fn forget(&mut self) {
        self.shown = Buffer::empty(self.shown.area);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
        let told = std::mem::take(&mut *ELSEWHERE.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for words in told {
            let _ = writeln!(io::stderr(), "salve: {}", crate::text::clean_line(&words));
        }
    }
}

/// The least that can be done for a terminal that takes no bytes: its modes, which are not bytes.
pub fn give_back_modes() {
    let _ = raw::disable_raw_mode();
}

/// Gives the terminal back, for a while or for good.
pub fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // a terminal that is gone can take nothing back
        let mut out = io::stdout();
        let _ = out.write_all(GIVE_BACK).and_then(|()| out.flush());
        let _ = raw::disable_raw_mode();
    }
}

/// A panic of the drawing thread gives the terminal back before it is told; one of any other thread must not scribble
/// over the screen, and is kept.
fn give_back_on_panic() {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let draws = DRAWS.lock().map_or(None, |draws| *draws) == Some(thread::current().id());
            if TAKEN.load(Ordering::SeqCst) && !draws {
                tracing::error!("{info}");
                if let Ok(mut elsewhere) = ELSEWHERE.lock() {
                    elsewhere.push(info.to_string());
                }
                return;
            }
            give_back();
            before(info);
        }));
    });
}

/// What the reading thread tells.
#[derive(Debug)]
pub enum TerminalEvent {
    /// A key or a paste.
    Typed(Typed),
    /// There is no terminal any more.
    Gone,
}

/// The reading thread, as the screen holds it.
#[derive(Debug)]
pub struct Keyboard {
    wake: OwnedFd,
    away: Arc<AtomicBool>,
    parked: std::sync::mpsc::Receiver<()>,
}

impl Keyboard {
    /// Begins to read.
    ///
    /// # Errors
    /// Where a pipe or a thread cannot be had.
    pub fn listen(heard: mpsc::UnboundedSender<TerminalEvent>) -> io::Result<Self> {
        let (woken, wake) = pipe_with(PipeFlags::CLOEXEC)?;
        let away = Arc::new(AtomicBool::new(false));
        let (parks, parked) = std::sync::mpsc::channel();
        let is_away = Arc::clone(&away);
        thread::Builder::new().name("salve-keys".into()).spawn(move || {
            let _ = listen(&heard, &woken, &is_away, &parks);
            let _ = heard.send(TerminalEvent::Gone);
        })?;
        Ok(Self { wake, away, parked })
    }

    /// Leaves the keys to somebody else until [`Keyboard::back`]; when this returns, nothing is read any more.
    pub fn leave(&self) {
        self.away.store(true, Ordering::SeqCst);
        let _ = rustix::io::write(&self.wake, b"x");
        let _ = self.parked.recv_timeout(std::time::Duration::from_secs(1));
    }

    /// Takes the keys back after [`Keyboard::leave`]: the terminal is read again from now on.
    pub fn back(&self) {
        self.away.store(false, Ordering::SeqCst);
        let _ = rustix::io::write(&self.wake, b"x");
    }
}

/// Reads until the terminal is gone, or nobody listens. Waits without end: an idle terminal costs nothing.
fn listen(
    heard: &mpsc::UnboundedSender<TerminalEvent>,
    woken: &OwnedFd,
    away: &AtomicBool,
    parks: &std::sync::mpsc::Sender<()>,
) -> Result<(), ()> {
    let stdin = io::stdin();
    let mut decoder = Decoder::default();
    let mut bytes = [0; 4096];
    loop {
        let is_away = away.load(Ordering::SeqCst);
        let keys = if is_away { PollFlags::empty() } else { PollFlags::IN };
        let mut both = [PollFd::from_borrowed_fd(woken.as_fd(), PollFlags::IN), PollFd::new(&stdin, keys)];
        let wait = decoder
            .waits()
            .then(|| Timespec { tv_sec: 0, tv_nsec: i64::try_from(ESCAPE_WAIT * 1_000_000).unwrap_or(i64::MAX) });
        match poll(&mut both, wait.as_ref()) {
            Ok(0) => {
                if let Some(escape) = decoder.settle() {
                    heard.send(TerminalEvent::Typed(escape)).map_err(drop)?;
                }
                continue;
            }
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Err(()),
        }
        let [wakes, reads] = both.map(|fd| fd.revents());
        if wakes.intersects(PollFlags::IN) {
            let _ = rustix::io::read(woken, &mut bytes[..1]);
            if away.load(Ordering::SeqCst) {
                decoder = Decoder::default();
                let _ = parks.send(());
            }
            continue;
        }
        if wakes.intersects(PollFlags::HUP | PollFlags::ERR) || reads.intersects(PollFlags::NVAL) {
            return Err(());
        }
        if reads.intersects(PollFlags::IN) {
            match rustix::io::read(&stdin, &mut bytes) {
                Ok(0) => return Err(()),
                Ok(count) => {
                    for typed in decoder.feed(&bytes[..count]) {
                        heard.send(TerminalEvent::Typed(typed)).map_err(drop)?;
                    }
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(_) => return Err(()),
            }
        } else if reads.intersects(PollFlags::HUP | PollFlags::ERR) {
            return Err(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::pty::{Pty, code};
    use super::*;

    /// Set in the child, which is this test again in a terminal of its own.
    const CHILD: &str = "SALVE_TEST_PANICS";

    #[test]
    fn a_panic_of_the_drawing_thread_gives_the_terminal_back_before_it_is_told() {
        if std::env::var_os(CHILD).is_some() {
            let _terminal = Terminal::take().unwrap();
            panic!("on purpose");
        }
        let mut program = Command::new("setsid");
        let name = "console::terminal::tests::a_panic_of_the_drawing_thread_gives_the_terminal_back_before_it_is_told";
        program
            .arg("--ctty")
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .env("RUST_BACKTRACE", "0");
        let mut pty = Pty::start(&mut program, 24, 80);
        assert_eq!(code(pty.wait()), 101);
        pty.wait_for("on purpose");
        assert!(pty.is_cooked());
        let text = String::from_utf8_lossy(&pty.bytes()).into_owned();
        let (taken, back) = (text.find("\x1b[?1049h").unwrap(), text.find("\x1b[?1049l").unwrap());
        assert!(taken < back && back < text.find("on purpose").unwrap(), "{text:?}");
        assert_eq!(text.matches("\x1b[?1049l").count(), 1, "given back once");
    }
}
