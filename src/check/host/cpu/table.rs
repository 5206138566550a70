//! Processors in use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Period};

/// `cpu = { used = "> 95%" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CpuCheck {
    /// Share of time in which the processors were busy, over all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 95%"]))]
    pub used: Option<Bound>,
    /// Share of time in which they waited for input or output.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 50%"]))]
    pub iowait: Option<Bound>,
    /// Share of time that the hypervisor gave to other guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 10%"]))]
    pub steal: Option<Bound>,
    /// How often to probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckTable for CpuCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Processors in use.",
        example: "cpu = { used = \"> 95%\" }",
        condition: "used = \"> 95%\"",
        events: "none: it is measured over one second",
        cost: "one file of /proc, read twice",
        unknown: "the kernel does not tell",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::of_the_host()
            .every(self.every)
            .bound("used", self.used, Unit::Percent)
            .bound("iowait", self.iowait, Unit::Percent)
            .bound("steal", self.steal, Unit::Percent)
    }
}
