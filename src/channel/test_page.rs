//! A test page through one channel: the call and its end, once each, and what the other side said to both. It goes
//! beside the outbox: nothing of it is recorded, and nothing is sent again.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::configured::Channel;
use super::page::{CappedList, Page, PageKind};
use super::registry::ChannelSettings;
use crate::core::{IncidentId, PageId};
use crate::playbook::{Risk, Target};

/// What came of a test page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// To the call: what the other side said, or why it was not taken. In words, clean, without secrets.
    pub call: Result<String, String>,
    /// To its end; none where the call was not taken.
    pub end: Option<Result<String, String>>,
}

impl Trial {
    /// Were both taken?
    #[must_use]
    pub const fn taken(&self) -> bool {
        matches!((&self.call, &self.end), (Ok(_), Some(Ok(_))))
    }
}

/// Sends a test page through a channel, within the channel's own timeout; needs a tokio runtime. `tickets` is the
/// default ticket folder, `host` this host's name.
pub async fn trial(name: &str, settings: &ChannelSettings, tickets: &Path, host: &str) -> Trial {
    let channel = Channel::configured(settings.clone(), tickets);
    let call = page(name, host, Timestamp::now());
    let end = Page {
        kind: PageKind::Resolve,
        id: PageId(2),
        why: "the test is over; there is no incident".into(),
        ..call.clone()
    };
    let said = deliver(&channel, call).await;
    let end = if said.is_ok() { Some(deliver(&channel, end).await) } else { None };
    Trial { call: said, end }
}

async fn deliver(channel: &Channel, page: Page) -> Result<String, String> {
    match channel.deliver(Arc::new(page)).await {
        Ok(said) => Ok(crate::host::redact::redact(&crate::text::clean_line(&said)).into_owned()),
        Err(setback) => Err(setback.why.to_string()),
    }
}

/// Under a key of its own each time, so that it joins no real page and no earlier test.
pub(super) fn page(name: &str, host: &str, at: Timestamp) -> Page {
    let cause: Arc<str> = format!("this is a test of channel {name}; there is no incident").into();
    Page {
        id: PageId(1),
        kind: PageKind::Trigger { cause: Arc::clone(&cause) },
        dedup: format!("{host}/salve/test/{name}/{}", at.as_millisecond()).into(),
        host: host.into(),
        // its moment, so that each test has a ticket and a thread of its own
        incident: IncidentId(at.as_second().unsigned_abs()),
        playbook: "salve-test".into(),
        title: "TEST: salve can reach you".into(),
        target: Target::Host,
        risk: Risk::Low,
        why: cause,
        at,
        to: vec![name.into()],
        story: Vec::new(),
        evidence: Vec::new(),
        failing: CappedList::default(),
        related: CappedList::default(),
        limit: 0,
    }
}
