//! `PagerDuty`, Events API v2: one event per page, under the page's dedup key. 202 means taken, 400 that it never will
//! be; everything else may pass.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::webhook::evidence;
use crate::channel::delivery::{Delivering, Delivery, DeliveryError, RetryPolicy};
use crate::channel::http::address::{self, Over};
use crate::channel::http::{client, retry_after, unanswered};
use crate::channel::kind::{ChannelError, ChannelKind};
use crate::channel::page::{Page, PageKind};
use crate::channel::{http, secret, settings_faults};
use crate::core::plan::hex;
use crate::playbook::Risk;
use crate::playbook::value::Period;

/// Longest dedup key, in characters.
const DEDUP: usize = 255;
/// Longest summary, in characters.
const SUMMARY: usize = 1024;
/// Largest event, in bytes.
const LARGEST: usize = 512 << 10;

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
    #[serde(default = "settings_faults::ten_seconds")]
    pub timeout: Period,
}

fn events_url() -> String {
    "https://events.pagerduty.com/v2/enqueue".into()
}

impl ChannelKind for PagerDutySettings {
    const FORM: &'static str = "{ key_file = \"/etc/salve/pagerduty.key\" }";

    fn destination(&self) -> String {
        http::host_of(&self.url)
    }

    fn faults(&self) -> Vec<ChannelError> {
        let mut faults: Vec<ChannelError> = settings_faults::timeout(self.timeout).into_iter().collect();
        faults.extend(settings_faults::absolute("key_file", &self.key_file));
        // every event holds the key
        faults.extend(settings_faults::web("url", &self.url, Over::PrivateOnly));
        faults
    }

    fn secret_files(&self) -> Vec<&Path> {
        vec![&self.key_file]
    }

    fn open(self, _: &Path) -> Arc<dyn Delivery> {
        Arc::new(PagerDuty::new(self))
    }
}

/// A service's integration.
#[derive(Debug, Clone)]
pub(in crate::channel) struct PagerDuty {
    settings: PagerDutySettings,
}

impl PagerDuty {
    pub(in crate::channel) fn new(settings: PagerDutySettings) -> Self {
        Self { settings }
    }
}

impl Delivery for PagerDuty {
    fn deliver(&self, page: Arc<Page>) -> Delivering<'_> {
        Box::pin(async move {
            // every event holds the key
            address::check(&self.settings.url, Over::PrivateOnly)
                .map_err(|wrong| DeliveryError::new(RetryPolicy::Slow, format!("its address {}", wrong.wrong)))?;
            let key = secret::read(&self.settings.key_file).await?;
            // a fresh connection each time, as for webhooks
            let answer = client()?
                .post(&self.settings.url)
                .timeout(self.settings.timeout.0)
                .json(&event(&page, &key))
                .send()
                .await
                .map_err(unanswered)?;
            let status = answer.status();
            let again = match status {
                StatusCode::ACCEPTED => return Ok(format!("PagerDuty answered {status}")),
                StatusCode::BAD_REQUEST => RetryPolicy::Never,
                StatusCode::TOO_MANY_REQUESTS => {
                    retry_after(answer.headers()).map_or(RetryPolicy::Usual, RetryPolicy::After)
                }
                _ if status.is_server_error() => {
                    retry_after(answer.headers()).map_or(RetryPolicy::Usual, RetryPolicy::After)
                }
                StatusCode::REQUEST_TIMEOUT => RetryPolicy::Usual,
                _ => RetryPolicy::Slow,
            };
            // its words may repeat the key; the status says enough
            Err(DeliveryError::new(again, format!("PagerDuty answered {status}")))
        })
    }
}

fn event(page: &Page, key: &str) -> Value {
    let dedup = dedup(&page.dedup);
    let PageKind::Trigger { cause } = &page.kind else {
        // the service's words for it are ours
        return json!({ "routing_key": key, "event_action": page.kind.word(), "dedup_key": dedup });
    };
    let numbers = page.numbers();
    let mut story: Vec<String> =
        page.story.iter().map(|recorded| format!("{} {}", recorded.wall, numbers.sentence(&recorded.event))).collect();
    let mut evidence = evidence(page);
    loop {
        let event = json!({
            "routing_key": key,
            "event_action": "trigger",
            "dedup_key": dedup,
            "client": "salve",
            "payload": {
                "summary": page.summary().chars().take(SUMMARY).collect::<String>(),
                "source": page.host,
                "severity": severity(page.risk),
                "timestamp": page.at,
                "component": page.target.to_string(),
                "class": page.playbook,
                "custom_details": {
                    "incident": page.incident,
                    "cause": cause,
                    "why": page.why,
                    "story": story,
                    "evidence": evidence,
                },
            },
        });
        if event.to_string().len() <= LARGEST || (evidence.pop().is_none() && story.is_empty()) {
            return event;
        }
        // the ticket and the journal have all of it; what is latest says most
        if evidence.is_empty() {
            story.drain(..story.len().div_ceil(2));
        }
    }
}

/// The page's key; its digest where it is longer than the service takes.
fn dedup(key: &str) -> String {
    if key.chars().count() <= DEDUP { key.to_owned() } else { hex(&Sha256::digest(key)) }
}

const fn severity(risk: Risk) -> &'static str {
    match risk {
        Risk::Low => "warning",
        Risk::Medium => "error",
        Risk::High => "critical",
    }
}
