//! Gets every page through: one lane per channel and dedup key, so that a resolve never overtakes its trigger and one
//! slow or broken channel, or one page that is refused, delays no other.
//!
//! Nothing is kept here over a restart: what the journal knows as recorded and not as delivered is sent again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::RetryPolicy;
use super::backoff::Backoff;
use super::kind::Channel;
use super::page::{Page, PageKind};
use super::settings::ChannelSettings;
use super::ticket::Tickets;
use crate::core::PageId;

pub use crate::core::escalation::TICKETS;

/// So often a page is sent without an answer in time before one that waits behind it may go: what it says is newer, and
/// the other side, which folds pages by their dedup key, may well have this one.
const UNANSWERED: u32 = 3;

/// A channel that has not taken a call for so long does not hold it back: it becomes a ticket as well.
const LAST_RESORT: Duration = Duration::from_mins(1);

/// The way out. Dropping it ends all deliveries under way; their pages count as not delivered.
#[derive(Debug)]
pub struct Outbox {
    shared: Arc<Shared>,
    lanes: Mutex<JoinSet<()>>,
}

/// A page that was taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcceptedPage {
    /// Which.
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
            tickets: Channel::tickets(Tickets::new(tickets.clone())),
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

    /// Works through one lane until it is empty.
    async fn run(self: Arc<Self>, key: LaneKey) {
        let (channel, instead) = match self.channel(&key.0) {
            Some(channel) => (channel, None),
            None => (self.in_place_of_none(&key.0), Some(TICKETS.into())),
        };
        let mut next = self.queues().get(&key).and_then(|queue| queue.front().cloned());
        while let Some(page) = next {
            let refused = self.insist_or_fall_back(&channel, &key, &page).await;
            self.tries().remove(&page.id);
            let instead = instead.clone().or(refused.then(|| TICKETS.into()));
            // nobody listens any more only where the engine is going down
            let _ = self.delivered.send(AcceptedPage { page: page.id, channel: Arc::clone(&key.0), instead });
            next = self.done(&key);
        }
    }

    /// Tells a channel of its open pages, again and again; a failure is told once.
    async fn keep_open(self: Arc<Self>, name: Arc<str>, every: Duration) {
        let Some(channel) = self.channels.get(&*name) else { return };
        let mut failing = false;
        loop {
            sleep(every).await;
            match channel.tell_open().await {
                Ok(()) => failing = false,
                Err(setback) => {
                    if !std::mem::replace(&mut failing, true) {
                        self.note(&name, format!("open pages could not be sent again ({})", setback.why));
                    }
                }
            }
        }
    }

    /// The channel of this name.
    fn channel(&self, name: &Arc<str>) -> Option<Channel> {
        let configured = self.channels.get(&**name).cloned();
        configured.or_else(|| (&**name == TICKETS).then(|| self.tickets.clone()))
    }

    /// Where the pages of a channel go that does not exist.
    fn in_place_of_none(&self, name: &Arc<str>) -> Channel {
        self.note(name, "no channel of this name is configured: its pages go to the ticket folder".into());
        self.tickets.beside(Tickets::instead_of(self.ticket_folder.clone(), name))
    }

    /// Where a page goes that its channel will never take.
    fn refused(&self, name: &Arc<str>) -> Channel {
        self.tickets.beside(Tickets::refused_by(self.ticket_folder.clone(), name))
    }

    /// Tries until the channel has taken the page; a call that it does not take in time becomes a ticket meanwhile.
    /// True where the channel refused it.
    async fn insist_or_fall_back(&self, channel: &Channel, key: &LaneKey, page: &Arc<Page>) -> bool {
        let mut insist = std::pin::pin!(self.retry(channel, key, page));
        let call = matches!(page.kind, PageKind::Trigger { .. });
        if call && !channel.is_tickets() {
            tokio::select! {
                refused = &mut insist => return refused,
                () = self.last_resort(&key.0, page) => {}
            }
        }
        insist.await
    }

    /// Writes the ticket once the channel has had its time.
    async fn last_resort(&self, name: &Arc<str>, page: &Arc<Page>) {
        sleep(LAST_RESORT).await;
        let folder = self.tickets.beside(Tickets::not_taken_by(self.ticket_folder.clone(), name));
        self.note(name, format!("page {} was not delivered in time; it becomes a ticket as well", page.id));
        let ticket: Arc<str> = TICKETS.into();
        let lane: LaneKey = (Arc::clone(&ticket), Arc::clone(&page.dedup));
        self.retry(&folder, &lane, page).await;
        let _ = self.delivered.send(AcceptedPage { page: page.id, channel: ticket, instead: None });
    }

    /// Tries until the channel has taken the page, or the ticket folder has that the channel refuses for good; or until
    /// it was sent often enough without an answer and a newer page of its lane waits. True where the channel refused it.
    async fn retry(&self, channel: &Channel, key: &LaneKey, page: &Arc<Page>) -> bool {
        let name = &key.0;
        let mut unanswered = 0;
        let mut backoff = Backoff::default();
        let mut told: Option<Arc<str>> = None;
        let (mut channel, mut refused) = (channel.clone(), false);
        loop {
            let Err(setback) = channel.deliver(Arc::clone(page)).await else { break };
            self.count_try(page.id);
            if setback.pace == RetryPolicy::Never {
                let why = setback.why;
                self.note(
                    name,
                    format!("page {} was rejected permanently ({why}); it becomes a ticket instead", page.id),
                );
                channel = self.refused(name);
                refused = true;
                backoff = Backoff::default();
                continue;
            }
            // each reason once: what goes on failing the same way is told already
            if told.as_ref() != Some(&setback.why) {
                let when = if setback.pace == RetryPolicy::Slow { "retrying every few minutes" } else { "retrying" };
                self.note(name, format!("page {} was not delivered ({}); {when}", page.id, setback.why));
                told = Some(setback.why);
            }
            unanswered += u32::from(setback.pace == RetryPolicy::Unanswered);
            if unanswered >= UNANSWERED && self.waits_behind(key) {
                self.note(name, format!("page {} was sent {unanswered} times without an answer in time", page.id));
                return refused;
            }
            sleep(backoff.next(setback.pace)).await;
        }
        if told.is_some() {
            self.note(name, format!("page {} was delivered after retries", page.id));
        }
        refused
    }

    /// Is there a page behind the one under way?
    fn waits_behind(&self, key: &LaneKey) -> bool {
        self.queues().get(key).is_some_and(|queue| queue.len() > 1)
    }

    fn count_try(&self, page: PageId) {
        *self.tries().entry(page).or_default() += 1;
        self.tried.notify_one();
    }

    /// Takes the page that was delivered off its lane; the next one, if there is one.
    fn done(&self, key: &LaneKey) -> Option<Arc<Page>> {
        let mut queues = self.queues();
        let next = queues.get_mut(key).and_then(|queue| {
            queue.pop_front();
            queue.front().cloned()
        });
        if next.is_none() {
            queues.remove(key);
        }
        drop(queues);
        if self.pending.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.emptied.notify_waiters();
        }
        next
    }

    fn note(&self, channel: &Arc<str>, text: String) {
        let _ = self.notes.send((format!("channel {channel}").into(), text.into()));
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
