//! Comparisons: with an amount, with a length of time.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::amount::from_its_figure;
use super::{Amount, Period, ValueError, value_error};

/// How a measured value is compared with an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Less than the amount, written `<`.
    Below,
    /// At most the amount, written `<=`.
    AtMost,
    /// Greater than the amount, written `>`.
    Above,
    /// At least the amount, written `>=`.
    AtLeast,
    /// Exactly the amount, written `=`.
    Equal,
}

/// A comparison with an amount: `"> 85%"`, `"<= 5GiB"`, `"= 0"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// How the measured value is compared.
    pub comparison: Comparison,
    /// The amount that it is compared with.
    pub amount: Amount,
}

/// A comparison with a length of time: `"< 500ms"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LatencyBound {
    /// How the measured time is compared.
    pub comparison: Comparison,
    /// The length of time that it is compared with.
    pub period: Period,
}

impl FromStr for Bound {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Some((comparison, amount)) = Comparison::split(text) {
            return Ok(Self { comparison, amount: amount.parse()? });
        }
        let amount = from_its_figure(text);
        Err(value_error(format!("`{text}` does not say which side"), format!("\"> {amount}\" or \"< {amount}\"")))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.comparison, self.amount)
    }
}

impl Bound {
    /// Whether a figure, in the amount's own unit, satisfies this bound.
    #[must_use]
    pub fn admits(self, figure: f64) -> bool {
        self.comparison.admits(figure.total_cmp(&self.amount.figure()))
    }
}

impl Comparison {
    /// The sign at the head of `text`, and what follows it.
    fn split(text: &str) -> Option<(Self, &str)> {
        let signs =
            [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Below), (">", Self::Above), ("=", Self::Equal)];
        signs.into_iter().find_map(|(sign, comparison)| Some((comparison, text.trim().strip_prefix(sign)?)))
    }

    /// Whether an ordering of figure and limit satisfies it.
    #[must_use]
    pub fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Below => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Above => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Equal => "=",
        })
    }
}

impl LatencyBound {
    /// Whether a length of time satisfies this bound.
    #[must_use]
    pub fn admits(self, took: Duration) -> bool {
        self.comparison.admits(took.cmp(&self.period.0))
    }
}

impl FromStr for LatencyBound {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (comparison, period) = Comparison::split(text).ok_or_else(|| {
            value_error(format!("`{text}` does not say which side"), format!("\"< {}\"", from_its_figure(text)))
        })?;
        Ok(Self { comparison, period: period.parse()? })
    }
}

impl fmt::Display for LatencyBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.comparison, self.period)
    }
}
