//! Values with their units. A bare number where a unit is due is an error that shows the right form.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(test)]
mod tests;

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

/// An amount with its unit: `85%` (percent of the whole), `5GiB` (bytes), `3` (a plain count).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// Percent of the whole, 0 to 100.
    Percent(f64),
    /// Bytes.
    Bytes(u64),
    /// A count or a plain figure (processes, load, inodes).
    Count(f64),
}

/// Which side of the amount is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
}

/// A comparison with an amount: `"> 85%"`, `"<= 5GiB"`, `"= 0"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Which side.
    pub comparison: Comparison,
    /// Of what.
    pub amount: Amount,
}

/// A window of the local day, in minutes since midnight; it may wrap: `"22:00-06:00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayWindow {
    /// First minute inside, 0 to 1439.
    pub from: u16,
    /// First minute outside, 0 to 1439.
    pub to: u16,
}

impl DayWindow {
    /// Is this minute of the local day inside?
    #[must_use]
    pub fn contains(self, minute: u16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// One argument that may hold placeholders: `{target}`, `{unit}`, `{mount}`, `{pid}`, `{incident}`.
/// They stand for typed values, are replaced inside this one argument, never split and never expanded again.
/// A literal brace is written twice: `{{`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template(pub String);

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A unit state that is wanted, or wanted not to be: `"active"`, `"not active"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WantedState {
    /// `not` stood before it.
    pub negated: bool,
    /// The state.
    pub state: UnitState,
}

/// systemd's `ActiveState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitState {
    /// Started and running (or exited well, for a one-shot that remains).
    Active,
    /// Stopped.
    Inactive,
    /// Ended badly.
    Failed,
    /// Starting, or waiting for systemd's own restart.
    Activating,
    /// Stopping.
    Deactivating,
    /// Active and reading its configuration anew.
    Reloading,
}

/// A number that is wanted, or wanted not to be: `200`, `"not 200"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WantedNumber {
    /// `not` stood before it.
    pub negated: bool,
    /// The number.
    pub number: u16,
}

impl WantedNumber {
    /// Is what was seen as wanted? Nothing seen is not any number.
    #[must_use]
    pub fn admits(self, seen: Option<u16>) -> bool {
        (seen == Some(self.number)) != self.negated
    }
}

/// A comparison with a length of time: `"< 500ms"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LatencyBound {
    /// Which side.
    pub comparison: Comparison,
    /// Of what.
    pub period: Period,
}

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
fn from_its_figure(text: &str) -> &str {
    text.find(|c: char| c.is_ascii_digit()).map_or(text, |at| &text[at..]).trim()
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
    /// Does a figure, in the amount's own unit, satisfy this bound?
    #[must_use]
    pub fn admits(self, figure: f64) -> bool {
        self.comparison.admits(figure.total_cmp(&self.amount.figure()))
    }
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

impl Comparison {
    /// The sign at the head of `text`, and what follows it.
    fn split(text: &str) -> Option<(Self, &str)> {
        let signs =
            [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Below), (">", Self::Above), ("=", Self::Equal)];
        signs.into_iter().find_map(|(sign, comparison)| Some((comparison, text.trim().strip_prefix(sign)?)))
    }

    /// Does an ordering of figure and limit satisfy it?
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
    /// Does a time satisfy this bound?
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

/// `not` at the head of a text, and the rest.
fn split_negation(text: &str) -> (bool, &str) {
    match text.trim().strip_prefix("not ") {
        Some(rest) => (true, rest.trim()),
        None => (false, text.trim()),
    }
}

impl FromStr for WantedNumber {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (negated, number) = split_negation(text);
        let number = number
            .parse()
            .map_err(|_| value_error(format!("`{text}` is not a number from 0 to 65535"), "200, or \"not 200\""))?;
        Ok(Self { negated, number })
    }
}

impl fmt::Display for WantedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "not " } else { "" }, self.number)
    }
}

impl UnitState {
    /// All of them, by systemd's names.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("active", Self::Active),
        ("inactive", Self::Inactive),
        ("failed", Self::Failed),
        ("activating", Self::Activating),
        ("deactivating", Self::Deactivating),
        ("reloading", Self::Reloading),
    ];

    /// systemd's own name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, state)| *state == self).map_or("active", |(name, _)| name)
    }
}

impl WantedState {
    /// Is the state that was seen as wanted?
    #[must_use]
    pub fn admits(self, seen: UnitState) -> bool {
        (seen == self.state) != self.negated
    }
}

impl FromStr for WantedState {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (negated, name) = split_negation(text);
        let names = UnitState::NAMES.map(|(name, _)| name);
        let state = UnitState::NAMES.into_iter().find_map(|(known, state)| (known == name).then_some(state));
        state.map(|state| Self { negated, state }).ok_or_else(|| {
            let near = names.into_iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
            let not = if negated { "not " } else { "" };
            value_error(
                format!("`{name}` is not a state of a unit ({})", names.join(", ")),
                format!("\"{not}{}\"", near.unwrap_or("active")),
            )
        })
    }
}

impl fmt::Display for WantedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "not " } else { "" }, self.state.name())
    }
}

impl FromStr for DayWindow {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let right = || value_error(format!("`{text}` is not a window of the day"), "\"22:00-06:00\"");
        let minute = |part: &str| -> Option<u16> {
            let (hour, minute) = part.trim().split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let (from, to) = text.split_once('-').ok_or_else(right)?;
        let window = Self { from: minute(from).ok_or_else(right)?, to: minute(to).ok_or_else(right)? };
        if window.from == window.to { Err(right()) } else { Ok(window) }
    }
}

impl fmt::Display for DayWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

impl FromStr for Template {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Ok(Self(text.to_owned()))
    }
}

/// Values that are written as text: serde and the JSON Schema go through `FromStr` and `Display`.
macro_rules! written_as_text {
    ($($kind:ident: $shape:literal, $pattern:literal, $examples:tt;)*) => {$(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(TextVisitor($shape, PhantomData))
            }
        }

        impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $shape, "pattern": $pattern, "examples": $examples })
            }
        }
    )*};
}

written_as_text! {
    Amount: "an amount with its unit, as \"85%\" or \"5GiB\"", r"^\s*\d", ["1GiB", "500MiB"];
    LatencyBound: "a comparison with a length of time, as \"< 500ms\"", r"^\s*(<=|>=|<|>|=)\s*\d", ["< 500ms", "> 2s"];
    WantedState: "a unit's state, as \"active\" or \"not active\"",
        r"^\s*(not\s+)?(active|inactive|failed|activating|deactivating|reloading)\s*$",
        ["active", "not active", "failed", "not failed", "inactive", "activating", "deactivating", "reloading"];
    Period: "a length of time with its unit, as \"30s\" or \"10m\"", r"^\s*\d", ["30s", "1m", "5m", "10m", "1h", "1d"];
    Bound: "a comparison with an amount and its unit, as \"> 85%\"", r"^\s*(<=|>=|<|>|=)\s*\d", ["> 85%", "< 80%", "> 2GiB", "> 3"];
    DayWindow: "a window of the day, as \"22:00-06:00\"", r"^\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}\s*$", ["22:00-06:00"];
    Template: "text, in which {target} and its like stand for values", "",
        ["{target}", "{unit}", "{mount}", "{pid}", "{incident}"];
}

/// Reads a value from text; anything else is told the right form.
struct TextVisitor<T>(&'static str, PhantomData<T>);

impl Serialize for WantedNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.negated { serializer.collect_str(self) } else { serializer.serialize_u16(self.number) }
    }
}

impl<'de> Deserialize<'de> for WantedNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor("a number, as 200, or \"not 200\"", PhantomData))
    }
}

impl JsonSchema for WantedNumber {
    fn schema_name() -> Cow<'static, str> {
        "WantedNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "a number, or `not` and a number", "examples": [200, "not 200", 0, "not 0"], "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": 65535 },
            { "type": "string", "pattern": r"^\s*not\s+\d+\s*$" },
        ]})
    }
}

impl<T: FromStr<Err = ValueError>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        number.to_string().parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        number.to_string().parse().map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        number.to_string().parse().map_err(E::custom)
    }
}
