//! A signal to the target's main process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::action::table::{ActionDocs, ActionTable, Replay, only_for};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::target::TargetSpec;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::SpannedTable;

/// `signal = "HUP"`: to the main process of the target's unit or program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SignalAction {
    /// By convention, read the configuration again or reopen log files.
    Hup,
    /// User-defined: its meaning depends on the program.
    Usr1,
    /// User-defined: its meaning depends on the program.
    Usr2,
    /// End, as Ctrl-C on its terminal would.
    Int,
    /// End with a core dump (a JVM only prints its stacks).
    Quit,
    /// Ask the program to end after its own cleanup.
    Term,
    /// Continue after a stop signal.
    Cont,
    /// End at once, without any cleanup.
    Kill,
}

impl SignalAction {
    /// As it is written in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hup => "HUP",
            Self::Usr1 => "USR1",
            Self::Usr2 => "USR2",
            Self::Int => "INT",
            Self::Quit => "QUIT",
            Self::Term => "TERM",
            Self::Cont => "CONT",
            Self::Kill => "KILL",
        }
    }
}

impl ActionTable for SignalAction {
    const DOCS: ActionDocs = ActionDocs {
        about: "A signal to the main process of the target's unit or program.",
        examples: &["signal = \"HUP\""],
        does: "sends it through a pidfd, to the very process that the plan named; what comes of it the verifier sees",
        replay: Replay::Unsafe,
        risk: "a program that does not expect a signal is ended by it",
    };
    const NEEDS_PID: bool = true;

    fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Self> {
        Some(reader.leaf(at, "`signal`")?.value)
    }

    fn lint(&self, at: SpannedTable<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
        let right = "target = { unit = \"nginx.service\" }, or { process = \"nginx\" }";
        only_for(&["unit", "process"], "signal", right, at, targets, findings);
    }
}
