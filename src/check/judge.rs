//! Observation and condition to verdict, words and figure. Pure: a backtest judges old observations the same way.

pub use super::registry::{condition, judge};
use crate::core::Verdict;

/// What a condition makes of an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Does it hold?
    pub verdict: Verdict,
    /// What was seen, short, with its unit: `97.3%`, `failed (exit-code)`, `503`.
    pub seen: String,
    /// The same as a bare figure in the condition's unit, where it has one.
    pub figure: Option<f64>,
}
