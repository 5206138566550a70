//! Pages a human where salve itself cannot do its work and nothing is recorded: it cannot start, or it cannot write its
//! journal. The page is made from what is in memory, and goes to every channel that is configured.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::channel::{CappedList, Outbox, Page, PageKind};
use crate::core::{IncidentId, PageId};
use crate::engine::handle::Handle;
use crate::engine::operator;
use crate::engine::options::Options;
use crate::playbook::{Risk, Target};

/// Once the trouble is over, the end of the page gets so long to be taken.
const RESOLVED_WITHIN: Duration = Duration::from_mins(5);
/// A journal that cannot be written for so long pages a human.
const UNRECORDED: Duration = Duration::from_mins(1);

/// The journal is looked after so often...
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// ...and for no longer than this.
const LOOK: Duration = Duration::from_secs(2);

/// Why salve cannot do its work; in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The engine cannot start.
    NotStarted(Arc<str>),
    /// The journal cannot be written, so nothing is attempted.
    NotRecording(Arc<str>),
}

impl Trouble {
    /// What its dedup key ends with: the same for every try, so that a service that is told again folds them.
    const fn key(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "start",
            Self::NotRecording(_) => "recording",
        }
    }

    fn cause(&self) -> String {
        match self {
            Self::NotStarted(why) => format!("salve cannot start, so nobody watches this host: {why}"),
            Self::NotRecording(why) => format!("salve cannot write its journal, so it attempts nothing: {why}"),
        }
    }

    const fn over(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "salve has started",
            Self::NotRecording(_) => "the journal is written again",
        }
    }
}

/// A page about salve itself. Dropping it ends what has not been taken yet.
#[derive(Debug)]
pub struct Alarm {
    outbox: Outbox,
    page: Page,
    over: &'static str,
}

impl Alarm {
    /// Pages through every configured channel, each until it has taken the page. Needs a runtime.
    #[must_use]
    pub fn raise(options: &Options, trouble: &Trouble) -> Self {
        // nobody records what became of it
        let ((delivered, _), (notes, _)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let channels = options.settings.channels.clone();
        let to = channels.keys().map(|name| name.as_str().into()).collect();
        let outbox = Outbox::start(channels, options.paths.state.join("tickets"), delivered, notes);
        let page = page(&operator::host(), trouble, to, Timestamp::now());
        outbox.send(page.clone());
        Self { outbox, page, over: trouble.over() }
    }

    /// The trouble is over: the page is ended, wherever it was taken or still will be.
    pub async fn resolve(self) {
        let why = self.over.into();
        self.outbox.send(Page { id: PageId(2), kind: PageKind::Resolve, why, at: Timestamp::now(), ..self.page });
        self.outbox.flush(RESOLVED_WITHIN).await;
    }
}

/// Pages where the engine's journal cannot be written for longer than a minute, and ends that page when it can. Runs
/// until it is dropped.
pub async fn watch_recording(handle: Handle, options: Options) {
    let mut failing: Option<Instant> = None;
    let mut alarm: Option<Alarm> = None;
    loop {
        match (recording(&handle).await, failing) {
            (Ok(()), _) => {
                failing = None;
                if let Some(alarm) = alarm.take() {
                    tokio::spawn(alarm.resolve());
                }
            }
            (Err(_), None) => failing = Some(Instant::now()),
            (Err(why), Some(since)) if alarm.is_none() && since.elapsed() >= UNRECORDED => {
                alarm = Some(Alarm::raise(&options, &Trouble::NotRecording(why)));
            }
            (Err(_), Some(_)) => {}
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Can records be written? Looks only for a moment: an engine that nobody looks at has less to do.
async fn recording(handle: &Handle) -> Result<(), Arc<str>> {
    let mut looking = handle.snapshots();
    looking.borrow_and_update();
    let _ = timeout(LOOK, looking.changed()).await;
    let snapshot = looking.borrow();
    snapshot.recording.clone()
}

fn page(host: &str, trouble: &Trouble, to: Vec<Arc<str>>, at: Timestamp) -> Page {
    let cause: Arc<str> = trouble.cause().into();
    Page {
        id: PageId(1),
        kind: PageKind::Trigger { cause: Arc::clone(&cause) },
        dedup: format!("{host}/salve/{}", trouble.key()).into(),
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
        failing: CappedList::default(),
        related: CappedList::default(),
        limit: 0,
    }
}
