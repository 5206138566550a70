//! A length of time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{ValueError, value_error};

/// A length of time, written with its unit: `"30s"`, `"10m"`, `"1h 30m"`, `"7d"` (a day is 24 hours).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Period(pub Duration);

impl Period {
    /// A period of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Whole milliseconds, saturating.
    #[must_use]
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Period {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const RIGHT: &str = "a length of time with its unit, as \"30s\", \"10m\", \"1h 30m\" or \"7d\"";
        let span: jiff::Span = text.trim().parse().map_err(|_| {
            if text.trim().parse::<f64>().is_ok_and(f64::is_finite) {
                value_error(
                    format!("`{text}` has no unit"),
                    format!("\"{}s\" for seconds, or \"{}m\" for minutes", text.trim(), text.trim()),
                )
            } else {
                value_error(format!("`{text}` is not a length of time"), RIGHT)
            }
        })?;
        let length = span
            .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
            .map_err(|_| value_error(format!("`{text}` has no fixed length"), RIGHT))?;
        let length = Duration::try_from(length).map_err(|_| value_error(format!("`{text}` is negative"), RIGHT))?;
        if length.subsec_nanos().is_multiple_of(1_000_000) {
            Ok(Self(length))
        } else {
            Err(value_error(format!("`{text}` is finer than a millisecond"), RIGHT))
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.millis();
        if rest == 0 {
            return f.write_str("0s");
        }
        let mut first = true;
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                let gap = if first { "" } else { " " };
                write!(f, "{gap}{count}{unit}")?;
                first = false;
            }
        }
        Ok(())
    }
}
