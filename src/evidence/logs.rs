//! The last journal lines of a target, or of the kernel, through `journalctl`.

use std::time::Duration;

use super::gathered::Gathered;
use crate::host::child::{ChildExit, Job};
use crate::playbook::Target;

const DEADLINE: Duration = Duration::from_secs(15);
const LARGEST: usize = 192 << 10;

/// The latest journal lines of the target's unit or program, or the host's warnings for any other target.
pub(super) async fn of(target: &Target, lines: u32) -> Gathered {
    let of = match target {
        Target::Unit(name) => format!("--unit={name}"),
        Target::Process(name) => format!("_COMM={name}"),
        // the host's: what went wrong lately
        _ => "--priority=warning".to_owned(),
    };
    read(of, lines).await
}

/// The latest kernel messages of this boot.
pub(super) async fn of_the_kernel(lines: u32) -> Gathered {
    read("--dmesg".to_owned(), lines).await
}

async fn read(of: String, lines: u32) -> Gathered {
    let job = Job { keep: LARGEST, ..Job::new("journalctl", arguments(of, lines), DEADLINE) };
    let ran = job.run().await.map_err(|error| error.to_string())?;
    match ran.ended {
        ChildExit::Exit(0) => Ok(ran.output.text()),
        ended => Ok(format!("{}\n[journalctl: {ended}]", ran.output.text().trim_end())),
    }
}

/// Names stand behind `=`, so none can pass for an option.
fn arguments(of: String, lines: u32) -> Vec<String> {
    let lines = format!("--lines={}", lines.clamp(1, 10_000));
    vec!["--no-pager".into(), "--output=short-iso".into(), "--quiet".into(), lines, of]
}
