//! The journal as it stood at any event: folded by the same core, published as the same snapshot, beside the engine's
//! loop and never in its way.
//!
//! ```text
//!  console --ask--> line --> serve (a blocking thread, only while it is asked) --> ladder: fold up to the event
//!          <------- replayed snapshot ---- set_past, build <-- readings of that time
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`client`] | what is asked and answered |
//! | [`serve`] | answers, one at a time; forgets everything when it was not asked for long |
//! | [`checkpoints`] | the fold at any event, from the checkpoint below it |
//! | [`historical_readings`] | what was watched and seen at a moment, from the kept readings |
//! | [`resume`] | the last hour, for an engine that takes up its work |
//! | [`incident_history`] | one incident with its whole story |

mod checkpoints;
mod client;
mod historical_readings;
mod incident_history;
mod resume;
mod serve;

#[cfg(test)]
mod tests;

pub use client::{FoldProgress, HistoryClient, HistoryQuery, PastError, Replayed, Seek, SeekSide};
pub use incident_history::read_incident;
pub use resume::LastHour;
pub use serve::{HistoryContext, start};
