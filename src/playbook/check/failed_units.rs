//! Units that systemd calls failed, whichever they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::{NameKind, CheckParts, Unit};
use super::{CheckKind, CheckDocs};
use crate::playbook::value::{Bound, Period};

/// `failed_units = { count = "> 0" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FailedUnitsCheck {
    /// How many have failed.
    #[schemars(extend("examples" = ["> 0", "= 0"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Bound>,
    /// Only units whose name matches this glob.
    #[schemars(extend("examples" = ["*.service", "backup-*"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Not these: units that are known to fail and do no harm.
    #[schemars(extend("examples" = [["fwupd-refresh.service"]]))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// How often to look behind the events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckKind for FailedUnitsCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Units that systemd calls failed, whichever they are.",
        example: "failed_units = { count = \"> 0\" }",
        condition: "count = \"> 0\"",
        events: "systemd tells of every change over D-Bus",
        cost: "one D-Bus call that lists failed units only",
        unknown: "systemd does not run this host, or its bus is broken",
        every: 60,
    };

    fn parts(&self) -> CheckParts<'_> {
        let parts = CheckParts::of_the_host()
            .every(self.every)
            .text("only", self.only.as_deref())
            .besides(format!("{:?} {:?}", self.only, self.except))
            .bound("count", self.count, Unit::Count);
        self.except.iter().fold(parts, |parts, unit| parts.named("except", Some(unit), NameKind::Unit))
    }
}
