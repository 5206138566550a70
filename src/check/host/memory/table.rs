//! Memory in use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Period};

/// `memory = { used = "> 90%" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryCheck {
    /// Memory that is not available: percent or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 90%"]))]
    pub used: Option<Bound>,
    /// Swap in use: percent or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 50%"]))]
    pub swap: Option<Bound>,
    /// How often to probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckTable for MemoryCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Memory in use.",
        example: "memory = { used = \"> 90%\" }",
        condition: "used = \"> 90%\"",
        events: "none: it is read",
        cost: "one file of /proc",
        unknown: "the kernel does not tell",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::of_the_host().every(self.every).bound("used", self.used, Unit::PercentOrBytes).bound(
            "swap",
            self.swap,
            Unit::PercentOrBytes,
        )
    }
}
