//! `PagerDuty`, Events API v2: one event per page, under the page's dedup key. 202 means taken, 400 that it never will
//! be; everything else may pass.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::webhook::evidence;
use crate::channel::address::{self, Over};
use crate::channel::http::{client, retry_after, unanswered};
use crate::channel::page::{Page, PageKind};
use crate::channel::settings::PagerDutySettings;
use crate::channel::{DeliveryError, PeerReply, RetryPolicy, secret};
use crate::core::plan::hex;
use crate::playbook::Risk;

/// Longest dedup key, in characters.
const DEDUP: usize = 255;
/// Longest summary, in characters.
const SUMMARY: usize = 1024;
/// Largest event, in bytes.
const LARGEST: usize = 512 << 10;

/// A service's integration.
#[derive(Debug, Clone)]
pub(in crate::channel) struct PagerDuty {
    settings: PagerDutySettings,
}

impl PagerDuty {
    pub(in crate::channel) fn new(settings: PagerDutySettings) -> Self {
        Self { settings }
    }

    pub(in crate::channel) async fn deliver(&self, page: Arc<Page>) -> Result<PeerReply, DeliveryError> {
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
