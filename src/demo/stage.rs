//! Starts, restarts and ends the children, on one thread that lives as long as the demo: a child is ended by the kernel
//! when the thread that began it ends.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::actor::{BROKEN, COMPLAINTS, DemoPart, FILL, LEAK};
use super::cue::SOCKET;
use super::fault::DemoFault;
use super::program;

/// How often children are looked after.
const PULSE: Duration = Duration::from_millis(100);
/// How a shop that flaps comes and goes, and for how long.
const FLAP: Duration = Duration::from_millis(1600);
const FLAPS: u32 = 26;

/// The playbooks, by name; what stands between at-signs is filled in.
const PLAYBOOKS: [(&str, &str); 4] = [
    ("shop", include_str!("playbooks/shop.toml")),
    ("ledger", include_str!("playbooks/ledger.toml")),
    ("scratch", include_str!("playbooks/scratch.toml")),
    ("jobs", include_str!("playbooks/jobs.toml")),
];

/// The play cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// This program cannot be found, or not be copied to where root may run it, so no child can be started.
    #[error("this program cannot be prepared for the demo: {0}")]
    Program(io::Error),
    /// In the demo's folder, or on loopback.
    #[error("the demo cannot be set up: {0}")]
    Setup(#[from] io::Error),
}

enum StageCommand {
    Restart(DemoPart, Sender<String>),
    Fault(DemoFault),
    End,
}

/// The thread and its children; dropping it ends them.
#[derive(Debug)]
pub struct DemoStage {
    orders: Sender<StageCommand>,
    thread: Option<JoinHandle<()>>,
}

impl DemoStage {
    /// Starts every child and writes the playbooks.
    ///
    /// # Errors
    /// See [`StageError`].
    pub fn set(folder: &Path) -> Result<Self, StageError> {
        let program = program::of_demo(folder).map_err(StageError::Program)?;
        // free now, and taken within the second
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let listener = UnixListener::bind(folder.join(SOCKET))?;
        fs::write(folder.join(COMPLAINTS), "")?;
        write_playbooks(folder, &program, port)?;
        let (orders, inbox) = mpsc::channel();
        let cues = orders.clone();
        thread::Builder::new().name("demo-cues".into()).spawn(move || listen(&listener, &cues))?;
        let mut play = Play { folder: folder.into(), program, port, children: BTreeMap::new(), flapping: None };
        let (begun, begins) = mpsc::channel();
        let thread = thread::Builder::new().name("demo-stage".into()).spawn(move || {
            let started = DemoPart::all().try_for_each(|part| play.start(part));
            let fine = started.is_ok();
            let _ = begun.send(started);
            if fine {
                play.run(&inbox);
            }
        })?;
        let stage = Self { orders, thread: Some(thread) };
        begins.recv().unwrap_or_else(|_| Err(io::Error::other("the demo ended")))?;
        Ok(stage)
    }

    /// Breaks something, or mends it.
    pub fn make(&self, fault: DemoFault) {
        let _ = self.orders.send(StageCommand::Fault(fault));
    }
}

impl Drop for DemoStage {
    fn drop(&mut self) {
        let _ = self.orders.send(StageCommand::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The name of a child's process, no other demo's.
fn process(part: DemoPart) -> String {
    format!("{}.{}", part.name(), std::process::id())
}

fn write_playbooks(folder: &Path, program: &Path, port: u16) -> io::Result<()> {
    let jobs = DemoPart::all().filter(|part| matches!(part, DemoPart::Job(_)));
    let jobs: Vec<String> = jobs.map(|part| format!("{{ process = \"{}\" }}", process(part))).collect();
    let quoted = |path: &Path| path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    for (name, text) in PLAYBOOKS {
        let text = text
            .replace("@FOLDER@", &quoted(folder))
            .replace("@SALVE@", &quoted(program))
            .replace("@PORT@", &port.to_string())
            .replace("@SHOP@", &process(DemoPart::Shop))
            .replace("@LEDGER@", &process(DemoPart::Ledger))
            .replace("@SCRIBE@", &process(DemoPart::Scribe))
            .replace("@JOBS@", &jobs.join(", "));
        fs::write(folder.join("playbooks").join(format!("{name}.toml")), text)?;
    }
    Ok(())
}

/// Takes in what remediations say, one after the other.
fn listen(listener: &UnixListener, orders: &Sender<StageCommand>) {
    for stream in listener.incoming().flatten() {
        if answer(&stream, orders).is_none() {
            return;
        }
    }
}

/// None where the stage has ended.
fn answer(mut stream: &UnixStream, orders: &Sender<StageCommand>) -> Option<()> {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    let said = match DemoPart::named(line.trim_end()) {
        Some(part) => {
            let (told, tells) = mpsc::channel();
            orders.send(StageCommand::Restart(part, told)).ok()?;
            tells.recv().ok()?
        }
        None => "unknown part".into(),
    };
    let _ = writeln!(stream, "{said}");
    Some(())
}

/// What the thread holds.
struct Play {
    folder: PathBuf,
    program: PathBuf,
    port: u16,
    children: BTreeMap<DemoPart, Child>,
    /// How often the shop goes down or comes up yet, and when next.
    flapping: Option<(u32, Instant)>,
}

impl Play {
    fn run(&mut self, inbox: &Receiver<StageCommand>) {
        loop {
            match inbox.recv_timeout(PULSE) {
                Ok(StageCommand::Restart(part, told)) => {
                    let said = self.restart(part).err().map_or_else(String::new, |error| error.to_string());
                    let _ = told.send(said);
                }
                Ok(StageCommand::Fault(fault)) => self.make(fault),
                Ok(StageCommand::End) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.flap();
            // the dead are counted, so that none is seen as a zombie
            for child in self.children.values_mut() {
                let _ = child.try_wait();
            }
        }
    }

    fn start(&mut self, part: DemoPart) -> io::Result<()> {
        let demo = std::process::id().to_string();
        let child = Command::new(&self.program)
            .arg0(process(part))
            .args(["demo-actor", &part.name(), &demo, &self.port.to_string()])
            .arg(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        fs::write(self.folder.join(format!("{}.pid", part.name())), child.id().to_string())?;
        self.children.insert(part, child);
        Ok(())
    }

    fn restart(&mut self, part: DemoPart) -> io::Result<()> {
        self.end(part);
        match part {
            // a new life has no leak
            DemoPart::Ledger => drop(fs::remove_file(self.folder.join(LEAK))),
            DemoPart::Scribe => drop(fs::remove_file(self.folder.join(FILL))),
            DemoPart::Shop | DemoPart::Job(_) => {}
        }
        self.start(part)
    }

    fn end(&mut self, part: DemoPart) {
        if let Some(mut child) = self.children.remove(&part) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn signal(&self, part: DemoPart, signal: Signal) {
        let pid = self.children.get(&part).and_then(|child| i32::try_from(child.id()).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }

    fn make(&mut self, fault: DemoFault) {
        let mark = |name: &str| drop(fs::write(self.folder.join(name), ""));
        match fault {
            DemoFault::KillJobs => [3, 7].into_iter().for_each(|nth| self.signal(DemoPart::Job(nth), Signal::KILL)),
            DemoFault::Kill => self.signal(DemoPart::Shop, Signal::KILL),
            DemoFault::Hang => self.signal(DemoPart::Shop, Signal::STOP),
            DemoFault::FillDisk => mark(FILL),
            DemoFault::Leak => mark(LEAK),
            DemoFault::BreakForGood => {
                mark(BROKEN);
                self.signal(DemoPart::Shop, Signal::KILL);
            }
            DemoFault::Repair => drop(fs::remove_file(self.folder.join(BROKEN))),
            DemoFault::Flap => self.flapping = Some((FLAPS, Instant::now())),
            DemoFault::Storm => (2..=super::actor::JOBS).for_each(|nth| self.signal(DemoPart::Job(nth), Signal::KILL)),
            DemoFault::Mend => self.mend(),
        }
    }

    /// The other way round, and everything that is down comes up.
    fn mend(&mut self) {
        for name in [BROKEN, LEAK, FILL] {
            let _ = fs::remove_file(self.folder.join(name));
        }
        self.flapping = None;
        self.signal(DemoPart::Shop, Signal::CONT);
        let down: Vec<DemoPart> = DemoPart::all()
            .filter(|part| self.children.get_mut(part).is_none_or(|child| !matches!(child.try_wait(), Ok(None))))
            .collect();
        for part in down {
            let _ = self.start(part);
        }
    }

    fn flap(&mut self) {
        let Some((left, at)) = self.flapping.filter(|(_, at)| *at <= Instant::now()) else { return };
        if left.is_multiple_of(2) {
            self.end(DemoPart::Shop);
        } else {
            drop(self.restart(DemoPart::Shop));
        }
        self.flapping = (left > 1).then(|| (left - 1, at + FLAP));
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        for part in DemoPart::all() {
            self.end(part);
        }
    }
}
