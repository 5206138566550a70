//! Load average per core.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Period};

/// `load = { per_core = "> 4" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadCheck {
    /// Load average of the last minute, divided by the number of cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 4"]))]
    pub per_core: Option<Bound>,
    /// How often to probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckTable for LoadCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Load average per core.",
        example: "load = { per_core = \"> 4\" }",
        condition: "per_core = \"> 4\"",
        events: "none: the kernel averages it by itself",
        cost: "two small files of /proc and /sys",
        unknown: "the kernel does not tell",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::of_the_host().every(self.every).bound("per_core", self.per_core, Unit::Count)
    }
}
