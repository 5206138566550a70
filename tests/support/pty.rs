//! A program in a terminal of its own: a pseudo-terminal whose other end is read into a picture of the screen.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program in a terminal.
pub struct Pty {
    /// None once it was hung up.
    ours: Option<File>,
    /// Kept open, so that the terminal's modes can be read after the program ended.
    theirs: Option<OwnedFd>,
    child: Child,
    seen: Arc<Mutex<Seen>>,
    hung_up: Arc<AtomicBool>,
    /// Nothing is read while this is set, so that the terminal's buffer fills.
    deaf: Arc<AtomicBool>,
    patience: Duration,
}

/// What the program wrote.
struct Seen {
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

impl Pty {
    /// Starts a program in a terminal of this size. Run it under `setsid --ctty`, so that the terminal is its own.
    pub fn start(program: &mut Command, rows: u16, columns: u16) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let open = || File::options().read(true).write(true).open(&name).unwrap();
        let theirs = open();
        tcsetwinsize(&theirs, size).unwrap();
        let child =
            program.stdin(Stdio::from(open())).stdout(Stdio::from(open())).stderr(Stdio::from(open())).spawn().unwrap();
        // the command holds our copies of the terminal; only ours and the child's may be left
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let ours = File::from(ours);
        let seen = Arc::new(Mutex::new(Seen { bytes: Vec::new(), screen: vt100::Parser::new(rows, columns, 0) }));
        let hung_up = Arc::new(AtomicBool::new(false));
        let deaf = Arc::new(AtomicBool::new(false));
        let (reads, into) = (ours.try_clone().unwrap(), Arc::clone(&seen));
        let (over, unheard) = (Arc::clone(&hung_up), Arc::clone(&deaf));
        thread::spawn(move || listen(reads, &into, &over, &unheard));
        Self { ours: Some(ours), theirs: Some(theirs.into()), child, seen, hung_up, deaf, patience: PATIENCE }
    }

    /// The same for a program that takes its time.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Types.
    pub fn send(&mut self, bytes: &[u8]) {
        self.ours.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Stops to read what the program writes, or begins again.
    pub fn be_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::SeqCst);
    }

    /// The terminal's modes, for comparison.
    pub fn modes(&self) -> String {
        let modes = tcgetattr(self.theirs.as_ref().unwrap().as_fd()).unwrap();
        format!(
            "{:?} {:?} {:?} {:?} {:?}",
            modes.input_modes, modes.output_modes, modes.control_modes, modes.local_modes, modes.special_codes
        )
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        self.seen.lock().unwrap().screen.screen_mut().set_size(rows, columns);
        tcsetwinsize(self.ours.as_ref().unwrap(), size).unwrap();
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.seen.lock().unwrap().screen.screen().contents()
    }

    /// The screen, with its attributes.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.seen.lock().unwrap().screen.screen())
    }

    /// All that was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    /// Waits until the screen shows this.
    pub fn wait_for(&self, words: &str) {
        self.wait_until(&format!("`{words}` on the screen"), |pty| pty.screen().contains(words));
    }

    /// Waits until this holds.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < self.patience, "no {what}; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Is the terminal in the modes in which a shell finds it usable?
    pub fn is_cooked(&self) -> bool {
        let modes = tcgetattr(self.theirs.as_ref().unwrap().as_fd()).unwrap();
        modes.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until the program is stopped.
    pub fn wait_stopped(&self) {
        let began = Instant::now();
        loop {
            let status = waitpid(Some(self.pid()), WaitOptions::UNTRACED | WaitOptions::NOHANG).unwrap();
            if status.is_some_and(|(_, status)| status.stopped()) {
                return;
            }
            assert!(began.elapsed() < self.patience, "it does not stop; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Takes the terminal away, as a lost connection does.
    pub fn hang_up(&mut self) {
        self.theirs = None;
        self.ours = None;
        // the reading thread closes the last of our ends
        self.hung_up.store(true, Ordering::SeqCst);
    }

    /// Processor time that the program has used, in clock ticks of 10 ms.
    pub fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
        let field = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        field(11) + field(12)
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < self.patience, "it does not end; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads until the program's end is closed, or ours is to be.
fn listen(mut reads: File, into: &Mutex<Seen>, hung_up: &AtomicBool, deaf: &AtomicBool) {
    let mut buffer = [0; 8192];
    let tick = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    while !hung_up.load(Ordering::SeqCst) {
        if deaf.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        if poll(&mut [PollFd::new(&reads, PollFlags::IN)], Some(&tick)) == Ok(0) {
            continue;
        }
        match reads.read(&mut buffer) {
            Ok(count) if count > 0 => {
                let mut seen = into.lock().unwrap();
                seen.bytes.extend_from_slice(&buffer[..count]);
                seen.screen.process(&buffer[..count]);
            }
            // EIO: nobody has the other end open now
            _ => return,
        }
    }
}

/// The exit code, or the signal as a shell gives it.
pub fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}
