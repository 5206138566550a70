//! Names that resolve.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::Period;

/// `dns = { name = "example.com", server = "127.0.0.53" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DnsCheck {
    /// The name to look up.
    pub name: String,
    /// The address of the server to ask; the host's own resolver if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["127.0.0.53", "10.0.0.1:5353"]))]
    pub server: Option<String>,
    /// Whether the lookup returns an address; true if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<bool>,
    /// How often to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long to wait; a later answer counts as none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for DnsCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "Names that resolve.",
        example: "dns = { name = \"example.com\" }",
        condition: "answers = true",
        events: "none: it is asked",
        cost: "one lookup; a thread of its own where the host's own resolver is asked",
        unknown: "the server's address is none",
        every: 30,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::of_the_host()
            .besides(format!("{}\0{}", self.name, self.server.as_deref().unwrap_or_default()))
            .every(self.every)
            .timeout(self.timeout)
            .named("name", Some(&self.name), NameKind::Host)
            .named("server", self.server.as_deref(), NameKind::Server)
            .condition("answers", Some(Condition::Flag(self.answers.unwrap_or(true))))
    }
}
