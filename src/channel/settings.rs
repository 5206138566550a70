//! What an operator writes under `[channels.NAME]` in the settings file.
//!
//! ```toml
//! [channels.oncall]
//! webhook = { url = "https://hooks.example.net/…", headers = { Authorization = "Bearer …" } }
//!
//! [channels.mail]
//! command = { run = ["mail", "-s", "salve", "ops@example.net"], timeout = "30s" }
//!
//! [channels.desk]
//! tickets = { folder = "/srv/tickets" }
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::playbook::value::Period;

/// One channel, by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChannelSettings {
    /// A folder with one Markdown file per incident.
    Tickets(TicketSettings),
    /// A program that reads the page on its standard input.
    Command(CommandSettings),
    /// An HTTP POST of JSON.
    Webhook(WebhookSettings),
    /// An event for `PagerDuty`.
    #[serde(rename = "pagerduty")]
    PagerDuty(PagerDutySettings),
}

/// `tickets = { folder = "/srv/tickets" }`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TicketSettings {
    /// Where the files go; `tickets` in the state folder where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

/// `command = { run = ["mail", "-s", "salve", "root"] }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandSettings {
    /// Program and arguments; no shell. The page comes as Markdown on standard input, and its parts in the environment
    /// (`SALVE_KIND`, `SALVE_DEDUP`, `SALVE_TITLE`, …). Exit code 0 means that the page was taken.
    pub run: Vec<String>,
    /// How long it may run; longer counts as not taken.
    #[serde(default = "thirty_seconds")]
    pub timeout: Period,
}

/// `webhook = { url = "https://…" }`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where to post. Often a secret: never shown.
    pub url: String,
    /// Sent along. Often secrets: never shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Signs the body: `X-Salve-Signature: sha256=` and the HMAC-SHA-256 in hexadecimal. Never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// How long to wait for the answer.
    #[serde(default = "ten_seconds")]
    pub timeout: Period,
}

/// Without what may be secret.
impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSettings").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// `pagerduty = { key_file = "/etc/salve/pagerduty.key" }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PagerDutySettings {
    /// The integration key, alone in a file of root's with mode 0600.
    pub key_file: PathBuf,
    /// Where events go; another for accounts in the EU.
    #[serde(default = "events_url")]
    pub url: String,
    /// How long to wait for the answer.
    #[serde(default = "ten_seconds")]
    pub timeout: Period,
}

fn events_url() -> String {
    "https://events.pagerduty.com/v2/enqueue".into()
}

const fn thirty_seconds() -> Period {
    Period::from_secs(30)
}

const fn ten_seconds() -> Period {
    Period::from_secs(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_written_as_tables_of_their_kind() {
        let text = r#"
            [oncall]
            webhook = { url = "https://hooks.example.net/secret", headers = { Authorization = "Bearer x" } }
            [mail]
            command = { run = ["mail", "root"], timeout = "1m" }
            [desk]
            tickets = {}
        "#;
        let read: BTreeMap<String, ChannelSettings> = toml::from_str(text).unwrap();
        assert_eq!(read["desk"], ChannelSettings::Tickets(TicketSettings { folder: None }));
        let run = vec!["mail".to_owned(), "root".to_owned()];
        assert_eq!(read["mail"], ChannelSettings::Command(CommandSettings { run, timeout: Period::from_secs(60) }));
        let ChannelSettings::Webhook(webhook) = &read["oncall"] else { panic!("{:?}", read["oncall"]) };
        assert_eq!((webhook.timeout, &*webhook.headers["Authorization"]), (Period::from_secs(10), "Bearer x"));
        assert!(!format!("{webhook:?}").contains("secret"));
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for text in ["[a]\nwebhook = { uri = \"x\" }", "[a]\ncarrier_pigeon = {}", "[a]\ntickets = { dir = \"/x\" }"] {
            assert!(toml::from_str::<BTreeMap<String, ChannelSettings>>(text).is_err(), "{text}");
        }
    }
}
