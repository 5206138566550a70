//! The one process that a target stands for: what `{pid}` is filled with.

use super::process::proc;
use crate::host::Systemd;
use crate::playbook::Target;

/// A unit's main process, or the only living process of a name; none where there is none, or more than one.
pub async fn main_pid(target: &Target) -> Option<i32> {
    match target {
        Target::Unit(name) => {
            let unit = Systemd::shared().ok()?.unit(name).await.ok()?;
            i32::try_from(unit.main_pid?).ok()
        }
        Target::Process(name) => only_one(name),
        Target::Mount(_)
        | Target::Path(_)
        | Target::Url(_)
        | Target::Address(_)
        | Target::Container(_)
        | Target::Link(_)
        | Target::Host => None,
    }
}

fn only_one(name: &str) -> Option<i32> {
    let mut found = Vec::new();
    proc::each(|pid, _| found.push(pid)).ok()?;
    found.retain(|pid| proc::stat(*pid).is_some_and(|stat| !stat.dead() && *stat.comm == *name));
    match found[..] {
        [pid] => Some(pid),
        _ => None,
    }
}
