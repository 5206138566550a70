//! The webhook: one HTTP POST of JSON per page. 2xx means taken. No redirects, no proxy, a fresh connection each time.
//!
//! The body has a schema number and a `text` for chat services that show only that. Addresses and headers often are
//! secrets: no message from here holds them.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

use crate::channel::address::{self, Over};
use crate::channel::http::{client, from_files, insert, pace, unanswered, words};
use crate::channel::page::{Page, PageKind};
use crate::channel::settings::WebhookSettings;
use crate::channel::sign::{SIGNATURE, TIMESTAMP, signature};
use crate::channel::{DeliveryError, PeerReply, RetryPolicy, secret};

/// The body's layout; raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;
/// Bytes of evidence that go along; the whole of it stands in the ticket or the journal.
const EVIDENCE: usize = 64 << 10;

/// An address to post pages to.
#[derive(Debug, Clone)]
pub(in crate::channel) struct Webhook {
    settings: WebhookSettings,
}

impl Webhook {
    pub(in crate::channel) fn new(settings: WebhookSettings) -> Self {
        Self { settings }
    }

    pub(in crate::channel) async fn deliver(&self, page: Arc<Page>) -> Result<PeerReply, DeliveryError> {
        let body = body(&page).to_string().into_bytes();
        let url = self.url().await?;
        let mut headers = from_files(&self.settings.header_files).await?;
        let hidden: Vec<String> = headers.values().filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
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
        let answer = request.header(CONTENT_TYPE, "application/json").body(body).send().await.map_err(unanswered)?;
        let (status, again) = (answer.status(), pace(answer.status(), answer.headers()));
        let secrets: Vec<&str> = hidden.iter().chain(&key).chain([&url]).map(String::as_str).collect();
        let said = words(answer, &secrets).await;
        if status.is_success() { Ok(said) } else { Err(DeliveryError::new(again, said)) }
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
