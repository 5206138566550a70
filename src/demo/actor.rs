//! What the children do. Each is this program under another verb; each ends with the demo.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

use super::scratch::Scratch;

/// The file that lets a shop end as soon as it begins.
pub const BROKEN: &str = "shop.broken";
/// The file that lets the ledger take more and more memory.
pub const LEAK: &str = "ledger.leak";
/// The file that lets the scribe write until nothing fits any more.
pub const FILL: &str = "scribe.fill";
/// Where the scribe says what it could not write.
pub const COMPLAINTS: &str = "scribe.log";

/// The most that the ledger takes, in steps of [`STEP`] bytes.
const STEPS: usize = 40;
const STEP: usize = 4 << 20;
/// One file of what the scribe writes, in bytes.
const PAGE: usize = 512 * 1024;

/// One of the demo's child processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DemoPart {
    /// A small web service.
    Shop,
    /// A worker that keeps things in memory.
    Ledger,
    /// A writer of logs.
    Scribe,
    /// One of many small ones.
    Job(u8),
}

/// How many jobs there are.
pub const JOBS: u8 = 10;

impl DemoPart {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Shop, Self::Ledger, Self::Scribe].into_iter().chain((1..=JOBS).map(Self::Job))
    }

    /// Its name, on the command line and on the screen.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Shop => "shop".into(),
            Self::Ledger => "ledger".into(),
            Self::Scribe => "scribe".into(),
            Self::Job(nth) => format!("job{nth}"),
        }
    }

    /// The part of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|part| part.name() == name)
    }
}

/// What a child process of the demo needs to know when it starts.
#[derive(Debug, Clone)]
pub struct ActorRole {
    /// The child process to play.
    pub part: DemoPart,
    /// The demo's folder.
    pub folder: PathBuf,
    /// The process id of the demo; the child ends when it ends.
    pub demo: i32,
    /// The shop's port.
    pub port: u16,
}

/// Plays it until the end.
#[must_use]
pub fn play(role: &ActorRole) -> ExitCode {
    let bound = set_parent_process_death_signal(Some(Signal::KILL));
    // it may have ended before it was asked for
    if bound.is_err() || getppid().map(Pid::as_raw_nonzero).map(i32::from) != Some(role.demo) {
        return ExitCode::FAILURE;
    }
    match role.part {
        DemoPart::Shop => shop(role),
        DemoPart::Ledger => ledger(&role.folder),
        DemoPart::Scribe => scribe(&role.folder),
        DemoPart::Job(_) => loop {
            sleep(Duration::from_hours(1));
        },
    }
}

fn shop(role: &ActorRole) -> ExitCode {
    if role.folder.join(BROKEN).exists() {
        return ExitCode::FAILURE;
    }
    let Ok(listener) = TcpListener::bind(("127.0.0.1", role.port)) else { return ExitCode::FAILURE };
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nopen\n");
    }
    ExitCode::SUCCESS
}

fn ledger(folder: &Path) -> ExitCode {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        match folder.join(LEAK).exists() {
            true if kept.len() < STEPS => kept.push(vec![1; STEP]),
            true => {}
            // mended from outside
            false => kept.clear(),
        }
        sleep(Duration::from_millis(150));
    }
}

fn scribe(folder: &Path) -> ExitCode {
    let scratch = Scratch::make(folder);
    let (place, burst) = (folder.join("scratch"), folder.join(FILL));
    let line = vec![b'.'; PAGE];
    let mut nth = 0_u32;
    loop {
        let filling = burst.exists();
        let file = if filling { place.join(format!("burst.{nth}")) } else { place.join("app.log") };
        let bytes = if filling { &line[..] } else { &b"all is well\n"[..] };
        if let Err(error) = scratch.append(&file, bytes) {
            let complaint = format!("{} cannot be written: {error}\n", file.display());
            let _ = fs::File::options()
                .create(true)
                .append(true)
                .open(folder.join(COMPLAINTS))
                .and_then(|mut log| log.write_all(complaint.as_bytes()));
            // what filled it has done its work
            let _ = fs::remove_file(&burst);
        }
        nth = nth.wrapping_add(1);
        sleep(Duration::from_millis(if filling { 60 } else { 500 }));
    }
}
