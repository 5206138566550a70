//! A pause between two actions.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;

/// An attempt that waits longer does nothing for too long.
const LONGEST: Duration = Duration::from_hours(1);

/// `wait = "5s"`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct WaitAction(pub Period);

impl ActionTable for WaitAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "A pause between two actions.",
        examples: &["wait = \"5s\""],
        does: "nothing, for so long; a pause that would outlast the rung's timeout ends the attempt there",
        replay: Replay::Same,
        risk: "none but the time that it takes",
    };

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(Self(reader.leaf(at, "`wait`")?.value))
    }

    fn lint(&self, at: SpannedTable<'_>, _: &[&TargetSpec], findings: &mut Findings<'_>) {
        if self.0.0.is_zero() {
            findings.add(Rule::ZeroTime, at.span(), "`wait` leaves no time at all", "write wait = \"5s\"");
        } else if self.0.0 > LONGEST {
            let message = format!("`wait` of {} is longer than anyone waits", self.0);
            findings.add(Rule::LongTime, at.span(), message, format!("{} at most may stand here", Period(LONGEST)));
        }
    }
}
