//! Whether an update wants the host to be rebooted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::Period;

/// `reboot = { required = true }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RebootCheck {
    /// Whether a package that was installed asks for a reboot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// How often to probe in addition to events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckTable for RebootCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Whether an update wants the host to be rebooted.",
        example: "reboot = { required = true }",
        condition: "required = true",
        events: "the kernel reports that the file appears or goes (inotify)",
        cost: "a few system calls",
        unknown: "the file may not be looked for, or its file system does not answer",
        every: 60,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::of_the_host().every(self.every).condition("required", self.required.map(Condition::Flag))
    }
}
