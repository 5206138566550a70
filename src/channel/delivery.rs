//! One channel as pages are handed to it: what it must do, and what can come of it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::page::Page;
use crate::host::redact::redact;
use crate::text::clean_line;

/// Deliveries of one channel under way at once, where it does not say otherwise.
const AT_ONCE: usize = 4;

/// A delivery under way: ends with what the other side said.
pub type Delivering<'c> = BoxFuture<'c, Result<PeerReply, DeliveryError>>;
/// A reminder of open pages under way.
pub type Telling<'c> = BoxFuture<'c, Result<(), DeliveryError>>;

/// A channel that is open: it takes pages.
pub trait Delivery: Debug + Send + Sync {
    /// Hands one page over, once.
    fn deliver(&self, page: Arc<Page>) -> Delivering<'_>;

    /// How many pages may be on their way at once.
    fn at_once(&self) -> usize {
        AT_ONCE
    }

    /// Whether it writes tickets: what no other channel takes ends there.
    fn is_ticket_folder(&self) -> bool {
        false
    }

    /// How often the other side must be told of open pages, where it forgets them by itself.
    fn resend(&self) -> Option<Duration> {
        None
    }

    /// A page that is open from now on, without telling it now.
    fn keep(&self, _: &Arc<Page>) {}

    /// Tells the other side of everything that is open.
    fn tell_open(&self) -> Telling<'_> {
        Box::pin(async { Ok(()) })
    }
}

/// What the other side said when it took a page; may hold anything, and no secret of ours.
pub type PeerReply = String;

/// Why a channel did not take a page, and when to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryError {
    /// In words, clean, without secrets.
    pub why: Arc<str>,
    pub pace: RetryPolicy,
}

/// When a page that was not taken is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryPolicy {
    /// It may pass by itself: after the usual, growing wait.
    Usual,
    /// It was sent whole and no answer came in time, so it may have been taken: after the usual, growing wait.
    Unanswered,
    /// The other side said when.
    After(Duration),
    /// Somebody has to mend something first.
    Slow,
    /// Never: the same page will be refused each time. It becomes a ticket instead.
    Never,
}

impl DeliveryError {
    pub(super) fn new(pace: RetryPolicy, why: impl Into<String>) -> Self {
        let why: String = why.into();
        Self { why: redact(&clean_line(&why)).as_ref().into(), pace }
    }
}
