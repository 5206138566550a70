//! A program, without a shell.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay, arguments};
use crate::playbook::diagnostic::Findings;
use crate::playbook::lint::hazards::{self, Hazard};
use crate::playbook::lint::secrets;
use crate::playbook::lint::templates::{self, TemplateUse};
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::{Sourced, Template};

/// `run = ["apt-get", "clean"]`, or `run = { argv = [...], env = { … } }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RunAction {
    /// Program and arguments.
    Argv(Vec<Template>),
    /// Program, arguments and environment.
    Full(RunFull),
}

/// A program with its environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFull {
    /// Program and arguments; no shell.
    pub argv: Vec<Template>,
    /// Variables that are added to the otherwise clean environment. A secret comes from a file: `NAME = { file =
    /// "/etc/salve/db.key" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Sourced>,
}

impl ActionTable for RunAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "A program, without a shell.",
        examples: &[
            "run = [\"apt-get\", \"clean\"]",
            "run = { argv = [\"pg_ctlcluster\", \"16\", \"main\", \"reload\"], env = { LANG = \"C\" } }",
            "run = { argv = [\"pg_isready\"], env = { PGPASSWORD = { file = \"/etc/salve/pg.key\" } } }",
        ],
        does: "runs it with a clean environment in the attempt's scope; what it leaves running is ended. Exit code 0 is done",
        replay: Replay::Unsafe,
        risk: "whatever the program does",
    };

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        if at.table().is_some() {
            let right = "run = { argv = [\"...\"], env = { NAME = \"value\" } }";
            return Some(Self::Full(reader.typed::<RunFull>(at, "`run`", right)?.value));
        }
        arguments(reader, at, "run").map(Self::Argv)
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        match self {
            Self::Argv(argv) => templates::arguments(argv, at, TemplateUse::Attempt, targets, findings),
            Self::Full(full) => environment(full, at, targets, findings),
        }
    }

    fn hazard(&self) -> Option<Hazard> {
        match self {
            Self::Argv(argv) | Self::Full(RunFull { argv, .. }) => hazards::of(argv),
        }
    }

    fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Argv(argv) => argv.iter().collect(),
            Self::Full(full) => full.argv.iter().chain(full.env.values().filter_map(Sourced::template)).collect(),
        }
    }
}

fn environment(full: &RunFull, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    templates::arguments(&full.argv, at.field("argv").unwrap_or(at), TemplateUse::Attempt, targets, findings);
    let Some(table) = at.field("env") else { return };
    for (name, value) in &full.env {
        let entry = table.field(name).unwrap_or(table);
        if name.is_empty() || name.contains(['=', '\0']) || name.starts_with("SALVE_") {
            let message = format!("the variable `{name}` cannot be set");
            let help = "a name is not empty, holds no `=`, and does not begin with SALVE_";
            findings.add(Rule::BadVariable, entry.key_span(), message, help);
        } else if name.starts_with("LD_") {
            let message = format!("`{name}` would load foreign code into the program");
            findings.add(Rule::BadVariable, entry.key_span(), message, "leave it out");
        }
        secrets::sourced(name, value, entry, targets, findings);
    }
}
