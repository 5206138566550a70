//! A systemd unit's state, by D-Bus signals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind, Unit};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{Bound, WantedState, WantedWord};

/// `unit = { state = "not active" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UnitCheck {
    /// The unit; the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`, or `not` and one of them. A oneshot
    /// that is at rest after success counts as active; a unit whose start conditions are not met counts as neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<WantedState>,
    /// systemd's sub-state, as `running`, `exited`, `auto-restart`, or `not` and one of them.
    #[schemars(extend("examples" = ["running", "not running"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<WantedWord>,
    /// systemd's result of the last run, as `success`, `exit-code`, `oom-kill`, `timeout`, or `not` and one of them.
    #[schemars(extend("examples" = ["success", "not success"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<WantedWord>,
    /// How often systemd itself has restarted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["> 3"]))]
    pub restarts: Option<Bound>,
}

impl CheckTable for UnitCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "A systemd unit's state.",
        example: "unit = { state = \"not active\" }",
        condition: "state = \"not active\"",
        events: "systemd reports every change over D-Bus",
        cost: "one D-Bus call",
        unknown: "systemd does not run this host, its bus is broken, or there is no such unit",
        every: 60,
    };
    const REPORTED_AT_ONCE: bool = true;
    const ANSWERED_BY_SYSTEMD: bool = true;

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("name", &["unit"], self.name.as_deref())
            .named("name", self.name.as_deref(), NameKind::Unit)
            .condition("state", self.state.map(Condition::State))
            .wanted("sub", self.sub.as_ref())
            .wanted("result", self.result.as_ref())
            .bound("restarts", self.restarts, Unit::Count)
    }
}
