//! Works through one lane: each page is tried until its channel has taken it, refused it, or a ticket has taken its
//! place.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::backoff::Backoff;
use super::{AcceptedPage, LaneKey, Shared};
use crate::channel::configured::Channel;
use crate::channel::delivery::RetryPolicy;
use crate::channel::kinds::tickets::Tickets;
use crate::channel::page::{Page, PageKind};
use crate::core::PageId;
use crate::core::escalation::TICKETS;

/// So often a page is sent without an answer in time before one that waits behind it may go: what it says is newer, and
/// the other side, which folds pages by their dedup key, may well have this one.
const UNANSWERED: u32 = 3;

/// A channel that has not taken a call for so long does not hold it back: it becomes a ticket as well.
const LAST_RESORT: Duration = Duration::from_mins(1);

impl Shared {
    /// Works through one lane until it is empty.
    pub(super) async fn run(self: Arc<Self>, key: LaneKey) {
        let (channel, instead) = match self.channel(&key.0) {
            Some(channel) => (channel, None),
            None => (self.in_place_of_none(&key.0), Some(TICKETS.into())),
        };
        let mut next = self.queues().get(&key).and_then(|queue| queue.front().cloned());
        while let Some(page) = next {
            let refused = self.retry_or_fall_back(&channel, &key, &page).await;
            self.tries().remove(&page.id);
            let instead = instead.clone().or(refused.then(|| TICKETS.into()));
            // nobody listens any more only where the engine is going down
            let _ = self.delivered.send(AcceptedPage { page: page.id, channel: Arc::clone(&key.0), instead });
            next = self.done(&key);
        }
    }

    /// Tells a channel of its open pages, again and again; a failure is told once.
    pub(super) async fn keep_open(self: Arc<Self>, name: Arc<str>, every: Duration) {
        let Some(channel) = self.channels.get(&*name) else { return };
        let mut failing = false;
        loop {
            sleep(every).await;
            match channel.tell_open().await {
                Ok(()) => failing = false,
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        self.note(&name, format!("open pages could not be sent again ({})", error.why));
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
        self.tickets.beside(Arc::new(Tickets::instead_of(self.ticket_folder.clone(), name)))
    }

    /// Where a page goes that its channel will never take.
    fn refused(&self, name: &Arc<str>) -> Channel {
        self.tickets.beside(Arc::new(Tickets::refused_by(self.ticket_folder.clone(), name)))
    }

    /// Tries until the channel has taken the page; a call that it does not take in time becomes a ticket meanwhile.
    /// True where the channel refused it.
    async fn retry_or_fall_back(&self, channel: &Channel, key: &LaneKey, page: &Arc<Page>) -> bool {
        let mut delivery = std::pin::pin!(self.retry(channel, key, page));
        let call = matches!(page.kind, PageKind::Trigger { .. });
        if call && !channel.is_ticket_folder() {
            tokio::select! {
                refused = &mut delivery => return refused,
                () = self.last_resort(&key.0, page) => {}
            }
        }
        delivery.await
    }

    /// Writes the ticket once the channel has had its time.
    async fn last_resort(&self, name: &Arc<str>, page: &Arc<Page>) {
        sleep(LAST_RESORT).await;
        let folder = self.tickets.beside(Arc::new(Tickets::not_taken_by(self.ticket_folder.clone(), name)));
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
            let Err(error) = channel.deliver(Arc::clone(page)).await else { break };
            self.count_try(page.id);
            if error.pace == RetryPolicy::Never {
                let why = error.why;
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
            if told.as_ref() != Some(&error.why) {
                let when = if error.pace == RetryPolicy::Slow { "retrying every few minutes" } else { "retrying" };
                self.note(name, format!("page {} was not delivered ({}); {when}", page.id, error.why));
                told = Some(error.why);
            }
            unanswered += u32::from(error.pace == RetryPolicy::Unanswered);
            if unanswered >= UNANSWERED && self.waits_behind(key) {
                self.note(name, format!("page {} was sent {unanswered} times without an answer in time", page.id));
                return refused;
            }
            sleep(backoff.next(error.pace)).await;
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
