//! Prometheus' Alertmanager, API v2: one alert per dedup key. Alertmanager forgets what nobody tells it again, so open
//! alerts are sent again while they are open, and their ends a few times more, as Prometheus itself does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as Held, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::channel::address::{self, Over};
use crate::channel::http::{client, from_files, pace, unanswered, words};
use crate::channel::page::{Page, PageKind};
use crate::channel::settings::AlertmanagerSettings;
use crate::channel::{DeliveryError, PeerReply, RetryPolicy};
use crate::playbook::Risk;

/// Labels that salve sets. They are the alert's identity: nothing in them changes while it is open.
pub(in crate::channel) const OWN_LABELS: [&str; 7] =
    ["alertname", "instance", "target", "target_kind", "severity", "dedup", "source"];
/// An end is told so many times more: an older message may have been under way.
const ENDS: u32 = 5;
/// Lines of the story in an annotation.
const STORY: usize = 30;

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

    pub(in crate::channel) const fn resend(&self) -> Duration {
        self.settings.resend.0
    }

    pub(in crate::channel) async fn deliver(&self, page: Arc<Page>) -> Result<PeerReply, DeliveryError> {
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
    }

    /// Takes up an alert that an earlier process opened.
    pub(in crate::channel) fn keep(&self, page: &Arc<Page>) {
        let kept = Arc::new(Mutex::new(AlertState::Open(Arc::clone(page))));
        self.all().insert(Arc::clone(&page.dedup), kept);
    }

    /// Tells of everything that is open, and of what has just ended. Where the other side does not answer as it should,
    /// the round ends; an alert that it refuses for good holds up no other.
    pub(in crate::channel) async fn tell_open(&self) -> Result<(), DeliveryError> {
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

const fn severity(risk: Risk) -> &'static str {
    match risk {
        Risk::Low | Risk::Medium => "warning",
        Risk::High => "critical",
    }
}
