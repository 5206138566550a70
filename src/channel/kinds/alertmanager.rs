//! Prometheus' Alertmanager, API v2: one alert per dedup key. Alertmanager forgets what nobody tells it again, so open
//! alerts are sent again while they are open, and their ends a few times more, as Prometheus itself does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as Held, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::channel::delivery::{Delivering, Delivery, DeliveryError, PeerReply, RetryPolicy, Telling};
use crate::channel::http::address::{self, Over};
use crate::channel::http::{client, from_files, pace, unanswered, words};
use crate::channel::kind::{ChannelError, ChannelKind};
use crate::channel::page::{Page, PageKind};
use crate::channel::settings_faults;
use crate::playbook::Risk;
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;

/// Labels that salve sets. They are the alert's identity: nothing in them changes while it is open.
pub(in crate::channel) const OWN_LABELS: [&str; 7] =
    ["alertname", "instance", "target", "target_kind", "severity", "dedup", "source"];
/// An end is told so many times more: an older message may have been under way.
const ENDS: u32 = 5;
/// Lines of the story in an annotation.
const STORY: usize = 30;

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
    #[serde(default = "settings_faults::ten_seconds")]
    pub timeout: Period,
}

const fn one_hour() -> Period {
    Period::from_secs(3600)
}

const fn one_minute() -> Period {
    Period::from_secs(60)
}

impl ChannelKind for AlertmanagerSettings {
    const FORM: &'static str = "{ url = \"http://127.0.0.1:9093\" }";

    fn destination(&self) -> String {
        self.url.clone()
    }

    fn faults(&self) -> Vec<ChannelError> {
        let mut faults: Vec<ChannelError> = settings_faults::timeout(self.timeout).into_iter().collect();
        let over = if self.header_files.is_empty() { Over::Any } else { Over::PrivateOnly };
        faults.extend(settings_faults::web("url", &self.url, over));
        if self.url.contains("/api/v") {
            let wrong = "`url` goes on to the programming interface";
            faults.push(ChannelError::new("url", Rule::BadAddress, wrong, "write it as \"http://127.0.0.1:9093\""));
        }
        faults.extend(settings_faults::header_files(&self.header_files));
        for name in self.labels.keys() {
            let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !first || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let wrong = format!("`{name}` cannot be a label's name");
                faults.push(ChannelError::new(
                    "labels",
                    Rule::BadValue,
                    wrong,
                    "letters, digits and `_` only, no digit first",
                ));
            } else if OWN_LABELS.contains(&name.as_str()) {
                let wrong = format!("the label `{name}` is salve's own");
                faults.push(ChannelError::new("labels", Rule::Duplicate, wrong, "choose another name"));
            }
        }
        if self.resend.0.as_secs() == 0 {
            faults.push(ChannelError::new(
                "resend",
                Rule::ShortTime,
                "`resend` is below a second",
                "write resend = \"1m\"",
            ));
        }
        if self.stays.0 < self.resend.0.saturating_mul(3) {
            let wrong = "an alert that `stays` less than three times `resend` ends where one message is lost";
            faults.push(ChannelError::new("stays", Rule::ShortTime, wrong, "write stays = \"1h\""));
        }
        faults
    }

    fn secret_files(&self) -> Vec<&Path> {
        self.header_files.values().map(PathBuf::as_path).collect()
    }

    fn open(self, _: &Path) -> Arc<dyn Delivery> {
        Arc::new(Alertmanager::new(self))
    }
}

/// Delivers pages to one Alertmanager, and remembers which alerts are open there so that it can send them again.
#[derive(Debug)]
pub(in crate::channel) struct Alertmanager {
    settings: AlertmanagerSettings,
    /// By dedup key. Each is told of by one message at a time, so that no message overtakes the end.
    standing: Held<BTreeMap<Arc<str>, Arc<Mutex<AlertState>>>>,
}

/// What Alertmanager was last told of an alert.
#[derive(Debug, Default)]
enum AlertState {
    /// No message about this alert was accepted since the engine started.
    #[default]
    Untold,
    Open(Arc<Page>),
    /// Over; told so many times more.
    Over(Arc<Page>, u32),
}

impl Alertmanager {
    pub(in crate::channel) fn new(settings: AlertmanagerSettings) -> Self {
        Self { settings, standing: Held::default() }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<Arc<str>, Arc<Mutex<AlertState>>>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, dedup: &Arc<str>) -> Arc<Mutex<AlertState>> {
        Arc::clone(self.all().entry(Arc::clone(dedup)).or_default())
    }

    async fn post(&self, page: &Page) -> Result<PeerReply, DeliveryError> {
        let secret = !self.settings.header_files.is_empty();
        let over = if secret { Over::PrivateOnly } else { Over::Any };
        address::check(&self.settings.url, over)
            .map_err(|wrong| DeliveryError::new(RetryPolicy::Slow, format!("its address {}", wrong.wrong)))?;
        let headers = from_files(&self.settings.header_files).await?;
        let hidden: Vec<String> = headers.values().filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
        let url = format!("{}/api/v2/alerts", self.settings.url.trim_end_matches('/'));
        let alerts = json!([self.alert(page, Timestamp::now())]);
        let request = client()?.post(url).timeout(self.settings.timeout.0).headers(headers).json(&alerts);
        let answer = request.send().await.map_err(unanswered)?;
        let (status, mut again) = (answer.status(), pace(answer.status(), answer.headers()));
        if status == reqwest::StatusCode::BAD_REQUEST {
            again = RetryPolicy::Never;
        }
        let secrets: Vec<&str> = hidden.iter().map(String::as_str).collect();
        let said = words(answer, &secrets).await;
        if status.is_success() { Ok(said) } else { Err(DeliveryError::new(again, said)) }
    }

    fn alert(&self, page: &Page, now: Timestamp) -> Value {
        let mut labels: BTreeMap<&str, String> =
            self.settings.labels.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let own = [
            page.playbook.to_string(),
            page.host.to_string(),
            page.target.name().to_string(),
            page.target.kind().to_owned(),
            severity(page.risk).to_owned(),
            page.dedup.to_string(),
            "salve".to_owned(),
        ];
        labels.extend(OWN_LABELS.into_iter().zip(own));
        let began = page.began();
        let ends = match page.kind {
            PageKind::Resolve => page.at.max(began),
            // without it Alertmanager ends the alert when it likes
            _ => now.saturating_add(self.settings.stays.0).unwrap_or(now),
        };
        let numbers = page.numbers();
        let lines: Vec<String> =
            page.story.iter().map(|told| format!("{} {}", told.wall, numbers.sentence(&told.event))).collect();
        let story = lines[lines.len().saturating_sub(STORY)..].join("\n");
        json!({
            "labels": labels,
            "annotations": {
                "summary": page.summary(),
                "description": page.why,
                "title": page.title,
                "incident": page.incident.0.to_string(),
                "story": story,
            },
            "startsAt": began,
            "endsAt": ends,
        })
    }
}

impl Delivery for Alertmanager {
    fn deliver(&self, page: Arc<Page>) -> Delivering<'_> {
        Box::pin(async move {
            let one = self.one(&page.dedup);
            let mut standing = one.lock().await;
            if let PageKind::Acknowledge { .. } = page.kind {
                return Ok("nothing was sent: Alertmanager knows no acknowledgement".into());
            }
            // a playbook that is gone by now must not change the labels: it would be another alert that ends
            let page = match &*standing {
                AlertState::Open(first) => Arc::new(Page {
                    playbook: Arc::clone(&first.playbook),
                    target: first.target.clone(),
                    risk: first.risk,
                    ..Page::clone(&page)
                }),
                _ => page,
            };
            let said = self.post(&page).await?;
            *standing = match page.kind {
                PageKind::Resolve => AlertState::Over(page, ENDS),
                _ => AlertState::Open(page),
            };
            Ok(said)
        })
    }

    fn resend(&self) -> Option<Duration> {
        Some(self.settings.resend.0)
    }

    /// Takes up an alert that an earlier process opened.
    fn keep(&self, page: &Arc<Page>) {
        let kept = Arc::new(Mutex::new(AlertState::Open(Arc::clone(page))));
        self.all().insert(Arc::clone(&page.dedup), kept);
    }

    /// Tells of everything that is open, and of what has just ended. Where the other side does not answer as it should,
    /// the round ends; an alert that it refuses for good holds up no other.
    fn tell_open(&self) -> Telling<'_> {
        Box::pin(async move {
            let all: Vec<_> = self.all().values().cloned().collect();
            for one in all {
                // held: something newer is on its way
                let Ok(mut standing) = one.try_lock() else { continue };
                let page = match &mut *standing {
                    AlertState::Open(page) => page,
                    AlertState::Over(page, left @ 1..) => {
                        *left -= 1;
                        page
                    }
                    AlertState::Untold | AlertState::Over(_, 0) => continue,
                };
                match self.post(page).await {
                    Err(setback) if setback.pace != RetryPolicy::Never => return Err(setback),
                    _ => {}
                }
            }
            self.all().retain(|_, one| {
                // ours alone and settled: nobody waits to say more of it
                let settled = one.try_lock().is_ok_and(|it| matches!(*it, AlertState::Over(_, 0)));
                !(settled && Arc::strong_count(one) == 1)
            });
            Ok(())
        })
    }
}

const fn severity(risk: Risk) -> &'static str {
    match risk {
        Risk::Low | Risk::Medium => "warning",
        Risk::High => "critical",
    }
}
