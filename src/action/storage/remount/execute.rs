//! Unmounts a mount that hangs, and mounts it again. systemd mounts it, because a process that serves a mount (as for
//! `sshfs`) has to outlive the attempt; a mount point that systemd cannot mount again is left alone.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::table::RemountAction;
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::program::process::ResolvedProgram;
use crate::action::program::{identity, process};
use crate::action::step::{StepContext, StepOutcome};
use crate::action::units::unit::execute::ResolvedUnitJob;
use crate::core::plan::StepResult;
use crate::foreign::{self, NoAnswer, read};
use crate::host::Systemd;
use crate::host::program::{ANSWERS_WITHIN, FIXED_PATH};
use crate::playbook::action::{UnitAction, UnitVerb};
use crate::playbook::{Playbook, Target};
use crate::text::secret::Secret;

/// Where the files of mount units are: made from /etc/fstab, an administrator's, a package's.
const UNITS: [&str; 5] = [
    "/run/systemd/generator",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// How often systemd is asked whether it has seen the mount go.
const SEEN: Duration = Duration::from_millis(50);

/// The command that unmounts, and the unit that mounts again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedRemount {
    /// The `umount --lazy` command that detaches the mount that hangs.
    pub unmount: ResolvedProgram,
    /// The unit that mounts it.
    pub unit: String,
}

impl ActionKind for RemountAction {
    type Resolved = ResolvedRemount;

    /// Resolves a remount of the target to the unmount command and the systemd unit that mounts it again.
    async fn plan(&self, _: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let Target::Mount(point) = &context.target else {
            return Err(PlanError::Refused(format!("{} is no mount point", context.target)));
        };
        if &**point == "/" {
            return Err(PlanError::Refused("the root file system is never unmounted".into()));
        }
        let unit = unit_of(point);
        if !is_known(&unit).await? {
            return Err(PlanError::Refused(format!(
                "systemd has no unit that mounts {point}: name it in /etc/fstab, then `systemctl daemon-reload`"
            )));
        }
        let resolved = ResolvedRemount { unmount: program(&["umount", "--lazy", "--", point]).await?, unit };
        let details = vec![
            ("first", resolved.unmount.argv.iter().map(Secret::shown).collect::<Vec<_>>().join(" ")),
            ("then", format!("systemctl start {}", resolved.unit)),
            ("blast radius", "who has files of it open keeps the old mount; what is written there may be lost".into()),
            ("rollback", "none".into()),
        ];
        Ok(ResolvedStep { sentence: format!("mount {point} anew"), details, resolved })
    }

    /// Unmounts, then mounts. If unmounting fails (nothing was mounted any more), it is mounted all the same.
    async fn carry_out(resolved: ResolvedRemount, context: &mut StepContext<'_>) -> StepOutcome {
        let Some(systemd) = context.systemd else { return StepOutcome::refused("systemd does not run this host") };
        let deadline = context.deadline;
        let scope = match context.scope() {
            Ok(scope) => scope,
            Err(error) => return StepOutcome::failed(format!("no scope can be made for it: {error}")),
        };
        let first = process::run(&resolved.unmount, &scope, deadline).await;
        if matches!(first.result, StepResult::TimedOut | StepResult::Refused(_)) || !first.scope_empty {
            return first;
        }
        until_gone(systemd, &resolved.unit, deadline).await;
        let second =
            UnitAction::carry_out(ResolvedUnitJob { unit: resolved.unit, verb: UnitVerb::Start }, context).await;
        StepOutcome { output: first.output + &second.output, ..second }
    }
}

/// Whether systemd has a file for this unit.
async fn is_known(unit: &str) -> Result<bool, NoAnswer> {
    for folder in UNITS {
        let file = Path::new(folder).join(unit);
        let wanted = file.clone();
        let there = foreign::at(&file, ANSWERS_WITHIN, move |may_hang| read::look(&wanted, may_hang).is_ok());
        if there.await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn program(argv: &[&str]) -> Result<ResolvedProgram, PlanError> {
    let (program, identity) = identity::resolve(argv[0]).await?;
    let argv = argv.iter().map(|word| Secret::text(word)).collect();
    let env = [("LANG", "C.UTF-8".to_owned()), ("PATH", FIXED_PATH.join(":"))];
    let env = env.into_iter().map(|(name, value)| (name.to_owned(), Secret::text(&value))).collect();
    Ok(ResolvedProgram { program, identity, argv, env, files: Vec::new() })
}

/// The unit of a mount point, spelled as systemd spells paths.
fn unit_of(point: &str) -> String {
    let mut name = String::new();
    for (at, byte) in point.trim_matches('/').bytes().enumerate() {
        match byte {
            b'/' => name.push('-'),
            b'.' if at > 0 => name.push('.'),
            b':' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => name.push(byte.into()),
            other => drop(write!(name, "\\x{other:02x}")),
        }
    }
    name + ".mount"
}

/// Waits until systemd has noticed the unmount, because it does not start a unit that it believes active.
async fn until_gone(systemd: &Systemd, unit: &str, deadline: Instant) {
    while Instant::now() < deadline && systemd.unit(unit).await.is_ok_and(|seen| &*seen.active == "active") {
        sleep(SEEN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_is_spelled_as_systemd_spells_it() {
        assert_eq!(unit_of("/srv/share"), "srv-share.mount");
        assert_eq!(unit_of("/srv/two words-é/.x.y/"), r"srv-two\x20words\x2d\xc3\xa9-.x.y.mount");
        assert_eq!(unit_of("/.hidden"), r"\x2ehidden.mount");
    }
}
