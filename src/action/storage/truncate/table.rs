//! A log that is emptied in place.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay};
use crate::playbook::diagnostic::Findings;
use crate::playbook::lint::names;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;

/// The only folder whose files are emptied.
pub const LOGS: &str = "/var/log";

/// `truncate = "/var/log/app.log"`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TruncateAction(pub String);

impl ActionTable for TruncateAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "A known log below /var/log, emptied in place.",
        examples: &["truncate = \"/var/log/app/app.log\""],
        does: "cuts one regular file to nothing, where all who write to it append: whoever has it open goes on at its beginning. \
               Never through a link, never a file of several names, never systemd's journal",
        replay: Replay::Same,
        risk: "what stood in the log is gone for good: rotate where you can, this is for where no rotation helps",
    };

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(reader.leaf(at, "`truncate`")?.value)
    }

    fn lint(&self, at: SpannedTable<'_>, _: &[&TargetSpec], findings: &mut Findings<'_>) {
        if names::path(&self.0, at.span(), findings) && !is_log(&self.0) {
            let message = format!("`{}` is no log that may be emptied", self.0);
            let help = "only a file below /var/log may be, and not systemd's journal";
            findings.add(Rule::CleanOutside, at.span(), message, help);
        }
    }
}

/// May this file be emptied, by its name?
#[must_use]
pub fn is_log(path: &str) -> bool {
    let below = |folder: &str| Path::new(path).strip_prefix(folder).is_ok_and(|rest| !rest.as_os_str().is_empty());
    below(LOGS) && !below("/var/log/journal") && !below("/var/log/salve")
}
