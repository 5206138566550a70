//! A mount that hangs, taken away and made anew. `umount` and `mount` know all kinds of file systems; what they are not
//! trusted with is a mount point that nobody could mount again.

use std::fs;

use serde::{Deserialize, Serialize};

use super::order::{Order, RunOrder};
use super::plan::{PlanError, step};
use super::runner::{Ran, Stage};
use super::{Context, identity, process};
use crate::core::plan::{PlannedStep, StepResult};
use crate::host::program::FIXED_PATH;
use crate::playbook::action::RemountAction;
use crate::playbook::{Playbook, Target};

/// The two programs, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemountOrder {
    /// `umount --lazy`.
    pub unmount: RunOrder,
    /// `mount`.
    pub mount: RunOrder,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "every kind is resolved the same way")]
/// Resolves it.
pub(super) fn plan(_: &RemountAction, _: &Playbook, context: &Context) -> Result<PlannedStep, PlanError> {
    let Target::Mount(point) = &context.target else {
        return Err(PlanError::Refused(format!("{} is no mount point", context.target)));
    };
    if &**point == "/" {
        return Err(PlanError::Refused("the root file system is never unmounted".into()));
    }
    let table = fs::read_to_string("/etc/fstab").unwrap_or_default();
    if !names(&table, point) {
        return Err(PlanError::Refused(format!("/etc/fstab does not name {point}: nobody could mount it again")));
    }
    let order = RemountOrder {
        unmount: program(&["umount", "--lazy", "--", point])?,
        mount: program(&["mount", "--", point])?,
    };
    let details = vec![
        ("first", order.unmount.argv.join(" ")),
        ("then", order.mount.argv.join(" ")),
        ("blast radius", "who has files of it open keeps the old mount; what is written there may be lost".into()),
        ("rollback", "none".into()),
    ];
    step(&format!("mount {point} anew"), details, &Order::Remount(order))
}

fn program(argv: &[&str]) -> Result<RunOrder, PlanError> {
    let (program, identity) = identity::resolve(argv[0])?;
    let argv = argv.iter().map(ToString::to_string).collect();
    let env = vec![("LANG".into(), "C.UTF-8".into()), ("PATH".into(), FIXED_PATH.join(":"))];
    Ok(RunOrder { program, identity, argv, env })
}

/// Does the table say how to mount this? Blanks stand in it as `\040`.
fn names(table: &str, point: &str) -> bool {
    let written = point.replace(' ', "\\040").replace('\t', "\\011");
    let rows = table.lines().filter(|line| !line.trim_start().starts_with('#'));
    rows.filter_map(|row| row.split_whitespace().nth(1)).any(|there| there == written)
}

/// Runs both. Where the first fails (nothing was mounted any more) the second is run all the same.
pub(super) async fn carry_out(order: RemountOrder, stage: &mut Stage<'_>) -> Ran {
    let (deadline, marker) = (stage.deadline, stage.marker());
    let scope = match stage.scope() {
        Ok(scope) => scope,
        Err(error) => return Ran::failed(format!("no scope can be made for it: {error}")),
    };
    let first = process::run(&order.unmount, &marker, &scope, deadline).await;
    if matches!(first.result, StepResult::TimedOut | StepResult::Refused(_)) || !first.scope_empty {
        return first;
    }
    let second = process::run(&order.mount, &marker, &scope, deadline).await;
    Ran { output: first.output + &second.output, ..second }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_table_names_can_be_mounted_again() {
        let table =
            "# /srv/old x y\nserver:/share\t/srv/share nfs ro 0 0\nUUID=1 /srv/two\\040words ext4 defaults 0 2\n";
        assert!(names(table, "/srv/share") && names(table, "/srv/two words"));
        assert!(!names(table, "/srv/old") && !names(table, "/srv") && !names("", "/srv/share"));
    }
}
