//! An HTTP answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{LatencyBound, Period, WantedNumber, WantedText};

/// `http = { url = "http://127.0.0.1/healthz", status = 200 }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpCheck {
    /// The address to request; the target's if left out. No proxy, no redirects, a fresh connection each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The status: `200`, or `"not 200"`. `"not 200"` also holds if there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<WantedNumber>,
    /// Text that the first 64 KiB of the body must hold, as it stands; `{ without = "error" }` where they must not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<WantedText>,
    /// Time to the whole answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyBound>,
    /// How often to send it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long to wait for an answer; a later one counts as none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for HttpCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "An HTTP answer.",
        example: "http = { url = \"http://127.0.0.1/healthz\", status = 200 }",
        condition: "status = 200",
        events: "none: it is asked",
        cost: "one request on a fresh connection; no proxy, no redirect",
        unknown: "no request can be made at all; no answer is not unknown, it is no answer",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("url", &["url"], self.url.as_deref())
            .every(self.every)
            .timeout(self.timeout)
            .named("url", self.url.as_deref(), NameKind::Url)
            .condition("status", self.status.map(Condition::Number))
            .range("status", 100..=599, "an HTTP status")
            .holds("body", self.body.as_ref())
            .condition("latency", self.latency.map(Condition::Latency))
    }
}
