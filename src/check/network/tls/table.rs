//! The certificate that a server presents: how long it remains valid, and for which name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::{LatencyBound, Period};

/// `tls = { address = "www.example.org:443", left = "< 14d" }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TlsCheck {
    /// Host and port; the target's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The server name to request (SNI), if it differs from the address's host.
    #[schemars(extend("examples" = ["www.example.org"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Time until the certificate expires; zero once it has expired.
    #[schemars(extend("examples" = ["< 14d", "> 30d"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<LatencyBound>,
    /// Whether the certificate is issued to the requested name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_fits: Option<bool>,
    /// How often to connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// How long to wait for the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

impl CheckTable for TlsCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "The certificate that a server shows: how long it still holds, and for which name.",
        example: "tls = { address = \"www.example.org:443\", left = \"< 14d\" }",
        condition: "left = \"< 14d\"",
        events: "none: it is asked",
        cost: "one TLS handshake; nothing is sent, and who signed the certificate is not judged",
        unknown: "no connection, no handshake, or a certificate that cannot be read: ask `tcp` or `http` for those",
        every: 600,
    };

    fn parts(&self) -> CheckParts<'_> {
        CheckParts::with("address", &["address", "url"], self.address.as_deref())
            .every(self.every)
            .timeout(self.timeout)
            .named("address", self.address.as_deref(), NameKind::Address)
            .text("name", self.name.as_deref())
            .besides(format!("{:?}", self.name))
            .condition("left", self.left.map(Condition::Latency))
            .condition("name_fits", self.name_fits.map(Condition::Flag))
    }
}
