//! monit at its shortest cycle, 1 s. It is run in the foreground with files of its own, and no service of it is touched.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Outcome;
use super::process::Process;

/// What is said where there is none.
pub const MISSING: &str = "monit is not installed here";

/// How it calls itself; none where there is none.
pub fn version() -> Option<String> {
    let output = Command::new("monit").arg("-V").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.lines().next()?.split_ascii_whitespace().last()?.to_owned();
    Some(format!("monit {number}"))
}

/// Starts it with these checks.
pub fn start(folder: &Path, checks: &str) -> Outcome<Process> {
    let control = folder.join("monitrc");
    let mut text = "set daemon 1\n".to_owned();
    for file in ["logfile", "pidfile", "idfile", "statefile"] {
        writeln!(text, "set {file} {}", folder.join(format!("monit.{file}")).display())?;
    }
    fs::write(&control, text + checks)?;
    fs::set_permissions(&control, Permissions::from_mode(0o600))?;
    Process::start(Command::new("monit").arg("-c").arg(control).arg("-I").stderr(Stdio::null()))
}
