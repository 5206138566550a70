//! An outbox with one channel, and pages for it.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use salve::channel::{AcceptedPage, CappedList, ChannelSettings, Outbox, Page, PageKind};
use salve::core::{IncidentId, PageId};
use salve::playbook::{Risk, Target};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub const PATIENCE: Duration = Duration::from_mins(2);
pub const DEDUP: &str = "db-1/salve/0123456789ab/unit/nginx.service";

pub struct Bench {
    pub outbox: Outbox,
    pub folder: TempDir,
    delivered: UnboundedReceiver<AcceptedPage>,
    notes: UnboundedReceiver<(Arc<str>, Arc<str>)>,
}

impl Bench {
    pub fn new(settings: ChannelSettings) -> Self {
        let folder = TempDir::new().unwrap();
        let (delivered_in, delivered) = unbounded_channel();
        let (notes_in, notes) = unbounded_channel();
        let channels = BTreeMap::from([("duty".to_owned(), settings)]);
        let outbox = Outbox::start(channels, folder.path().join("tickets"), delivered_in, notes_in);
        Self { outbox, folder, delivered, notes }
    }

    /// Waits until all is taken; which pages were, in order.
    pub async fn flushed(&mut self) -> Vec<u64> {
        assert!(self.outbox.flush(PATIENCE).await, "pending: {}; {}", self.outbox.pending(), self.notes());
        std::iter::from_fn(|| self.delivered.try_recv().ok()).map(|delivery| delivery.page.0).collect()
    }

    pub fn notes(&mut self) -> String {
        let notes = std::iter::from_fn(|| self.notes.try_recv().ok());
        notes.map(|(_, text)| text.to_string()).collect::<Vec<_>>().join("\n")
    }

    pub async fn note(&mut self) -> String {
        tokio::time::timeout(PATIENCE, self.notes.recv()).await.unwrap().unwrap().1.to_string()
    }

    /// The one ticket's text.
    pub fn ticket(&self) -> String {
        let entry = fs::read_dir(self.folder.path().join("tickets")).unwrap().next().unwrap().unwrap();
        fs::read_to_string(entry.path()).unwrap()
    }
}

pub fn private(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn page(id: u64, kind: PageKind) -> Page {
    Page {
        id: PageId(id),
        kind,
        dedup: DEDUP.into(),
        host: "db-1".into(),
        incident: IncidentId(4),
        playbook: "nginx-up".into(),
        title: "nginx serves – always".into(),
        target: Target::Unit("nginx.service".into()),
        risk: Risk::Low,
        why: "every rung was tried and none verified".into(),
        at: Timestamp::now(),
        to: vec!["duty".into()],
        story: Vec::new(),
        evidence: Vec::new(),
        failing: CappedList::default(),
        related: CappedList::default(),
        limit: 3,
    }
}

pub fn call(id: u64) -> Page {
    page(id, PageKind::Trigger { cause: "every rung was tried and none verified".into() })
}

pub fn seen(id: u64) -> Page {
    page(id, PageKind::Acknowledge { by: "alice".into() })
}

pub fn end(id: u64) -> Page {
    page(id, PageKind::Resolve)
}

/// Runs a trial on a runtime of its own.
pub fn run(trial: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(trial);
}

/// Waits until it is so.
pub async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
