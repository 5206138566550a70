//! The journal as it stood at any event: folded by the same core, published as the same snapshot, beside the engine's
//! loop and never in its way.
//!
//! ```text
//!  console --ask--> line --> serve (a blocking thread, only while it is asked) --> ladder: fold up to the event
//!          <------- replayed snapshot ---- depict, publish <-- sight: what was seen then
//! ```
//!
//! | room | its one job |
//! |---|---|
//! | [`line`] | what is asked and answered |
//! | [`serve`] | answers, one at a time; forgets everything when it was not asked for long |
//! | [`ladder`] | the fold at any event, from the checkpoint below it |
//! | [`sight`] | what was watched and seen at a moment, from the kept readings |
//! | [`resume`] | the last hour, for an engine that takes up its work |
//! | [`told`] | one incident with its whole story |

mod ladder;
mod line;
mod resume;
mod serve;
mod sight;
mod told;

#[cfg(test)]
mod tests;

pub use line::{Ask, Goal, Line, PastError, Progress, Replayed, Side};
pub use resume::LastHour;
pub use serve::{Today, start};
pub use told::tell;
