//! A network link, and the gateway behind it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::check::parts::{CheckParts, Condition, NameKind};
use crate::playbook::check::table::{CheckDocs, CheckTable};
use crate::playbook::value::Period;

/// `link = { name = "eth0", carrier = false }`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkCheck {
    /// The interface's name; the target's if left out, else the one that the default route goes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the link has a carrier: a cable or the like is connected at both ends; true if neither key is given. A
    /// link that an operator switched off (`ip link set … down`) has neither a carrier nor the lack of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<bool>,
    /// The gateway of the default route answers on the link, by its hardware address: nothing is pinged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<bool>,
    /// How often to probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
}

impl CheckTable for LinkCheck {
    const DOCS: CheckDocs = CheckDocs {
        about: "A network link, and the gateway behind it.",
        example: "link = { name = \"eth0\", carrier = true }",
        condition: "carrier = true",
        events: "the kernel reports every change of a link (rtnetlink); the gateway is polled",
        cost: "two small files of /sys and /proc; with `gateway`, one datagram to it",
        unknown: "there is no such link, it is switched off, or no default route goes over it",
        every: 10,
    };

    fn parts(&self) -> CheckParts<'_> {
        let silent = self.carrier.is_none() && self.gateway.is_none();
        CheckParts::of_the_host()
            .besides(format!("{}\0{}", self.name.as_deref().unwrap_or_default(), self.gateway.is_some()))
            .every(self.every)
            .named("name", self.name.as_deref(), NameKind::Link)
            .condition("carrier", self.carrier.or(silent.then_some(true)).map(Condition::Flag))
            .condition("gateway", self.gateway.map(Condition::Flag))
    }
}
