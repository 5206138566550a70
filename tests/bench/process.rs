//! A process that is measured: its CPU time, and its end.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Outcome;

/// Whoever does not end in good order within this is ended by force.
const PATIENCE: Duration = Duration::from_secs(35);

/// It ends with this value.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// With nothing to read, and nobody who reads what it prints.
    pub fn start(command: &mut Command) -> Outcome<Self> {
        Ok(Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// # Errors
    /// Where it runs no longer.
    pub fn must_live(&mut self) -> Outcome<()> {
        match self.0.try_wait()? {
            Some(status) => Err(format!("it ended: {status}").into()),
            None => Ok(()),
        }
    }

    /// The CPU time that it and the children that it waited for have taken.
    #[allow(clippy::cast_precision_loss, reason = "ticks of less than a century")]
    pub fn cpu(&self) -> Outcome<Duration> {
        let stat = procfs::process::Process::new(self.pid().try_into()?)?.stat()?;
        let children = (stat.cutime + stat.cstime).cast_unsigned();
        let ticks = stat.utime + stat.stime + children;
        Ok(Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64))
    }
}

/// In good order, or, where that takes too long, at once.
impl Drop for Process {
    fn drop(&mut self) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| matches!(self.0.try_wait(), Ok(None))) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let began = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
