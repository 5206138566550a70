//! What every measurement shares: a folder, a victim under a name that nobody else has, and the line on which the
//! remediation says when it began.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags, mkfifoat};
use rustix::process::Signal;
use rustix::time::{ClockId, clock_gettime};
use salve::foreign::MayHang;
use salve::host::program::resolve;
use tempfile::TempDir;

use crate::Outcome;
use crate::daemon::folder;

/// A victim that has not become itself after this never will.
const BIRTH: Duration = Duration::from_secs(10);

/// Before each kill nothing happens for so long: all who wait are asleep, as on a healthy host.
pub const CALM: Duration = Duration::from_millis(50);

/// The folder and the programs in it.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    /// The victim's name, in full its `comm`.
    pub victim: String,
    line: File,
}

/// A running victim; its end is the end of this.
#[derive(Debug)]
pub struct Victim(Child);

impl Stage {
    pub fn set() -> Outcome<Self> {
        let folder = folder("reaction-")?;
        let victim = format!("slv-vic-{}", std::process::id());
        let own = std::env::current_exe()?;
        for name in [victim.as_str(), "stamp"] {
            let copy = folder.path().join(name);
            fs::copy(&own, &copy)?;
            fs::set_permissions(&copy, Permissions::from_mode(0o700))?;
        }
        may_run(&folder.path().join("stamp"))?;
        let line = folder.path().join("line");
        mkfifoat(CWD, &line, Mode::RUSR | Mode::WUSR)?;
        // for writing too: then it never ends, and a remediation that opens it never waits
        let nonblock = OFlags::NONBLOCK.bits().cast_signed();
        let line = OpenOptions::new().read(true).write(true).custom_flags(nonblock).open(line)?;
        Ok(Self { folder, victim, line })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The remediation's command: program and arguments.
    pub fn stamp(&self) -> [String; 3] {
        let text = |name| self.path(name).to_string_lossy().into_owned();
        [text("stamp"), "stamp".into(), text("line")]
    }

    /// Starts a victim, and waits until it runs under its own name.
    pub fn victim(&self) -> Outcome<Victim> {
        let null = || Stdio::null();
        let child = Command::new(self.path(&self.victim)).arg("victim").stdin(null()).stdout(null()).spawn()?;
        let victim = Victim(child);
        let comm = format!("/proc/{}/comm", victim.pid());
        let began = Instant::now();
        while fs::read_to_string(&comm)?.trim_end() != self.victim {
            if began.elapsed() > BIRTH {
                return Err("the victim did not start".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(victim)
    }

    /// The next remediation's moment on the monotonic clock; none where none begins within `patience`.
    pub fn next_stamp(&self, patience: Duration) -> Outcome<Option<Duration>> {
        let patience = Timespec::try_from(patience)?;
        if poll(&mut [PollFd::new(&self.line, PollFlags::IN)], Some(&patience))? == 0 {
            return Ok(None);
        }
        let mut moment = [0; 8];
        (&self.line).read_exact(&mut moment)?;
        Ok(Some(Duration::from_nanos(u64::from_ne_bytes(moment))))
    }

    /// Forgets the remediations that nobody asked for.
    pub fn forget_stamps(&self) -> Outcome<()> {
        while self.next_stamp(Duration::ZERO)?.is_some() {}
        Ok(())
    }
}

/// Salve runs nothing as root that somebody else could change: then no figure would come out, and nobody would know why.
fn may_run(program: &Path) -> Outcome<()> {
    let may_hang = MayHang::because("nothing is measured yet");
    let Err(why) = resolve(&program.to_string_lossy(), &may_hang) else { return Ok(()) };
    Err(format!(
        "salve would not run the remediation: {why}. Measure as an ordinary user, or build where only root can write, \
         as with CARGO_TARGET_DIR=/var/lib/salve-bench"
    )
    .into())
}

impl Victim {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Kills it and takes its body away at once; the moment before.
    pub fn kill(mut self) -> Outcome<Duration> {
        let moment = now();
        self.0.kill()?;
        self.0.wait()?;
        Ok(moment)
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The monotonic clock, which all processes share.
pub fn now() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// Plays the remediation: reads the clock first, then says what it read.
pub fn stamp(line: impl AsRef<Path>) -> Outcome<()> {
    let moment = u64::try_from(now().as_nanos())?;
    OpenOptions::new().write(true).open(line)?.write_all(&moment.to_ne_bytes())?;
    Ok(())
}

/// Plays the victim: lives until it is killed, or the bench is.
pub fn live() -> Outcome<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    loop {
        thread::park();
    }
}
