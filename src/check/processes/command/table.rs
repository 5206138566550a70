//! A program's exit code and output: the escape hatch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Period, Template, WantedNumber, WantedText};

/// `command = { run = ["pg_isready", "-q"], exit = 0 }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommandCheck {
    /// Program and arguments; no shell.
    pub run: Vec<Template>,
    /// The exit code: `0`, or `"not 0"`. `"not 0"` also holds if a signal ended the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<WantedNumber>,
    /// Text that standard output must hold, as it stands; `{ without = "error" }` where it must not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<WantedText>,
    /// How often to run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long it may run; longer is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for CommandCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "A program's exit code and output.",
        example: "command = { run = [\"pg_isready\", \"-q\"], exit = 0 }",
        condition: "exit = 0",
        events: "none: it is run",
        cost: "a child process; at most 32 at once",
        unknown: "it may not be run, cannot be run, or did not end in time",
        every: 30,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::of_the_host()
            .every(self.every)
            .timeout(self.timeout)
            .arguments("run", &self.run)
            .condition("exit", self.exit.map(Condition::Number))
            .range("exit", 0..=255, "an exit code")
            .holds("output", self.output.as_ref())
    }
}
