//! Evidence that is gathered before something is changed, because it is lost afterwards.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay};
use crate::playbook::attachment::{self, Attachment};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::{SpannedTable, SpannedValue};
use crate::playbook::rule::Rule;

/// More than this is a page's evidence.
const MOST: usize = 8;

/// `snapshot = [{ stacks = { top = 10 } }]`: the same kinds as in `attach`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SnapshotAction(pub Vec<Attachment>);

impl ActionTable for SnapshotAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "Evidence gathered at this very moment, into the attempt's own record.",
        examples: &["snapshot = [{ stacks = { top = 10 } }, { sockets = { top = 20 } }]"],
        does: "gathers each kind, as `attach` does for a page; a kind that cannot be gathered says why, and never stops the rung",
        replay: Replay::Same,
        risk: "none: it only looks (a `run` in it does what its program does)",
    };

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        if !reader.is_list(at, "snapshot", "[{ stacks = { top = 10 } }]") {
            return None;
        }
        let kinds: Vec<_> = at.elements().into_iter().map(|at| Attachment::read(reader, at)).collect();
        Some(Self(kinds.into_iter().map(|kind| kind.map(|kind| kind.value)).collect::<Option<_>>()?))
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        if self.0.is_empty() {
            findings.add(Rule::NoActions, at.span(), "a snapshot of nothing", "name what to gather");
        }
        if self.0.len() > MOST {
            let message = format!("more than {MOST} kinds of evidence in one snapshot");
            findings.add(Rule::TooMany, at.span(), message, "leave some to `attach`");
        }
        for (nth, kind) in self.0.iter().enumerate() {
            let inner = at.element(nth);
            // the value comes after the kind's name
            let at = inner.entries().first().map_or(inner, |(_, at)| *at);
            attachment::lint(&SpannedValue { value: kind.clone(), at }, targets, findings);
        }
    }
}
