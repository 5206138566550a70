//! Turns an observation and a condition into a verdict, a text and a figure. Pure, so that a backtest judges old
//! observations the same way.

pub mod conditions;

use crate::core::Verdict;

/// The result of evaluating a condition against an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether the condition holds, does not, or cannot be decided.
    pub verdict: Verdict,
    /// What was seen, short, with its unit: `97.3%`, `failed (exit-code)`, `503`.
    pub seen: String,
    /// The same as a bare figure in the condition's unit, where it has one.
    pub figure: Option<f64>,
}
