//! Standard output and error for verbs, the only way to both. What is said holds names, reasons and answers of others:
//! here it loses everything that steers a terminal or turns text around, and a line stays one line, so that no name
//! can forge one. `println!` and `eprintln!` say one line each; text of several lines is built as a
//! [`crate::text::Page`], or is a document of the program's own.
//!
//! Whoever reads them may go at any time (`salve status | head -1`): what is said then goes nowhere, and the verb still
//! ends with its own exit code. The standard macros would panic.
#![allow(clippy::disallowed_methods, reason = "the one writer of standard output and error")]

use std::fmt::Arguments;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::text::{clean, clean_line, json as escaped};

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

/// Text with its own line ends, to standard output; nothing in it steers a terminal.
pub fn text(text: &str) {
    write(&clean(text));
}

/// One line to standard output, whatever the names and reasons in it hold.
pub fn line(line: Arguments<'_>) {
    write(&format!("{}\n", clean_line(&line.to_string())));
}

/// The beginning of a line that somebody else ends.
pub fn prompt(question: &str) {
    write(&clean_line(question));
}

/// A JSON document or one line of JSON: what could steer a terminal is written as its escape.
pub fn json(text: &str) {
    write(&format!("{}\n", escaped(text)));
}

/// The same text as before in its place, painted over: no flicker.
pub fn repaint(text: &str) {
    let lines = clean(text).replace('\n', "\x1b[K\r\n");
    write(&format!("\x1b[H{lines}\x1b[J"));
}

fn write(text: &str) {
    let mut to = io::stdout().lock();
    if ended() {
        return;
    }
    if let Err(error) = to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        let _ = ENDED.set(error);
    }
}

/// A way for lines of JSON that are written elsewhere.
pub fn json_lines() -> impl Write {
    JsonLines { to: BufWriter::new(io::stdout().lock()), line: Vec::new() }
}

/// Holds a line until its end, and writes it as [`json`] does.
struct JsonLines<W> {
    to: W,
    line: Vec<u8>,
}

impl<W: Write> Write for JsonLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.ends_with(b"\n") {
                self.to.write_all(escaped(&String::from_utf8_lossy(&self.line)).as_bytes())?;
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Is standard output a terminal?
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Is standard error a terminal?
pub fn error_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// One line to standard error, at once; there is nobody to tell where that fails.
pub fn error_line(line: Arguments<'_>) {
    write_error(&format!("{}\n", clean_line(&line.to_string())));
}

/// What is being done, in its place over what was done before; the next line replaces it.
pub fn progress(what: &str) {
    let words: String = clean_line(what).chars().take(78).collect();
    write_error(&format!("\r\x1b[K{words}"));
}

/// Text with its own line ends to standard error, drawn in colour where that is read on a terminal. Its escapes are
/// the drawing's own, or there are none: what holds any besides is drawn without colour.
pub fn drawn_error(draw: impl Fn(bool) -> String) {
    write_error(&drawn(draw, error_is_terminal()));
}

/// The same to standard output: the help that was asked for.
pub fn help(draw: impl Fn(bool) -> String) {
    write(&drawn(draw, is_terminal()));
}

fn drawn(draw: impl Fn(bool) -> String, to_terminal: bool) -> String {
    let plain = draw(false);
    let in_colour = to_terminal && clean(&plain) == plain && std::env::var_os("NO_COLOR").is_none();
    format!("{}\n", if in_colour { draw(true) } else { clean(&plain).into_owned() })
}

fn write_error(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

macro_rules! println {
    () => { $crate::cli::output::stream::text("\n") };
    ($($text:tt)*) => { $crate::cli::output::stream::line(format_args!($($text)*)) };
}

macro_rules! eprintln {
    ($($text:tt)*) => { $crate::cli::output::stream::error_line(format_args!($($text)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_json_are_escaped_wherever_they_are_cut() {
        let line = format!("{}\n", serde_json::json!({"name": "\u{202e}\u{9b}é"}));
        let mut whole = JsonLines { to: Vec::new(), line: Vec::new() };
        for byte in line.as_bytes() {
            whole.write_all(&[*byte]).unwrap();
        }
        let text = String::from_utf8(whole.to).unwrap();
        assert_eq!(text, "{\"name\":\"\\u202e\\u009bé\"}\n");
    }
}
