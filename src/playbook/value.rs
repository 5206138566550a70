//! Values with their units. A bare number where a unit is due is an error that shows the right form.

mod amount;
mod bound;
mod period;
mod sourced;
mod template;
#[cfg(test)]
mod tests;
mod wanted;
mod wanted_text;
mod window;
mod written;

pub use amount::Amount;
pub use bound::{Bound, Comparison, LatencyBound};
pub use period::Period;
pub use sourced::{SecretFile, Sourced};
pub use template::Template;
pub use wanted::{UnitState, WantedNumber, WantedState, WantedWord};
pub use wanted_text::WantedText;
pub use window::DayWindow;

/// How a value failed to read: what was wrong, and the right form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; write {right}")]
pub struct ValueError {
    /// What was wrong, in words.
    pub wrong: String,
    /// The right form, as it would stand in the file.
    pub right: String,
}

fn value_error(wrong: impl Into<String>, right: impl Into<String>) -> ValueError {
    ValueError { wrong: wrong.into(), right: right.into() }
}
