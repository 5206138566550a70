//! The main process of a target, which fills the placeholder `{pid}`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::check::proc;
use crate::host::Systemd;
use crate::playbook::Target;

/// A unit's main process, or the only living process of a name; none where there is none, or more than one.
pub async fn main_pid(target: &Target) -> Option<i32> {
    match target {
        Target::Unit(name) => {
            let unit = Systemd::shared().ok()?.unit(name).await.ok()?;
            i32::try_from(unit.main_pid?).ok()
        }
        Target::Process(name) => {
            let name = Arc::clone(name);
            tokio::task::spawn_blocking(move || only_one(&name)).await.ok().flatten()
        }
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
    only(name, &proc::read_stats(&found, false), &found)
}

/// The only one of a name among these; none where one of that name cannot be asked whether it lives.
fn only(name: &str, looked: &HashMap<i32, proc::ProcStat>, all: &[i32]) -> Option<i32> {
    let silent = |pid: &i32| !looked.contains_key(pid) && proc::comm(*pid).as_deref() == Some(name);
    if all.iter().any(silent) {
        return None;
    }
    let is_it = |seen: &proc::ProcStat| seen.stat.as_ref().is_some_and(|stat| !stat.dead() && *stat.comm == *name);
    let found: Vec<i32> = looked.iter().filter(|(_, seen)| is_it(seen)).map(|(pid, _)| *pid).collect();
    match found[..] {
        [pid] => Some(pid),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_asked_is_neither_taken_nor_passed_over() {
        let own = i32::try_from(std::process::id()).unwrap();
        let looked = proc::read_stats(&[own, i32::MAX], false);
        let name = proc::comm(own).unwrap();
        assert_eq!(only(&name, &looked, &[own, i32::MAX]), Some(own));
        // it may live, and be the second of that name
        assert_eq!(only(&name, &HashMap::new(), &[own]), None);
        // a stranger that does not answer is no reason not to find the one
        assert_eq!(only("no-such-name", &HashMap::new(), &[own]), None);
        assert_eq!(
            only(&name, &looked, &[own, 1]),
            if proc::comm(1).as_ref() == Some(&name) { None } else { Some(own) }
        );
    }
}
