//! A network link bounced.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Page, Replay, only_for};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::TargetSpec;
use crate::playbook::read::reader::Reader;
use crate::playbook::read::site::Site;

/// `link = "bounce"`: of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkAction {
    /// Switched off and on.
    Bounce,
}

impl Kind for LinkAction {
    const PAGE: Page = Page {
        about: "The target's network link, switched off and on again.",
        examples: &["link = \"bounce\""],
        does: "switches it off and at once on again over one line to the kernel, whatever comes in between; \
               refused on a link that carries a connection to this host's sshd",
        replay: Replay::Same,
        risk: "connections over it break, and addresses that a daemon gave it may have to be asked for anew",
    };

    fn read<'t>(reader: &mut Reader<'t>, at: Site<'t>) -> Option<Self> {
        Some(reader.leaf(at, "`link`")?.value)
    }

    fn lint(&self, at: Site<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        only_for(&["link"], "link", "target = { link = \"eth1\" }", at, targets, findings);
    }
}
