//! A verb on a systemd unit, as a D-Bus job that is waited for.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay};
use crate::playbook::diagnostic::Findings;
use crate::playbook::lint::names;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;

/// Units that the whole host, or salve itself, depends on.
const ESSENTIAL: [&str; 5] = ["init.scope", "-.slice", "-.mount", "dbus.service", "salve.service"];

/// `unit = "restart"`, or `unit = { name = "php-fpm.service", verb = "restart" }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum UnitAction {
    /// The verb, applied to the target's unit.
    Verb(UnitVerb),
    /// The verb and the name of a unit.
    On(NamedUnit),
}

/// A verb and the unit that it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedUnit {
    /// The unit's full name, with its suffix.
    pub name: String,
    /// The verb to apply to it.
    pub verb: UnitVerb,
}

/// What systemd can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitVerb {
    /// Start the unit; nothing happens if it is active.
    Start,
    /// Stop the unit if it is active, then start it.
    Restart,
    /// Make the unit read its configuration again while it runs.
    Reload,
    /// Clear the unit's failed state and its start counter.
    ResetFailed,
    /// Stop the unit, and what requires it.
    Stop,
}

impl ActionTable for UnitAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "A verb on a systemd unit, as a D-Bus job that is waited for.",
        examples: &["unit = \"restart\"", "unit = { name = \"php-fpm.service\", verb = \"restart\" }"],
        does: "systemd does it; the step ends with the job. A job that outlives the rung's timeout is left to systemd",
        replay: Replay::Same,
        risk: "a restart drops the unit's connections; what requires the unit restarts too",
    };
    const NEEDS_ROOT: bool = true;

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        if at.table().is_some() {
            return Some(Self::On(reader.typed::<NamedUnit>(at, "`unit`", Self::DOCS.examples[1])?.value));
        }
        reader.leaf::<UnitVerb>(at, "`unit`").map(|verb| Self::Verb(verb.value))
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        let verb = match self {
            UnitAction::On(named) => {
                names::unit(&named.name, at.field_span("name"), findings);
                essential(&named.name, named.verb, at.field_span("name"), findings);
                return;
            }
            UnitAction::Verb(verb) => *verb,
        };
        for target in targets {
            if let TargetSpec::Unit(name) = target {
                essential(name, verb, at.span(), findings);
            } else {
                let message = format!("the verb needs a unit, and the target is a {}", target.kind());
                let help = "write unit = { name = \"php-fpm.service\", verb = \"restart\" }";
                findings.add(Rule::NoObject, at.span(), message, help);
            }
        }
    }
}

fn essential(name: &str, verb: UnitVerb, span: Range<usize>, findings: &mut Findings<'_>) {
    let ends = matches!(verb, UnitVerb::Stop | UnitVerb::Restart);
    if ends && ESSENTIAL.contains(&name) {
        let message = format!("`{name}` carries the whole host, or salve itself, and is never stopped or restarted");
        findings.add(Rule::OwnUnit, span, message, "let systemd look after it: Restart=, WatchdogSec=");
    }
}
