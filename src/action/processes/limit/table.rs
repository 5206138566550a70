//! Changes of limits while a service runs: more open files for its processes, or less memory for a service that uses
//! most of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay, only_for};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::Amount;

/// `limit = { open_files = "hard" }` or `limit = { memory_high = "80%" }`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitAction {
    /// Raises the soft limit on open files of every process of the target's unit to its hard one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<OpenFilesLimit>,
    /// Caps memory (`MemoryHigh=`, until the next boot) at this percentage of current use: of the target's unit, or of
    /// the service that uses most memory if the target is the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("examples" = ["80%"]))]
    pub memory_high: Option<Amount>,
}

/// How far a limit is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OpenFilesLimit {
    /// Up to the hard limit, as far as the process could raise it itself.
    Hard,
}

impl ActionTable for LimitAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "A limit moved while the service runs: open files up, or memory down.",
        examples: &["limit = { open_files = \"hard\" }", "limit = { memory_high = \"80%\" }"],
        does: "`open_files` sets the soft limit of every process of the unit to its hard one (prlimit); `memory_high` sets MemoryHigh= \
               through systemd, at run time only: what goes beyond is reclaimed and slowed, never killed",
        replay: Replay::Same,
        risk: "a service below its working set crawls; a program that was built for 1024 files (select) may break above them",
    };
    const NEEDS_ROOT: bool = true;

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(reader.typed::<Self>(at, "`limit`", Self::DOCS.examples[0])?.value)
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        match (self.open_files, self.memory_high) {
            (Some(_), Some(_)) => {
                let help = "write two actions, { limit = { … } } twice";
                findings.add(Rule::WrongType, at.head(), "one limit is moved at a time", help);
            }
            (None, None) => {
                let help = "write limit = { open_files = \"hard\" } or limit = { memory_high = \"80%\" }";
                findings.add(Rule::MissingKey, at.head(), "`limit` names no limit", help);
            }
            (Some(_), None) => {
                only_for(&["unit"], "limit", "target = { unit = \"nginx.service\" }", at, targets, findings);
            }
            (None, Some(share)) => {
                only_for(&["unit", "host"], "limit", "target = \"host\"", at, targets, findings);
                if !matches!(share, Amount::Percent(percent) if (10.0..=99.0).contains(&percent)) {
                    let message = format!("`memory_high` is 10% to 99% of what is used now, not {share}");
                    let help = "write memory_high = \"80%\"";
                    findings.add(Rule::OutOfRange, at.field_span("memory_high"), message, help);
                }
            }
        }
    }
}
