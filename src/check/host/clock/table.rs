//! The wall clock: whether it is synchronised, and how wrong it may be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{LatencyBound, Period};

/// `clock = { synchronised = false }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClockCheck {
    /// Whether a time client (chrony, timesyncd, ntpd) reports to the kernel that the clock is synchronised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronised: Option<bool>,
    /// The correction still outstanding, in either direction, as far as the client leaves it to the kernel.
    #[schemars(extend("examples" = ["> 100ms"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<LatencyBound>,
    /// The largest error of the clock, as the kernel estimates it; it grows while no time server answers.
    #[schemars(extend("examples" = ["> 1s"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<LatencyBound>,
    /// How often to probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckTable for ClockCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "The wall clock: whether somebody keeps it, and how wrong it may be.",
        example: "clock = { synchronised = false }",
        condition: "synchronised = false",
        events: "none: the kernel is polled",
        cost: "one system call (adjtimex, which changes nothing)",
        unknown: "the kernel does not tell; in a container it is the host's clock",
        every: 30,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::of_the_host()
            .every(self.every)
            .condition("synchronised", self.synchronised.map(Condition::Flag))
            .condition("offset", self.offset.map(Condition::Latency))
            .condition("error", self.error.map(Condition::Latency))
    }
}
