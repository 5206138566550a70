//! All units that systemd lists as failed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, NameKind, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, Period};

/// `failed_units = { count = "> 0" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FailedUnitsCheck {
    /// The number of failed units.
    #[schemars(extend("examples" = ["> 0", "= 0"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Bound>,
    /// Only units whose name matches this glob.
    #[schemars(extend("examples" = ["*.service", "backup-*"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Units that do not count, because they are known to fail without harm.
    #[schemars(extend("examples" = [["fwupd-refresh.service"]]))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// How often to probe in addition to events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckTable for FailedUnitsCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Units that systemd calls failed, whichever they are.",
        example: "failed_units = { count = \"> 0\" }",
        condition: "count = \"> 0\"",
        events: "systemd reports every change over D-Bus",
        cost: "one D-Bus call that lists failed units only",
        unknown: "systemd does not run this host, or its bus is broken",
        every: 60,
    };
    const ANSWERED_BY_SYSTEMD: bool = true;

    fn parts(&self) -> CheckParts<'_> {
        let parts = CheckParts::of_the_host()
            .every(self.every)
            .text("only", self.only.as_deref())
            .besides(format!("{:?} {:?}", self.only, self.except))
            .bound("count", self.count, Unit::Count);
        self.except.iter().fold(parts, |parts, unit| parts.named("except", Some(unit), NameKind::Unit))
    }
}
