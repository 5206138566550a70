//! Restart of a container by its engine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay, only_for};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;

/// `container = "restart"`: restarts the target container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContainerAction {
    /// Stop the container gracefully, then start it.
    Restart,
}

impl ActionTable for ContainerAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "The target's container, restarted through its engine's socket.",
        examples: &["container = \"restart\""],
        does: "asks Docker or Podman to stop it (10 s of grace) and to start it, and waits until that is done",
        replay: Replay::Same,
        risk: "its clients lose their connections, and it loses what it did not keep in a volume of its own",
    };

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(reader.leaf(at, "`container`")?.value)
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        only_for(&["container"], "container", "target = { container = \"web\" }", at, targets, findings);
    }
}
