//! Calling a human: one file per kind of channel, and the outbox that gets every page through.
//!
//! ```text
//!  engine --record Escalated--> journal        the durable half: what is recorded and not delivered is sent again
//!         --Outbox::send------> one lane per channel and dedup key, in order, retried until taken
//!         <--delivered--------- engine --record Delivered--> journal
//! ```
//!
//! So a page goes out at least once. Doubles are harmless because the dedup key stays the same: an alerting service
//! folds them, and the ticket folder writes the same file again.
//!
//! | module | what it does |
//! |---|---|
//! | [`settings`] | what an operator writes under `[channels.NAME]` |
//! | [`page`] | what goes out |
//! | [`outbox`] | lanes, order, retries |
//! | `kind` | every kind of channel, in one place |
//! | `ticket`, `command`, `webhook`, `pagerduty`, `alertmanager`, `smtp`, `journald` | one channel each |
//! | [`test_page`] | a test page, and what the other side said to it |
//! | `http`, `address`, `sign` | what channels over HTTP share |
//! | `secret` | a key that stands in a private file |
//! | `document`, [`markdown`] | a page as Markdown that untrusted text cannot break out of |

mod address;
mod backoff;
mod document;
mod http;
mod kind;
mod kinds;
pub mod markdown;
pub mod outbox;
pub mod page;
mod secret;
pub mod settings;
mod sign;
pub mod test_page;

pub use http::ping;
pub use outbox::{AcceptedPage, Outbox};
pub use page::{CappedList, Page, PageKind};
pub use settings::{
    AlertmanagerSettings, ChannelSettings, CommandSettings, JournaldSettings, PagerDutySettings, SmtpSettings,
    TicketSettings, Tls, WebhookSettings,
};

use std::sync::Arc;
use std::time::Duration;

use crate::host::redact::redact;
use crate::text::clean_line;

/// What is wrong with a web address that is no secret's way, and the right form; none where nothing is.
pub fn address_fault(url: &str) -> Option<(String, String)> {
    address::check(url, address::Over::Any).err().map(|fault| (fault.wrong, fault.right))
}

/// What the other side said when it took a page; may hold anything, and no secret of ours.
type PeerReply = String;

/// Why a channel did not take a page, and when to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DeliveryError {
    /// In words, clean, without secrets.
    why: Arc<str>,
    pace: RetryPolicy,
}

/// When a page that was not taken is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RetryPolicy {
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
    fn new(pace: RetryPolicy, why: impl Into<String>) -> Self {
        let why: String = why.into();
        Self { why: redact(&clean_line(&why)).as_ref().into(), pace }
    }
}
