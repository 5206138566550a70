//! Salve itself: the release binary as a daemon, with a journal, playbooks and settings of its own.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Outcome;
use super::process::Process;
use tempfile::TempDir;

/// Salve has everybody in view within this, however many there are.
const IN_VIEW: Duration = Duration::from_mins(2);

/// The daemon that is measured; its end is the end of this.
#[derive(Debug)]
pub struct Daemon {
    pub process: Process,
    state: PathBuf,
    log: PathBuf,
}

/// A folder that only this user enters. Below the build folder, because root runs nothing that lies below a folder which
/// others may write, as `/tmp`.
pub fn folder(prefix: &str) -> Outcome<TempDir> {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700))?;
    Ok(folder)
}

impl Daemon {
    /// Over an empty journal, with these playbooks and no others.
    pub fn start(folder: &Path, written: &[String]) -> Outcome<Self> {
        let (state, home, playbooks, settings, log) = (
            folder.join("state"),
            folder.join("home"),
            folder.join("playbooks"),
            folder.join("salve.toml"),
            folder.join("daemon.log"),
        );
        for former in [&state, &playbooks] {
            if former.exists() {
                fs::remove_dir_all(former)?;
            }
        }
        for folder in [&home, &playbooks] {
            fs::create_dir_all(folder)?;
            fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        }
        for (number, playbook) in written.iter().enumerate() {
            private(&playbooks.join(format!("playbook-{number}.toml")), playbook)?;
        }
        private(&settings, "boot_grace = \"0s\"\nhost_budget = { attempts = 100000, window = \"1m\" }\n")?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_salve"));
        command.arg("daemon").arg("--state").arg(&state).arg("--playbooks").arg(&playbooks);
        command.arg("--settings").arg(&settings).env_clear().env("HOME", &home).stderr(File::create(&log)?);
        Ok(Self { process: Process::start(&mut command)?, state, log })
    }

    /// Until it holds at least so many descriptors: a pidfd for each process that it watches.
    pub fn wait_for_descriptors(&mut self, count: usize) -> Outcome<()> {
        let began = Instant::now();
        loop {
            self.process.must_live()?;
            let open = fs::read_dir(format!("/proc/{}/fd", self.process.pid()))?.count();
            if open >= count {
                return Ok(());
            }
            if began.elapsed() > IN_VIEW {
                let what = format!("salve has {open} descriptors, and watches {count} processes");
                return Err(self.complaint(&what).into());
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Its journal, one event a line.
    pub fn journal(&self) -> Outcome<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_salve"));
        command.args(["journal", "export", "--json", "--state"]).arg(&self.state).env_clear();
        Ok(String::from_utf8_lossy(&command.stdin(Stdio::null()).output()?.stdout).into_owned())
    }

    /// What is wrong, with what it said itself.
    pub fn complaint(&self, what: &str) -> String {
        let journal = self.journal().unwrap_or_default();
        let lines: Vec<String> = journal.lines().map(|line| line.chars().take(400).collect()).collect();
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        format!("{what}\n{said}{}", lines[lines.len().saturating_sub(12)..].join("\n"))
    }
}

/// Salve reads nothing that others could have written.
fn private(path: &Path, text: &str) -> Outcome<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(())
}
