//! The target's last journal lines, through `journalctl`.

use std::time::Duration;

use super::super::child::{Ended, Job, run};
use super::Gathered;
use crate::host::program;
use crate::playbook::Target;

const DEADLINE: Duration = Duration::from_secs(15);
const LARGEST: usize = 192 << 10;

pub(super) async fn gather(target: &Target, lines: u32) -> Gathered {
    let program = program::resolve("journalctl").map_err(|error| error.to_string())?;
    let job = Job {
        program: program.path,
        args: arguments(target, lines),
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
fn arguments(target: &Target, lines: u32) -> Vec<String> {
    let of = match target {
        Target::Unit(name) => format!("--unit={name}"),
        Target::Process(name) => format!("_COMM={name}"),
        // the host's: what went wrong lately
        _ => "--priority=warning".to_owned(),
    };
    let lines = format!("--lines={}", lines.clamp(1, 10_000));
    vec!["--no-pager".into(), "--output=short-iso".into(), "--quiet".into(), lines, of]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_passes_for_an_option() {
        let with = |target: Target| arguments(&target, 7).pop().unwrap();
        assert_eq!(with(Target::Unit("-x.service".into())), "--unit=-x.service");
        assert_eq!(with(Target::Process("--vacuum-size=1".into())), "_COMM=--vacuum-size=1");
        assert_eq!(with(Target::Host), "--priority=warning");
    }
}
