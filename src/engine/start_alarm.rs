//! An engine that cannot start calls a human all the same: nothing is recorded then, so the page is made from what is in
//! memory, and goes to every channel that is configured.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::start::{Options, StartError};
use crate::channel::{Listed, Outbox, Page, PageKind};
use crate::core::{IncidentId, PageId};
use crate::engine::operator;
use crate::playbook::{Risk, Target};

/// When the engine has started after all, the end of the call gets so long to be taken.
const RESOLVED_WITHIN: Duration = Duration::from_mins(5);

/// A call that an engine cannot start. Dropping it ends what has not been taken yet.
#[derive(Debug)]
pub struct StartAlarm {
    outbox: Outbox,
    page: Page,
}

impl StartAlarm {
    /// Calls through every configured channel, each until it has taken the page. Needs a runtime.
    #[must_use]
    pub fn raise(options: &Options, error: &StartError) -> Self {
        // nobody records what became of it
        let ((delivered, _), (notes, _)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let channels = options.settings.channels.clone();
        let to = channels.keys().map(|name| name.as_str().into()).collect();
        let outbox = Outbox::start(channels, options.paths.state.join("tickets"), delivered, notes);
        let page = page(&operator::host(), &error.to_string(), to, Timestamp::now());
        outbox.send(page.clone());
        Self { outbox, page }
    }

    /// The engine has started: the call is ended, wherever it was taken or still will be.
    pub async fn resolve(self) {
        let why = "salve has started".into();
        self.outbox.send(Page { id: PageId(2), kind: PageKind::Resolve, why, at: Timestamp::now(), ..self.page });
        self.outbox.flush(RESOLVED_WITHIN).await;
    }
}

fn page(host: &str, error: &str, to: Vec<Arc<str>>, at: Timestamp) -> Page {
    let cause: Arc<str> = format!("salve cannot start, so nobody watches this host: {error}").into();
    Page {
        id: PageId(1),
        kind: PageKind::Trigger { cause: Arc::clone(&cause) },
        // the same for every try, so that a service that is told again folds them
        dedup: format!("{host}/salve/start").into(),
        host: host.into(),
        // no incident of the journal has its moment's number
        incident: IncidentId(at.as_second().unsigned_abs()),
        playbook: "salve".into(),
        title: "salve watches this host".into(),
        target: Target::Host,
        risk: Risk::High,
        why: cause,
        at,
        to,
        story: Vec::new(),
        evidence: Vec::new(),
        failing: Listed::default(),
        related: Listed::default(),
        limit: 0,
    }
}
