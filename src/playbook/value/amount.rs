//! Amounts with their units.

use std::fmt;
use std::str::FromStr;

use super::{ValueError, value_error};

/// An amount with its unit: `85%` (percent of the whole), `5GiB` (bytes), `3` (a plain count).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// Percent of the whole, 0 to 100.
    Percent(f64),
    /// An absolute size, in bytes.
    Bytes(u64),
    /// A count or a plain figure (processes, load, inodes).
    Count(f64),
}

impl FromStr for Amount {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        if let Some(number) = text.strip_suffix('%') {
            let percent: f64 = number.trim().parse().map_err(|_| {
                value_error(format!("`{text}` is not a percentage"), "a number from 0 to 100 with its sign, as \"85%\"")
            })?;
            if !(0.0..=100.0).contains(&percent) {
                return Err(value_error(
                    format!("`{text}` is not between 0% and 100%"),
                    "a number from 0 to 100 with its sign, as \"85%\"",
                ));
            }
            return Ok(Self::Percent(percent));
        }
        if let Ok(count) = text.parse::<f64>() {
            return if count.is_finite() && count >= 0.0 {
                Ok(Self::Count(count))
            } else {
                Err(value_error(format!("`{text}` is negative or endless"), "a number from 0 up"))
            };
        }
        text.parse::<bytesize::ByteSize>()
            .map(|size| Self::Bytes(size.as_u64()))
            .map_err(|_| value_error(format!("`{text}` is not an amount"), "\"85%\", \"5GiB\" or a count, as \"3\""))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Bytes(bytes) => {
                let (count, unit) = exactly(*bytes);
                write!(f, "{count}{unit}")
            }
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

/// A number of bytes in the largest unit that leaves no rest, so that what is written can be read back as it was.
fn exactly(bytes: u64) -> (u64, &'static str) {
    const UNITS: [(&str, u64); 10] = [
        ("PiB", 1 << 50),
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("PB", 1_000_000_000_000_000),
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1000),
    ];
    let fits = |size: u64| bytes >= size && bytes.is_multiple_of(size);
    UNITS.into_iter().find(|(_, size)| fits(*size)).map_or((bytes, "B"), |(unit, size)| (bytes / size, unit))
}

/// The text from its first figure on, without the words before it.
pub(super) fn from_its_figure(text: &str) -> &str {
    text.find(|c: char| c.is_ascii_digit()).map_or(text, |at| &text[at..]).trim()
}

impl Amount {
    /// The bare figure: percent, bytes or count.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "sizes beyond 2^52 bytes need no exact comparison")]
    pub fn figure(self) -> f64 {
        match self {
            Self::Percent(figure) | Self::Count(figure) => figure,
            Self::Bytes(bytes) => bytes as f64,
        }
    }
}
