//! What the session writes to the terminal: sentences, and the marks that tell a paste from typing.
#![allow(clippy::disallowed_methods, reason = "the console's own way to its terminal")]

use std::io::{self, Write};

use jiff::Timestamp;

use super::changes::at_time;
use super::session::Session;
use crate::console::options::Ended;
use crate::text::{clean, clean_line};

/// Does the terminal mark pastes?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// It cannot, and shows every byte as it is.
    Never,
    /// It can, and does not at the moment: no line could approve anything.
    Off,
    /// While a request is looked at.
    On,
}

impl Session {
    /// Pastes are marked while a line can approve something, and no longer.
    pub(super) fn mark(&mut self) {
        let (bytes, marks) = match (self.marks, self.desk.decides()) {
            (Marks::Off, true) => ("\x1b[?2004h", Marks::On),
            (Marks::On, false) => ("\x1b[?2004l", Marks::Off),
            _ => return,
        };
        self.marks = marks;
        self.write(bytes);
    }

    /// One line with the time of day, whatever the names in it hold.
    pub(super) fn tell(&mut self, words: &str) {
        let line = at_time(Timestamp::now(), &self.zone, &clean_line(words));
        self.say(&line);
    }

    /// Text with its own line ends; nothing in it steers the terminal.
    pub(super) fn say(&mut self, words: &str) {
        self.write(&format!("{}\n", clean(words)));
    }

    /// Text as it is; where it cannot be written, the terminal is gone and the session ends.
    pub(super) fn write(&mut self, text: &str) {
        let mut out = io::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            self.ended = Some(Ended::TerminalLost);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.marks == Marks::On {
            self.write("\x1b[?2004l");
        }
    }
}
