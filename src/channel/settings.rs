//! What an operator writes under `[channels.NAME]` in the settings file: one kind each. No secret stands in the
//! settings: whatever is one has a file of its own.
//!
//! ```toml
//! [channels.oncall]
//! webhook = { url = "https://hooks.example.net/salve", secret_file = "/etc/salve/hook.key" }
//!
//! [channels.mail]
//! smtp = { server = "mail.example.net", from = "salve@example.net", to = ["ops@example.net"] }
//!
//! [channels.desk]
//! tickets = { folder = "/srv/tickets" }
//! ```

mod faults;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use faults::ChannelError;

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
    /// An alert for Prometheus' Alertmanager.
    Alertmanager(AlertmanagerSettings),
    /// A mail by SMTP, to one or more addresses.
    Smtp(SmtpSettings),
    /// An entry in systemd's journal.
    Journald(JournaldSettings),
}

impl ChannelSettings {
    /// The kinds, as they are written.
    pub const KINDS: [&'static str; 7] =
        ["tickets", "command", "webhook", "pagerduty", "alertmanager", "smtp", "journald"];

    /// This one's kind, as it is written.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Tickets(_) => "tickets",
            Self::Command(_) => "command",
            Self::Webhook(_) => "webhook",
            Self::PagerDuty(_) => "pagerduty",
            Self::Alertmanager(_) => "alertmanager",
            Self::Smtp(_) => "smtp",
            Self::Journald(_) => "journald",
        }
    }

    /// Where its pages go, for people; without what may be secret.
    #[must_use]
    pub fn whereto(&self) -> String {
        match self {
            Self::Tickets(TicketSettings { folder: Some(folder) }) => folder.display().to_string(),
            Self::Tickets(_) => "the state folder".into(),
            Self::Command(settings) => settings.run.join(" "),
            // its address may be a secret; its host is none
            Self::Webhook(WebhookSettings { url: Some(url), .. }) => host_of(url),
            Self::Webhook(_) => "an address in a file".into(),
            Self::PagerDuty(settings) => host_of(&settings.url),
            Self::Alertmanager(settings) => settings.url.clone(),
            Self::Smtp(settings) => format!("{} through {}", settings.to.join(", "), settings.server),
            Self::Journald(_) => "systemd's journal".into(),
        }
    }
}

fn host_of(url: &str) -> String {
    reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
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
    /// Where to post. Never shown but for its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The same, where the address is itself a secret: alone in a private file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// Sent along; no secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Sent along, each with the value that stands alone in a private file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header_files: BTreeMap<String, PathBuf>,
    /// The key, alone in a private file, that signs time and body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
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

/// `alertmanager = { url = "http://127.0.0.1:9093" }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertmanagerSettings {
    /// Its address without `/api/v2/alerts`.
    pub url: String,
    /// Labels besides salve's own, for routing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Headers, as `Authorization`, each with the value that stands alone in a private file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header_files: BTreeMap<String, PathBuf>,
    /// An open alert is sent again so often.
    #[serde(default = "one_minute")]
    pub resend: Period,
    /// So long an alert stays open without a word from salve: longer than a reboot, and than the network's usual outage.
    #[serde(default = "one_hour")]
    pub stays: Period,
    /// How long to wait for the answer.
    #[serde(default = "ten_seconds")]
    pub timeout: Period,
}

/// `smtp = { server = "mail.example.net", from = "salve@example.net", to = ["ops@example.net"] }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// The server's name, as its certificate has it.
    pub server: String,
    /// 587 with `starttls`, 465 with `implicit`, 25 with `none`, where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How the connection is kept private.
    #[serde(default)]
    pub tls: Tls,
    /// A PEM file with the authority that signed the server's certificate, besides the host's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The sender's address, `salve@example.net` or `salve <salve@example.net>`.
    pub from: String,
    /// The recipients' addresses; at least one.
    pub to: Vec<String>,
    /// The account, where the server wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its password, alone in a private file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// How long each step may take.
    #[serde(default = "thirty_seconds")]
    pub timeout: Period,
}

/// How a connection to a mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// It begins in the clear, and nothing is said before it is private.
    #[default]
    Starttls,
    /// From the first byte.
    Implicit,
    /// Not at all: to this host itself only.
    None,
}

impl SmtpSettings {
    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::Starttls => 587,
            Tls::Implicit => 465,
            Tls::None => 25,
        })
    }
}

/// `journald = {}`: writes each page as an entry into systemd's journal on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournaldSettings {
    /// Where journald listens.
    #[serde(default = "journal_socket")]
    pub socket: PathBuf,
}

impl Default for JournaldSettings {
    fn default() -> Self {
        Self { socket: journal_socket() }
    }
}

fn journal_socket() -> PathBuf {
    "/run/systemd/journal/socket".into()
}

fn events_url() -> String {
    "https://events.pagerduty.com/v2/enqueue".into()
}

const fn one_hour() -> Period {
    Period::from_secs(3600)
}

const fn one_minute() -> Period {
    Period::from_secs(60)
}

const fn thirty_seconds() -> Period {
    Period::from_secs(30)
}

const fn ten_seconds() -> Period {
    Period::from_secs(10)
}
