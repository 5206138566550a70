//! Every kind of channel, in one place: a new one is a file of its own, its settings, and a line in each list here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::kinds::alertmanager::Alertmanager;
use super::kinds::command::CommandChannel;
use super::kinds::journald::Journald;
use super::kinds::pagerduty::PagerDuty;
use super::kinds::smtp::Smtp;
use super::kinds::ticket::Tickets;
use super::kinds::webhook::Webhook;
use super::page::Page;
use super::settings::ChannelSettings;
use super::{DeliveryError, PeerReply};
use crate::host::spare;

/// Deliveries under way at once, per channel.
const AT_ONCE: usize = 4;
/// Descriptors that one delivery takes: a program with its pipes on both sides takes the most, a connection with a name
/// being looked up for it, and its secrets' files, fewer.
const DESCRIPTORS: usize = 8;

/// A configured channel.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    kind: ChannelKind,
    at_once: Arc<Semaphore>,
}

#[derive(Debug, Clone)]
enum ChannelKind {
    Tickets(Tickets),
    Command(CommandChannel),
    Webhook(Webhook),
    PagerDuty(PagerDuty),
    Alertmanager(Arc<Alertmanager>),
    Smtp(Smtp),
    Journald(Journald),
}

impl Channel {
    fn new(kind: ChannelKind) -> Self {
        Self { kind, at_once: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    pub(super) fn tickets(tickets: Tickets) -> Self {
        // one at a time: two incidents may want the same new name
        Self { kind: ChannelKind::Tickets(tickets), at_once: Arc::new(Semaphore::new(1)) }
    }

    /// Other tickets in this ticket channel's folder, never at the same time as its own.
    pub(super) fn beside(&self, tickets: Tickets) -> Self {
        Self { kind: ChannelKind::Tickets(tickets), at_once: Arc::clone(&self.at_once) }
    }

    /// Does it write tickets?
    pub(super) const fn is_tickets(&self) -> bool {
        matches!(self.kind, ChannelKind::Tickets(_))
    }

    pub(super) fn configured(settings: ChannelSettings, default_folder: &Path) -> Self {
        match settings {
            ChannelSettings::Tickets(settings) => {
                Self::tickets(Tickets::new(settings.folder.unwrap_or_else(|| default_folder.to_owned())))
            }
            ChannelSettings::Command(settings) => Self::new(ChannelKind::Command(CommandChannel::new(settings))),
            ChannelSettings::Webhook(settings) => Self::new(ChannelKind::Webhook(Webhook::new(settings))),
            ChannelSettings::PagerDuty(settings) => Self::new(ChannelKind::PagerDuty(PagerDuty::new(settings))),
            ChannelSettings::Alertmanager(settings) => {
                Self::new(ChannelKind::Alertmanager(Arc::new(Alertmanager::new(settings))))
            }
            ChannelSettings::Smtp(settings) => Self::new(ChannelKind::Smtp(Smtp::new(settings))),
            ChannelSettings::Journald(settings) => Self::new(ChannelKind::Journald(Journald::new(settings))),
        }
    }

    /// Hands one page over, once; what the other side said.
    pub(super) async fn deliver(&self, page: Arc<Page>) -> Result<PeerReply, DeliveryError> {
        let _permit = self.at_once.acquire().await;
        let _lent = spare::lend_if_short(DESCRIPTORS);
        match &self.kind {
            ChannelKind::Tickets(tickets) => tickets.deliver(page).await,
            ChannelKind::Command(command) => command.deliver(page).await,
            ChannelKind::Webhook(webhook) => webhook.deliver(page).await,
            ChannelKind::PagerDuty(service) => service.deliver(page).await,
            ChannelKind::Alertmanager(service) => service.deliver(page).await,
            ChannelKind::Smtp(server) => server.deliver(page).await,
            ChannelKind::Journald(journal) => journal.deliver(&page),
        }
    }

    /// How often the other side must be told of open pages, where it forgets them by itself.
    pub(super) fn resend(&self) -> Option<Duration> {
        match &self.kind {
            ChannelKind::Alertmanager(service) => Some(service.resend()),
            _ => None,
        }
    }

    /// A page that is open from now on, without telling it now.
    pub(super) fn keep(&self, page: &Arc<Page>) {
        if let ChannelKind::Alertmanager(service) = &self.kind {
            service.keep(page);
        }
    }

    /// Tells the other side of everything that is open.
    pub(super) async fn tell_open(&self) -> Result<(), DeliveryError> {
        let _lent = spare::lend_if_short(DESCRIPTORS);
        match &self.kind {
            ChannelKind::Alertmanager(service) => service.tell_open().await,
            _ => Ok(()),
        }
    }
}
