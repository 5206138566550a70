//! Pressure stall information.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Period};

/// `pressure = { memory = "> 10%" }`: the share of the last 10 seconds in which tasks were stalled for lack of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PressureCheck {
    /// Some task waited for a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 10%"]))]
    pub cpu: Option<Bound>,
    /// Every task waited for memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 10%"]))]
    pub memory: Option<Bound>,
    /// Every task waited for input or output.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 10%"]))]
    pub io: Option<Bound>,
    /// How often to probe in addition to the triggers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckTable for PressureCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Pressure stall information.",
        example: "pressure = { memory = \"> 10%\" }",
        condition: "memory = \"> 10%\"",
        events: "a trigger of the kernel reports that pressure rises to a bound; its fall is polled",
        cost: "three small files of /proc",
        unknown: "this kernel has no PSI, or not for this resource",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::of_the_host()
            .every(self.every)
            .bound("cpu", self.cpu, Unit::Percent)
            .bound("memory", self.memory, Unit::Percent)
            .bound("io", self.io, Unit::Percent)
    }
}
