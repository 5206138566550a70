//! The last journal lines of a target, or of the kernel, through `journalctl`.

use std::time::Duration;

use super::Gathered;
use crate::host::child::{Ended, Job, run};
use crate::host::program;
use crate::playbook::Target;

const DEADLINE: Duration = Duration::from_secs(15);
const LARGEST: usize = 192 << 10;

/// The target's.
pub(super) async fn of(target: &Target, lines: u32) -> Gathered {
    let of = match target {
        Target::Unit(name) => format!("--unit={name}"),
        Target::Process(name) => format!("_COMM={name}"),
        // the host's: what went wrong lately
        _ => "--priority=warning".to_owned(),
    };
    read(of, lines).await
}

/// The kernel's, of this boot.
pub(super) async fn of_the_kernel(lines: u32) -> Gathered {
    read("--dmesg".to_owned(), lines).await
}

async fn read(of: String, lines: u32) -> Gathered {
    let program = program::find("journalctl", program::ANSWERS_WITHIN).await.map_err(|error| error.to_string())?;
    let job = Job {
        program: program.path,
        args: arguments(of, lines),
        env: Vec::new(),
        stdin: Vec::new(),
        deadline: DEADLINE,
        keep: LARGEST,
    };
    let ran = run(job).await.map_err(|error| format!("journalctl could not be started: {error}"))?;
    match ran.ended {
        Ended::Exit(0) => Ok(ran.output),
        ended => Ok(format!("{}\n[journalctl: {ended}]", ran.output.trim_end())),
    }
}

/// Names stand behind `=`, so none can pass for an option.
fn arguments(of: String, lines: u32) -> Vec<String> {
    let lines = format!("--lines={}", lines.clamp(1, 10_000));
    vec!["--no-pager".into(), "--output=short-iso".into(), "--quiet".into(), lines, of]
}
