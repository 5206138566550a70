//! A mount that hangs, taken away and made anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Page, Replay, only_for};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::TargetSpec;
use crate::playbook::read::reader::Reader;
use crate::playbook::read::site::Site;

/// `remount = "lazy"`: of the target's mount point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemountAction {
    /// Detached at once; what still uses it keeps the old mount until it lets go.
    Lazy,
}

impl Kind for RemountAction {
    const PAGE: Page = Page {
        about: "The target's mount point unmounted and mounted anew, as /etc/fstab says.",
        examples: &["remount = \"lazy\""],
        does: "runs `umount --lazy` and then `mount`; refused where /etc/fstab does not name the mount point, because nobody could mount it again",
        replay: Replay::Same,
        risk: "programs that have files of it open keep the old mount, and what they write may be lost",
    };

    fn read<'t>(reader: &mut Reader<'t>, at: Site<'t>) -> Option<Self> {
        Some(reader.leaf(at, "`remount`")?.value)
    }

    fn lint(&self, at: Site<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        only_for(&["mount"], "remount", "target = { mount = \"/srv/share\" }", at, targets, findings);
    }
}
