//! Gets every page through: one lane per channel and dedup key, so that a resolve never overtakes its trigger and one
//! slow or broken channel, or one page that is refused, delays no other.
//!
//! Nothing is kept here over a restart: what the journal knows as recorded and not as delivered is sent again.

mod backoff;
mod lane;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::configured::Channel;
use super::kinds::tickets::Tickets;
use super::page::Page;
use super::registry::ChannelSettings;
use crate::core::PageId;
pub use crate::core::escalation::TICKETS;

/// The way out. Dropping it ends all deliveries under way; their pages count as not delivered.
#[derive(Debug)]
pub struct Outbox {
    shared: Arc<Shared>,
    lanes: Mutex<JoinSet<()>>,
}

/// A page that was taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcceptedPage {
    /// The page's number in the journal.
    pub page: PageId,
    /// The channel that it was sent to.
    pub channel: Arc<str>,
    /// The channel that took it instead, where that one does not exist or refuses the page for good.
    pub instead: Option<Arc<str>>,
}

/// A channel's name and a dedup key.
type LaneKey = (Arc<str>, Arc<str>);

#[derive(Debug)]
struct Shared {
    /// Pages of each lane that has any, oldest first; the first is under way.
    queues: Mutex<HashMap<LaneKey, VecDeque<Arc<Page>>>>,
    channels: BTreeMap<String, Channel>,
    /// For pages that name no channel.
    tickets: Channel,
    ticket_folder: PathBuf,
    pending: AtomicUsize,
    /// How often each page that is under way was not taken, at most over its channels.
    tries: Mutex<BTreeMap<PageId, u32>>,
    /// Rings at every try that failed.
    tried: Arc<Notify>,
    emptied: Notify,
    delivered: mpsc::UnboundedSender<AcceptedPage>,
    notes: mpsc::UnboundedSender<(Arc<str>, Arc<str>)>,
}

impl Outbox {
    /// Within a tokio runtime. `tickets` is the default ticket folder. Each page that a channel took comes out at
    /// `delivered`; what an operator should know comes out at `notes`, as
    /// (about what, text).
    #[must_use]
    pub fn start(
        channels: BTreeMap<String, ChannelSettings>,
        tickets: PathBuf,
        delivered: mpsc::UnboundedSender<AcceptedPage>,
        notes: mpsc::UnboundedSender<(Arc<str>, Arc<str>)>,
    ) -> Self {
        let channels =
            channels.into_iter().map(|(name, settings)| (name, Channel::configured(settings, &tickets))).collect();
        let shared = Shared {
            queues: Mutex::default(),
            channels,
            tickets: Channel::new(Arc::new(Tickets::new(tickets.clone()))),
            ticket_folder: tickets,
            pending: AtomicUsize::new(0),
            tries: Mutex::default(),
            tried: Arc::default(),
            emptied: Notify::new(),
            delivered,
            notes,
        };
        let shared = Arc::new(shared);
        let mut lanes = JoinSet::new();
        for (name, every) in shared.channels.iter().filter_map(|(name, channel)| Some((name, channel.resend()?))) {
            lanes.spawn(Arc::clone(&shared).keep_open(name.as_str().into(), every));
        }
        Self { shared, lanes: Mutex::new(lanes) }
    }

    /// A page that was delivered in an earlier life and is still open: channels that must be told again and again are.
    pub fn keep(&self, page: &Page) {
        let page = Arc::new(page.clone());
        for channel in page.to.iter().filter_map(|name| self.shared.channels.get(&**name)) {
            channel.keep(&page);
        }
    }

    /// Sends a page to every channel that it names, or to [`TICKETS`] where it names none. A page that is still under
    /// way there is not sent twice.
    pub fn send(&self, page: Page) {
        let page = Arc::new(page);
        if page.to.is_empty() {
            self.queue(TICKETS.into(), &page);
        }
        for channel in &page.to {
            self.queue(Arc::clone(channel), &page);
        }
    }

    /// Pages that are not delivered yet, counted once per channel.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shared.pending.load(Ordering::Relaxed)
    }

    /// How often each page that is still under way was not taken, where that happened.
    #[must_use]
    pub fn tries(&self) -> BTreeMap<PageId, u32> {
        self.shared.tries().clone()
    }

    /// Rings at every try that failed.
    #[must_use]
    pub fn tried(&self) -> Arc<Notify> {
        Arc::clone(&self.shared.tried)
    }

    /// Waits until nothing is pending, at most so long. True where nothing is.
    pub async fn flush(&self, within: Duration) -> bool {
        let emptied = async {
            loop {
                let emptied = self.shared.emptied.notified();
                if self.pending() == 0 {
                    return;
                }
                emptied.await;
            }
        };
        timeout(within, emptied).await.is_ok()
    }

    fn queue(&self, channel: Arc<str>, page: &Arc<Page>) {
        let key: LaneKey = (channel, Arc::clone(&page.dedup));
        let mut queues = self.shared.queues();
        let queue = queues.entry(key.clone()).or_default();
        if queue.iter().any(|waiting| waiting.id == page.id) {
            return;
        }
        queue.push_back(Arc::clone(page));
        self.shared.pending.fetch_add(1, Ordering::Relaxed);
        if queue.len() == 1 {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            while lanes.try_join_next().is_some() {}
            lanes.spawn(Arc::clone(&self.shared).run(key));
        }
    }
}

impl Shared {
    fn queues(&self) -> MutexGuard<'_, HashMap<LaneKey, VecDeque<Arc<Page>>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tries(&self) -> MutexGuard<'_, BTreeMap<PageId, u32>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::test_page;

    #[tokio::test]
    async fn a_call_that_its_channel_does_not_take_becomes_a_ticket_and_goes_on_being_tried() {
        let folder = tempfile::tempdir().unwrap();
        // without an address nothing is ever sent
        let dead: ChannelSettings = serde_json::from_str(r#"{"webhook": {"url": "nowhere"}}"#).unwrap();
        let (delivered, mut taken) = mpsc::unbounded_channel();
        let (notes, mut told) = mpsc::unbounded_channel();
        let outbox = Outbox::start([("duty".to_owned(), dead)].into(), folder.path().join("tickets"), delivered, notes);
        let page = test_page::page("duty", "db-1", jiff::Timestamp::UNIX_EPOCH);
        let id = page.id;
        outbox.send(page);
        let mut notes: Vec<Arc<str>> = Vec::new();
        let stepped_in = |notes: &[Arc<str>]| notes.iter().any(|text| text.contains("becomes a ticket as well"));
        // the wait for the channel is skipped; the ticket itself is written to a real disk, in real time
        for _ in 0..1000 {
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::time::resume();
            tokio::time::sleep(Duration::from_millis(1)).await;
            while let Ok((_, text)) = told.try_recv() {
                notes.push(text);
            }
            if stepped_in(&notes) {
                break;
            }
        }
        assert!(stepped_in(&notes), "{notes:?}");
        let taken = tokio::time::timeout(Duration::from_mins(1), taken.recv()).await.unwrap();
        assert_eq!(taken.map(|taken| (taken.page, taken.channel.to_string())), Some((id, "tickets".into())));
        assert_eq!(outbox.pending(), 1, "the channel is still tried");
        assert!(outbox.tries().get(&id).is_some_and(|tries| *tries > 0));
        let tickets: Vec<_> = std::fs::read_dir(folder.path().join("tickets")).unwrap().flatten().collect();
        assert_eq!(tickets.len(), 1);
        let text = std::fs::read_to_string(tickets[0].path()).unwrap();
        assert!(text.contains("did not accept this page in time"), "{text}");
    }
}
