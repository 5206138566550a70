//! A TCP connection.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::Period;

/// `tcp = { address = "127.0.0.1:6379" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TcpCheck {
    /// Host and port; the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether a connection is accepted; true if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// How often to connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long to wait; a port that accepts later counts as not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for TcpCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "A TCP connection.",
        example: "tcp = { address = \"127.0.0.1:6379\" }",
        condition: "open = true",
        events: "none: it is tried",
        cost: "one connection, closed at once",
        unknown: "never: what cannot be reached is not open",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("address", &["address"], self.address.as_deref())
            .every(self.every)
            .timeout(self.timeout)
            .named("address", self.address.as_deref(), NameKind::Address)
            .condition("open", Some(Condition::Flag(self.open.unwrap_or(true))))
    }
}
