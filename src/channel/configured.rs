//! A channel of the settings, opened: every delivery passes here, so that none exceeds what the channel and the process
//! can hold at once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::delivery::{Delivery, DeliveryError, PeerReply};
use super::page::Page;
use super::registry::ChannelSettings;
use crate::host::spare;

/// Descriptors that one delivery takes: a program with its pipes on both sides takes the most, a connection with a name
/// being looked up for it, and its secrets' files, fewer.
const DESCRIPTORS: usize = 8;

/// A configured channel.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    delivery: Arc<dyn Delivery>,
    at_once: Arc<Semaphore>,
}

impl Channel {
    pub(super) fn new(delivery: Arc<dyn Delivery>) -> Self {
        let at_once = Arc::new(Semaphore::new(delivery.at_once()));
        Self { delivery, at_once }
    }

    pub(super) fn configured(settings: ChannelSettings, default_folder: &Path) -> Self {
        Self::new(settings.open(default_folder))
    }

    /// Another delivery, never at the same time as this one's own.
    pub(super) fn beside(&self, delivery: Arc<dyn Delivery>) -> Self {
        Self { delivery, at_once: Arc::clone(&self.at_once) }
    }

    /// Hands one page over, once; what the other side said.
    pub(super) async fn deliver(&self, page: Arc<Page>) -> Result<PeerReply, DeliveryError> {
        let _permit = self.at_once.acquire().await;
        let _lent = spare::lend_if_short(DESCRIPTORS);
        self.delivery.deliver(page).await
    }

    /// Whether it writes tickets.
    pub(super) fn is_ticket_folder(&self) -> bool {
        self.delivery.is_ticket_folder()
    }

    /// How often the other side must be told of open pages, where it forgets them by itself.
    pub(super) fn resend(&self) -> Option<Duration> {
        self.delivery.resend()
    }

    /// A page that is open from now on, without telling it now.
    pub(super) fn keep(&self, page: &Arc<Page>) {
        self.delivery.keep(page);
    }

    /// Tells the other side of everything that is open.
    pub(super) async fn tell_open(&self) -> Result<(), DeliveryError> {
        let _lent = spare::lend_if_short(DESCRIPTORS);
        self.delivery.tell_open().await
    }
}
