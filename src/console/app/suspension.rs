//! Stopping the console with Ctrl-Z, and going on.

use rustix::process::{Signal, getpid, kill_process};

use super::App;
use crate::console::options::Ended;
use crate::console::terminal;

impl App {
    /// Stops this process with the terminal given back. The stop may take effect a little later, on another thread,
    /// so nothing is drawn until the signal comes that ends it.
    pub(super) fn sleep(&mut self) {
        self.keyboard.leave();
        terminal::give_back();
        self.asleep = true;
        let _ = kill_process(getpid(), Signal::STOP);
    }

    pub(super) fn wake_up(&mut self) {
        self.asleep = false;
        if self.terminal.retake().is_err() {
            self.ended = Some(Ended::TerminalLost);
        }
        self.keyboard.back();
        self.resize();
    }
}
