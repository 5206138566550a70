//! How a value is written in a file: as text, through `FromStr` and `Display`; serde and the JSON Schema follow from
//! that.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Amount, Bound, DayWindow, LatencyBound, Period, Template, ValueError, WantedNumber, WantedState, WantedWord,
};

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
    WantedWord: "a word, or \"not\" and a word", "", ["not healthy"];
    Period: "a length of time with its unit, as \"30s\" or \"10m\"", r"^\s*\d", ["30s", "1m", "5m", "10m", "1h", "1d"];
    Bound: "a comparison with an amount and its unit, as \"> 85%\"", r"^\s*(<=|>=|<|>|=)\s*\d", ["> 85%", "< 80%", "> 2GiB", "> 3"];
    DayWindow: "a window of the day, as \"22:00-06:00\"", r"^\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}\s*$", ["22:00-06:00"];
    Template: "text, in which {target} and its like stand for values", "",
        ["{target}", "{unit}", "{mount}", "{pid}", "{incident}"];
}

/// Reads a value from text; anything else is told the right form.
struct TextVisitor<T>(&'static str, PhantomData<T>);

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
        json_schema!({ "description": "a number, or `not` and a number", "examples": [200, 0, "not 0"], "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": 65535 },
            { "type": "string", "pattern": r"^\s*not\s+\d+\s*$" },
        ]})
    }
}
