//! Why an operator asks for something: one short, clean line. It becomes part of the journal and of every snapshot, so
//! its length is bounded by its type, wherever it comes from: a command, or a journal that an earlier version wrote.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::text::cut_line;

/// An operator's reason. Cleaned, and never longer than [`Reason::LONGEST`] characters: what is longer is cut, and ends
/// in an ellipsis.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Reason(Arc<str>);

impl Reason {
    /// The most characters that a reason keeps.
    pub const LONGEST: usize = 500;
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Self(cut_line(text, Self::LONGEST).as_ref().into())
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Arc<str>> for Reason {
    fn from(text: Arc<str>) -> Self {
        match cut_line(&text, Self::LONGEST) {
            Cow::Borrowed(_) => Self(text),
            Cow::Owned(cut) => Self(cut.into()),
        }
    }
}

impl Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Arc::<str>::deserialize(from).map(Self::from)
    }
}

impl schemars::JsonSchema for Reason {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Reason".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_short_clean_line_wherever_it_comes_from() {
        let long = format!("up\u{1b}[2J\ngrade {}", "x".repeat(255_000));
        let cut = Reason::from(long.as_str());
        assert_eq!(cut.chars().count(), Reason::LONGEST);
        assert!(cut.starts_with("up␛[2J grade x") && cut.ends_with("x…"), "{cut}");
        // as an earlier version may have recorded it
        let read: Reason = serde_json::from_value(long.into()).unwrap();
        assert_eq!(read, cut);
        assert_eq!(Reason::from(&*cut), cut);
        assert_eq!(serde_json::to_value(Reason::from("kernel upgrade")).unwrap(), "kernel upgrade");
    }
}
