//! Unmounting a mount that hangs, and mounting it again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay, only_for};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;

/// `remount = "lazy"`: unmounts the target's mount point and mounts it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemountAction {
    /// Detach the mount at once; processes that use it keep the old mount until they close it.
    Lazy,
}

impl ActionTable for RemountAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "The target's mount point unmounted, and mounted anew by systemd, as /etc/fstab says.",
        examples: &["remount = \"lazy\""],
        does: "runs `umount --lazy`, then starts the unit of the mount point; refused where systemd has none (/etc/fstab names it, or a unit of its own), because nobody could mount it again",
        replay: Replay::Same,
        risk: "programs that have files of it open keep the old mount, and what they write may be lost",
    };
    const NEEDS_ROOT: bool = true;

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(reader.leaf(at, "`remount`")?.value)
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        only_for(&["mount"], "remount", "target = { mount = \"/srv/share\" }", at, targets, findings);
    }
}
