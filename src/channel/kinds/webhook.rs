//! The webhook: one HTTP POST of JSON per page. 2xx means taken. No redirects, no proxy, a fresh connection each time.
//!
//! The body has a schema number and a `text` for chat services that show only that. Addresses and headers often are
//! secrets: no message from here holds them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::channel::delivery::{Delivering, Delivery, DeliveryError, RetryPolicy};
use crate::channel::http::address::{self, Over};
use crate::channel::http::sign::{SIGNATURE, TIMESTAMP, signature};
use crate::channel::http::{client, from_files, insert, pace, unanswered, words};
use crate::channel::kind::{ChannelError, ChannelKind};
use crate::channel::page::{Page, PageKind};
use crate::channel::{http, secret, settings_faults};
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;

/// The body's layout; raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;
/// Bytes of evidence that go along; the whole of it stands in the ticket or the journal.
const EVIDENCE: usize = 64 << 10;

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
    #[serde(default = "settings_faults::ten_seconds")]
    pub timeout: Period,
}

/// Without what may be secret.
impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSettings").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl ChannelKind for WebhookSettings {
    const FORM: &'static str = "{ url = \"https://hooks.example.net/salve\", secret_file = \"/etc/salve/hook.key\" }";

    fn destination(&self) -> String {
        // its address may be a secret; its host is none
        self.url.as_deref().map_or_else(|| "an address in a file".into(), http::host_of)
    }

    fn faults(&self) -> Vec<ChannelError> {
        let mut faults: Vec<ChannelError> = settings_faults::timeout(self.timeout).into_iter().collect();
        let over = if self.header_files.is_empty() { Over::Any } else { Over::PrivateOnly };
        match (&self.url, &self.url_file) {
            (Some(url), None) => faults.extend(settings_faults::web("url", url, over)),
            (None, Some(path)) => faults.extend(settings_faults::absolute("url_file", path)),
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
        for (name, value) in &self.headers {
            if settings_faults::secretive(name) {
                let wrong = format!("the header {name} looks like a secret, and no secret stands in the settings");
                let right = format!("write header_files = {{ {name} = \"/etc/salve/hook.header\" }}");
                faults.push(ChannelError::new("headers", Rule::BadValue, wrong, right));
            }
            if HeaderValue::try_from(value).is_err() {
                let wrong = format!("the header {name} holds characters that cannot be sent");
                faults.push(ChannelError::new("headers", Rule::BadValue, wrong, "write printable ASCII"));
            }
            faults.extend(settings_faults::header("headers", name));
        }
        faults.extend(settings_faults::header_files(&self.header_files));
        faults.extend(self.secret_file.iter().filter_map(|path| settings_faults::absolute("secret_file", path)));
        faults
    }

    fn secret_files(&self) -> Vec<&Path> {
        self.header_files.values().chain(&self.url_file).chain(&self.secret_file).map(PathBuf::as_path).collect()
    }

    fn open(self, _: &Path) -> Arc<dyn Delivery> {
        Arc::new(Webhook::new(self))
    }
}

/// An address to post pages to.
#[derive(Debug, Clone)]
pub(in crate::channel) struct Webhook {
    settings: WebhookSettings,
}

impl Webhook {
    pub(in crate::channel) fn new(settings: WebhookSettings) -> Self {
        Self { settings }
    }

    /// Where to post; read anew where it stands in a file.
    async fn url(&self) -> Result<String, DeliveryError> {
        let url = match (&self.settings.url, &self.settings.url_file) {
            (Some(url), _) => url.clone(),
            (None, Some(path)) => secret::read(path).await?,
            (None, None) => return Err(DeliveryError::new(RetryPolicy::Slow, "it has neither `url` nor `url_file`")),
        };
        let secret = self.settings.url_file.is_some() || !self.settings.header_files.is_empty();
        let over = if secret { Over::PrivateOnly } else { Over::Any };
        match address::check(&url, over) {
            Ok(_) => Ok(url),
            Err(wrong) => Err(DeliveryError::new(RetryPolicy::Slow, format!("its address {}", wrong.wrong))),
        }
    }
}

impl Delivery for Webhook {
    fn deliver(&self, page: Arc<Page>) -> Delivering<'_> {
        Box::pin(async move {
            let body = body(&page).to_string().into_bytes();
            let url = self.url().await?;
            let mut headers = from_files(&self.settings.header_files).await?;
            let hidden: Vec<String> =
                headers.values().filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
            for (name, value) in &self.settings.headers {
                insert(&mut headers, name, value)?;
            }
            let key = match &self.settings.secret_file {
                Some(path) => Some(secret::read(path).await?),
                None => None,
            };
            if let Some(key) = &key {
                sign(&mut headers, key, &body)?;
            }
            let request = client()?.post(&url).timeout(self.settings.timeout.0).headers(headers);
            let answer =
                request.header(CONTENT_TYPE, "application/json").body(body).send().await.map_err(unanswered)?;
            let (status, again) = (answer.status(), pace(answer.status(), answer.headers()));
            let secrets: Vec<&str> = hidden.iter().chain(&key).chain([&url]).map(String::as_str).collect();
            let said = words(answer, &secrets).await;
            if status.is_success() { Ok(said) } else { Err(DeliveryError::new(again, said)) }
        })
    }
}

/// Signed anew at each try: who checks the moment refuses an old one.
fn sign(headers: &mut HeaderMap, key: &str, body: &[u8]) -> Result<(), DeliveryError> {
    let now = Timestamp::now().as_second();
    insert(headers, TIMESTAMP, &now.to_string())?;
    insert(headers, SIGNATURE, &signature(key, now, body))
}

fn body(page: &Page) -> Value {
    let (cause, by) = match &page.kind {
        PageKind::Trigger { cause } => (Some(cause), None),
        PageKind::Acknowledge { by } => (None, Some(by)),
        PageKind::Resolve => (None, None),
    };
    let numbers = page.numbers();
    let story: Vec<Value> = page
        .story
        .iter()
        .map(|recorded| json!({ "at": recorded.wall, "seq": recorded.seq, "text": numbers.sentence(&recorded.event) }))
        .collect();
    json!({
        "schema": SCHEMA,
        "text": for_chat(page),
        "kind": page.kind.word(),
        "dedup_key": page.dedup,
        "page": page.id,
        "incident": page.incident,
        "host": page.host,
        "playbook": page.playbook,
        "title": page.title,
        "target": { "kind": page.target.kind(), "name": page.target.name() },
        "risk": page.risk,
        "cause": cause,
        "acknowledged_by": by,
        "why": page.why,
        "at": page.at,
        "story": story,
        "evidence": evidence(page),
        "failing": page.failing.shown,
        "related": page.related.shown,
    })
}

/// One line; `&`, `<` and `>` are escaped as chat services want it, so that no name in it can call a whole channel.
fn for_chat(page: &Page) -> String {
    page.summary().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(in crate::channel) fn evidence(page: &Page) -> Vec<Value> {
    let mut room = EVIDENCE;
    page.evidence
        .iter()
        .map(|evidence| {
            let body = &*evidence.body;
            let end = (0..=body.len().min(room)).rev().find(|end| body.is_char_boundary(*end)).unwrap_or_default();
            room -= end;
            json!({ "title": evidence.title, "body": body[..end], "cut": end < body.len() })
        })
        .collect()
}
