//! Switching a network link off and on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay, only_for};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;

/// `link = "bounce"`: switches the target link off and on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkAction {
    /// Switch the link off, and at once on again.
    Bounce,
}

impl ActionTable for LinkAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "The target's network link, switched off and on again.",
        examples: &["link = \"bounce\""],
        does: "switches it off and at once on again over one line to the kernel, whatever comes in between; \
               refused on a link that carries a connection to this host's sshd",
        replay: Replay::Same,
        risk: "connections over it break, and addresses that a daemon gave it may have to be asked for anew",
    };

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(reader.leaf(at, "`link`")?.value)
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        only_for(&["link"], "link", "target = { link = \"eth1\" }", at, targets, findings);
    }
}
