//! How a snapshot says whether records can be written: `"fine"`, or `{ "failing": "no space left on device" }`.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The form in a document.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RecordingDocument {
    /// Records can be written.
    Fine,
    /// They cannot, and why.
    Failing(Arc<str>),
}

pub fn serialize<S: Serializer>(recording: &Result<(), Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    match recording {
        Ok(()) => RecordingDocument::Fine,
        Err(why) => RecordingDocument::Failing(Arc::clone(why)),
    }
    .serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Result<(), Arc<str>>, D::Error> {
    Ok(match RecordingDocument::deserialize(deserializer)? {
        RecordingDocument::Fine => Ok(()),
        RecordingDocument::Failing(why) => Err(why),
    })
}

/// For the schema alone: whoever holds a snapshot holds a `Result`.
pub struct RecordingSchema;

impl JsonSchema for RecordingSchema {
    fn schema_name() -> Cow<'static, str> {
        "Recording".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        RecordingDocument::json_schema(generator)
    }
}
