//! The webhook: one HTTP POST of JSON per page. 2xx means taken. No redirects, no proxy, a fresh connection each time.
//!
//! The body has a schema number and a `text` for chat services that show only that. Addresses and headers often are
//! secrets: no message from here holds them.

use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::page::{Page, PageKind};
use super::settings::WebhookSettings;
use super::{Pace, Setback};
use crate::core::plan::hex;
use crate::core::story::sentence;

/// The body's layout; raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;
/// Bytes of evidence that go along; the whole of it stands in the ticket or the journal.
const EVIDENCE: usize = 64 << 10;

/// An address to post pages to.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    settings: WebhookSettings,
}

impl Webhook {
    pub(super) fn new(settings: WebhookSettings) -> Self {
        Self { settings }
    }

    pub(super) async fn deliver(&self, page: Arc<Page>) -> Result<(), Setback> {
        let body = body(&page).to_string().into_bytes();
        let mut request = client()?
            .post(&self.settings.url)
            .timeout(self.settings.timeout.0)
            .headers(self.headers()?)
            .header(CONTENT_TYPE, "application/json");
        if let Some(secret) = &self.settings.secret {
            let signature = hex(&hmac(secret.as_bytes(), &body));
            request = request.header("x-salve-signature", format!("sha256={signature}"));
        }
        match request.body(body).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(self.refused(answer).await),
            Err(error) => Err(unanswered(error)),
        }
    }

    fn headers(&self) -> Result<HeaderMap, Setback> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.settings.headers {
            let read = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (key, mut value) =
                read.ok_or_else(|| Setback::new(Pace::Slow, format!("its header {name} is not a valid one")))?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        Ok(headers)
    }

    /// What an answer that is no yes means.
    async fn refused(&self, answer: Response) -> Setback {
        let status = answer.status();
        let pace = match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                retry_after(answer.headers()).map_or(Pace::Usual, Pace::After)
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => Pace::Usual,
            _ if status.is_server_error() => Pace::Usual,
            _ => Pace::Slow,
        };
        let said = self.words_of(answer).await;
        let colon = if said.is_empty() { "" } else { ": " };
        Setback::new(pace, format!("it answered {status}{colon}{said}"))
    }

    /// The beginning of an answer, unless it repeats what may be secret.
    async fn words_of(&self, mut answer: Response) -> String {
        let Ok(Some(first)) = answer.chunk().await else { return String::new() };
        let said: String = String::from_utf8_lossy(&first).chars().take(120).collect();
        let secrets = self.settings.headers.values().chain(&self.settings.secret).chain([&self.settings.url]);
        let words = secrets.flat_map(|secret| secret.split([' ', '/'])).filter(|word| word.len() > 5);
        if words.into_iter().any(|word| said.contains(word)) { String::new() } else { said }
    }
}

/// The process's one client; it keeps no connection open.
pub(super) fn client() -> Result<&'static Client, Setback> {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    install_tls();
    let client = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .user_agent(concat!("salve/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Setback::new(Pace::Slow, format!("no TLS here: {}", error.without_url())))?;
    Ok(CLIENT.get_or_init(|| client))
}

/// A request that got no answer.
pub(super) fn unanswered(error: reqwest::Error) -> Setback {
    let pace = if error.is_builder() { Pace::Slow } else { Pace::Usual };
    let timed_out = error.is_timeout();
    let error = error.without_url();
    let mut why = if timed_out { "no answer in time".to_owned() } else { error.to_string() };
    let mut source = std::error::Error::source(&error);
    // the innermost cause says it best: `connection refused`
    while let Some(cause) = source {
        if cause.source().is_none() && !timed_out {
            why = format!("{why}: {cause}");
        }
        source = cause.source();
    }
    Setback::new(pace, why)
}

/// In seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(at.duration_since(Timestamp::now()).try_into().unwrap_or_default())
}

/// The process has one TLS provider; whoever comes first installs it.
fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // an error means that another room was first, with the same one
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn body(page: &Page) -> Value {
    let cause = match &page.kind {
        PageKind::Trigger { cause } => Some(cause),
        PageKind::Resolve => None,
    };
    let story: Vec<Value> = page
        .story
        .iter()
        .map(|recorded| json!({ "at": recorded.wall, "seq": recorded.seq, "text": sentence(&recorded.event) }))
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
        "why": page.why,
        "at": page.at,
        "story": story,
        "evidence": evidence(page),
    })
}

/// One line; `&`, `<` and `>` are escaped as chat services want it, so that no name in it can call a whole channel.
fn for_chat(page: &Page) -> String {
    page.summary().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(super) fn evidence(page: &Page) -> Vec<Value> {
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

/// HMAC-SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new_with_prefix(pad(0x36)).chain_update(message).finalize();
    Sha256::new_with_prefix(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, cases 2 and 6
        let short = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let with = |value: &str| HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::try_from(value).unwrap())]);
        assert_eq!(retry_after(&with("120")), Some(Duration::from_mins(2)));
        assert_eq!(retry_after(&with("Wed, 21 Oct 2015 07:28:00 GMT")), Some(Duration::ZERO));
        assert_eq!(retry_after(&with("soon")), None);
    }
}
