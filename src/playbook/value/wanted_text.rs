//! Text that must be found, or must not be: `"ready"`, `{ without = "error" }`.
//!
//! A plain text is searched for as written, including a leading `not`, because the text of a page may begin with that
//! word. For the opposite, write `without`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text that must be found, or must not be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WantedText {
    /// Whether the text must not be found.
    pub negated: bool,
    /// The text to search for, compared byte by byte.
    pub text: String,
}

/// The key of a text that must be found, where its form is a table.
const WITH: &str = "with";
/// The key of a text that must not be found.
const WITHOUT: &str = "without";
/// The right form of the value, for messages.
const FORM: &str = "text, or a table as { without = \"error\" }";

impl WantedText {
    /// Whether this is as wanted. `found` says whether the text was found.
    #[must_use]
    pub fn admits(&self, found: bool) -> bool {
        found != self.negated
    }
}

impl From<&str> for WantedText {
    fn from(text: &str) -> Self {
        Self { negated: false, text: text.to_owned() }
    }
}

impl fmt::Display for WantedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", if self.negated { "holds no" } else { "holds" }, self.text)
    }
}

impl Serialize for WantedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.negated {
            return serializer.serialize_str(&self.text);
        }
        let mut table = serializer.serialize_map(Some(1))?;
        table.serialize_entry(WITHOUT, &self.text)?;
        table.end()
    }
}

impl<'de> Deserialize<'de> for WantedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WantedTextVisitor)
    }
}

struct WantedTextVisitor;

impl<'de> Visitor<'de> for WantedTextVisitor {
    type Value = WantedText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORM)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<WantedText, E> {
        Ok(text.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<WantedText, A::Error> {
        let wrong = || de::Error::custom(format!("a table here says what must be found, or must not; write {FORM}"));
        let (key, text) = table.next_entry::<String, String>()?.ok_or_else(wrong)?;
        let more = table.next_entry::<String, String>()?;
        match key.as_str() {
            WITH if more.is_none() => Ok(WantedText { negated: false, text }),
            WITHOUT if more.is_none() => Ok(WantedText { negated: true, text }),
            _ => Err(wrong()),
        }
    }
}

impl JsonSchema for WantedText {
    fn schema_name() -> Cow<'static, str> {
        "WantedText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let table = |key: &str, about: &str| {
            json_schema!({
                "type": "object",
                "description": about,
                "properties": { key: { "type": "string" } },
                "required": [key],
                "additionalProperties": false,
            })
        };
        json_schema!({ "description": FORM, "anyOf": [
            { "type": "string" },
            table(WITHOUT, "Text that must not be found."),
            table(WITH, "Text that must be found, as it stands: the same as the text alone."),
        ]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Table {
            body: WantedText,
        }
        let read = |text: &str| toml::from_str::<Table>(text).map(|table| table.body);
        let without = WantedText { negated: true, text: "error".into() };
        assert_eq!(read("body = { without = \"error\" }"), Ok(without.clone()));
        assert_eq!(read("body = \"not ok\""), Ok("not ok".into()));
        assert_eq!(read("body = { with = \"not ok\" }"), Ok("not ok".into()));
        for wrong in [
            "body = 3",
            "body = {}",
            "body = { with = 3 }",
            "body = { not = \"x\" }",
            "body = { with = \"a\", without = \"b\" }",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        for body in [without, "not ok".into()] {
            let table = Table { body };
            assert_eq!(toml::from_str::<Table>(&toml::to_string(&table).unwrap()).as_ref(), Ok(&table));
        }
    }
}
