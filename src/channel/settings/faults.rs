//! What is well-formed in a channel's settings and still cannot work, or would give a secret away.

use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use reqwest::header::{HeaderName, HeaderValue};

use super::{
    AlertmanagerSettings, ChannelSettings, CommandSettings, PagerDutySettings, SmtpSettings, Tls, WebhookSettings,
};
use crate::channel::address::{self, Over};
use crate::channel::secret;
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;

/// No page waits longer for one answer, in seconds.
const LONGEST: u64 = 300;

/// One thing that is wrong with a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelError {
    /// Which key of the channel's table.
    pub key: &'static str,
    /// The rule that is broken, by which messages are grouped.
    pub rule: Rule,
    /// What is wrong with it, as a phrase that names the value.
    pub wrong: String,
    /// What a valid value looks like.
    pub right: String,
}

impl ChannelError {
    fn new(key: &'static str, rule: Rule, wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self { key, rule, wrong: wrong.into(), right: right.into() }
    }
}

impl ChannelSettings {
    /// Everything that is wrong with it.
    #[must_use]
    pub fn faults(&self) -> Vec<ChannelError> {
        match self {
            Self::Tickets(settings) => settings.folder.iter().filter_map(|path| absolute("folder", path)).collect(),
            Self::Command(settings) => command(settings),
            Self::Webhook(settings) => webhook(settings),
            Self::PagerDuty(settings) => pagerduty(settings),
            Self::Alertmanager(settings) => alertmanager(settings),
            Self::Smtp(settings) => smtp(settings),
            Self::Journald(settings) => absolute("socket", &settings.socket).into_iter().collect(),
        }
    }
}

fn command(settings: &CommandSettings) -> Vec<ChannelError> {
    let mut faults: Vec<ChannelError> = timeout(settings.timeout).into_iter().collect();
    let right = "write run = [\"/usr/local/bin/send-sms\", \"oncall\"]";
    match settings.run.first().map(String::as_str) {
        None | Some("") => faults.push(ChannelError::new("run", Rule::EmptyArguments, "`run` names no program", right)),
        Some(program) if program.contains('/') && !program.starts_with('/') => {
            let wrong = format!("`{program}` is not absolute");
            faults.push(ChannelError::new("run", Rule::RelativeProgram, wrong, right));
        }
        Some(_) => {}
    }
    faults
}

fn webhook(settings: &WebhookSettings) -> Vec<ChannelError> {
    let mut faults: Vec<ChannelError> = timeout(settings.timeout).into_iter().collect();
    let over = if settings.header_files.is_empty() { Over::Any } else { Over::PrivateOnly };
    match (&settings.url, &settings.url_file) {
        (Some(url), None) => faults.extend(web("url", url, over)),
        (None, Some(path)) => faults.extend(absolute("url_file", path)),
        (None, None) => faults.push(ChannelError::new(
            "url",
            Rule::MissingKey,
            "the webhook has neither `url` nor `url_file`",
            "write url = \"https://hooks.example.net/salve\", or url_file = \"/etc/salve/hook.url\" where it is a secret",
        )),
        (Some(_), Some(_)) => {
            let wrong = "`url` and `url_file` stand side by side";
            faults.push(ChannelError::new("url_file", Rule::Duplicate, wrong, "keep one of them"));
        }
    }
    for (name, value) in &settings.headers {
        if secretive(name) {
            let wrong = format!("the header {name} looks like a secret, and no secret stands in the settings");
            let right = format!("write header_files = {{ {name} = \"/etc/salve/hook.header\" }}");
            faults.push(ChannelError::new("headers", Rule::BadValue, wrong, right));
        }
        if HeaderValue::try_from(value).is_err() {
            let wrong = format!("the header {name} holds characters that cannot be sent");
            faults.push(ChannelError::new("headers", Rule::BadValue, wrong, "write printable ASCII"));
        }
        faults.extend(header("headers", name));
    }
    faults.extend(header_files(&settings.header_files));
    faults.extend(settings.secret_file.iter().filter_map(|path| absolute("secret_file", path)));
    faults
}

fn pagerduty(settings: &PagerDutySettings) -> Vec<ChannelError> {
    let mut faults: Vec<ChannelError> = timeout(settings.timeout).into_iter().collect();
    faults.extend(absolute("key_file", &settings.key_file));
    // every event holds the key
    faults.extend(web("url", &settings.url, Over::PrivateOnly));
    faults
}

fn alertmanager(settings: &AlertmanagerSettings) -> Vec<ChannelError> {
    let mut faults: Vec<ChannelError> = timeout(settings.timeout).into_iter().collect();
    let over = if settings.header_files.is_empty() { Over::Any } else { Over::PrivateOnly };
    faults.extend(web("url", &settings.url, over));
    if settings.url.contains("/api/v") {
        let wrong = "`url` goes on to the programming interface";
        faults.push(ChannelError::new("url", Rule::BadAddress, wrong, "write it as \"http://127.0.0.1:9093\""));
    }
    faults.extend(header_files(&settings.header_files));
    for name in settings.labels.keys() {
        let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !first || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            let wrong = format!("`{name}` cannot be a label's name");
            faults.push(ChannelError::new(
                "labels",
                Rule::BadValue,
                wrong,
                "letters, digits and `_` only, no digit first",
            ));
        } else if crate::channel::kinds::alertmanager::OWN_LABELS.contains(&name.as_str()) {
            let wrong = format!("the label `{name}` is salve's own");
            faults.push(ChannelError::new("labels", Rule::Duplicate, wrong, "choose another name"));
        }
    }
    if settings.resend.0.as_secs() == 0 {
        faults.push(ChannelError::new(
            "resend",
            Rule::ShortTime,
            "`resend` is below a second",
            "write resend = \"1m\"",
        ));
    }
    if settings.stays.0 < settings.resend.0.saturating_mul(3) {
        let wrong = "an alert that `stays` less than three times `resend` ends where one message is lost";
        faults.push(ChannelError::new("stays", Rule::ShortTime, wrong, "write stays = \"1h\""));
    }
    faults
}

fn smtp(settings: &SmtpSettings) -> Vec<ChannelError> {
    let mut faults: Vec<ChannelError> = timeout(settings.timeout).into_iter().collect();
    let mailbox = |key: &'static str, text: &str| {
        let wrong = |error| format!("`{text}` is no mail address: {error}");
        text.parse::<Mailbox>().err().map(|error| {
            ChannelError::new(
                key,
                Rule::BadAddress,
                wrong(error),
                "write it as \"ops@example.net\" or \"Ops <ops@example.net>\"",
            )
        })
    };
    faults.extend(mailbox("from", &settings.from));
    faults.extend(settings.to.iter().filter_map(|to| mailbox("to", to)));
    if settings.to.is_empty() {
        faults.push(ChannelError::new("to", Rule::BadValue, "`to` names nobody", "write to = [\"ops@example.net\"]"));
    }
    if settings.server.is_empty() || settings.server.contains(|c: char| c.is_whitespace() || c == '/') {
        let wrong = format!("`{}` is no server's name", settings.server);
        faults.push(ChannelError::new(
            "server",
            Rule::BadAddress,
            wrong,
            "write server = \"mail.example.net\" and port = 587",
        ));
    }
    if settings.tls == Tls::None && !address::is_loopback(&settings.server) {
        let wrong = "mail in the clear goes to this host itself only";
        faults.push(ChannelError::new("tls", Rule::BadValue, wrong, "write tls = \"starttls\" or tls = \"implicit\""));
    }
    if settings.user.is_some() != settings.password_file.is_some() {
        let (key, other) = if settings.user.is_some() { ("user", "password_file") } else { ("password_file", "user") };
        let wrong = format!("`{key}` stands without `{other}`");
        let right = "write user = \"salve\" and password_file = \"/etc/salve/smtp.password\"";
        faults.push(ChannelError::new(key, Rule::MissingKey, wrong, right));
    }
    faults.extend(settings.password_file.iter().filter_map(|path| absolute("password_file", path)));
    faults.extend(settings.ca_file.iter().filter_map(|path| absolute("ca_file", path)));
    faults
}

fn web(key: &'static str, url: &str, over: Over) -> Option<ChannelError> {
    let address::Wrong { wrong, right } = address::check(url, over).err()?;
    Some(ChannelError::new(key, Rule::BadAddress, format!("`{key}` {wrong}"), right))
}

fn absolute(key: &'static str, path: &Path) -> Option<ChannelError> {
    let wrong = || format!("`{}` is not an absolute path", path.display());
    (!path.is_absolute()).then(|| ChannelError::new(key, Rule::BadPath, wrong(), format!("write {key} = \"/…\"")))
}

fn header(key: &'static str, name: &str) -> Option<ChannelError> {
    let wrong = || format!("`{name}` cannot be a header's name");
    HeaderName::try_from(name).is_err().then(|| ChannelError::new(key, Rule::BadValue, wrong(), "write it as X-Team"))
}

fn header_files(files: &std::collections::BTreeMap<String, PathBuf>) -> Vec<ChannelError> {
    let paths = files.values().filter_map(|path| absolute("header_files", path));
    files.keys().filter_map(|name| header("header_files", name)).chain(paths).collect()
}

/// Headers that carry secrets by their name.
fn secretive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["authorization", "cookie", "token", "secret", "api-key", "apikey", "password"]
        .iter()
        .any(|word| name.contains(word))
}

fn timeout(timeout: Period) -> Option<ChannelError> {
    let seconds = timeout.0.as_secs();
    if timeout.0.is_zero() {
        Some(ChannelError::new("timeout", Rule::ZeroTime, "`timeout` is no time at all", "write timeout = \"10s\""))
    } else if seconds > LONGEST {
        let wrong = format!("`timeout` is {timeout}: a page must not wait so long");
        Some(ChannelError::new("timeout", Rule::LongTime, wrong, "write at most timeout = \"5m\""))
    } else {
        None
    }
}

impl ChannelSettings {
    /// What stands in its way on this host right now: a secret's file that is not there, or that others may read. In
    /// words, without secrets.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let files: Vec<&PathBuf> = match self {
            Self::Webhook(it) => it.header_files.values().chain(&it.url_file).chain(&it.secret_file).collect(),
            Self::PagerDuty(it) => vec![&it.key_file],
            Self::Alertmanager(it) => it.header_files.values().collect(),
            Self::Smtp(it) => it.password_file.iter().collect(),
            Self::Tickets(_) | Self::Command(_) | Self::Journald(_) => Vec::new(),
        };
        files.into_iter().filter_map(|path| secret::trouble(path)).collect()
    }
}
