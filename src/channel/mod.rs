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
//! | `registry` | what an operator writes under `[channels.NAME]`, one kind each |
//! | [`page`] | what goes out |
//! | [`outbox`] | lanes, order, retries |
//! | `kind`, [`kinds`] | what a kind of channel is; each in a file of its own, and the one list of them |
//! | `delivery`, `configured` | a channel as pages are handed to it, and what passes to all of them |
//! | [`test_page`] | a test page, and what the other side said to it |
//! | `http`, `address`, `sign`, `settings_faults` | what several kinds share |
//! | `secret` | a key that stands in a private file |
//! | `document`, [`markdown`] | a page as Markdown that untrusted text cannot break out of |

mod configured;
mod delivery;
mod document;
mod http;
mod kind;
pub mod kinds;
pub mod markdown;
pub mod outbox;
pub mod page;
mod registry;
mod secret;
mod settings_faults;
pub mod test_page;

pub use http::ping;
pub use outbox::{AcceptedPage, Outbox};
pub use page::{CappedList, Page, PageKind};
pub use registry::ChannelSettings;

/// What is wrong with a web address that is no secret's way, and the right form; none where nothing is.
pub fn address_fault(url: &str) -> Option<(String, String)> {
    http::address::check(url, http::address::Over::Any).err().map(|fault| (fault.wrong, fault.right))
}
