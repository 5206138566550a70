//! The resolved action that an executor carries out, which the core passes on without reading it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A resolved action, opaque to the core. In memory it is the action itself, secrets and all; a record holds only its
/// description as JSON, in which they are redacted. What was read back from a record can be shown, and never carried
/// out.
#[derive(Clone)]
pub struct SealedOrder {
    record: Arc<str>,
    order: Option<Arc<dyn Any + Send + Sync>>,
}

impl SealedOrder {
    /// Seals an action with its description.
    #[must_use]
    pub fn new<T: Any + Send + Sync>(order: T, record: impl Into<Arc<str>>) -> Self {
        Self { record: record.into(), order: Some(Arc::new(order)) }
    }

    /// The action, for the executor that sealed it; none where it was read back from a record.
    #[must_use]
    pub fn open<T: Any>(&self) -> Option<&T> {
        self.order.as_ref()?.downcast_ref()
    }

    /// The action as JSON, with every secret redacted: what the journal and the screen get.
    #[must_use]
    pub fn record(&self) -> &str {
        &self.record
    }
}

impl From<Arc<str>> for SealedOrder {
    fn from(record: Arc<str>) -> Self {
        Self { record, order: None }
    }
}

impl From<&str> for SealedOrder {
    fn from(record: &str) -> Self {
        Self::from(Arc::from(record))
    }
}

/// Two that are described alike are alike: the description tells secrets apart by their fingerprints.
impl PartialEq for SealedOrder {
    fn eq(&self, other: &Self) -> bool {
        self.record == other.record
    }
}

impl fmt::Debug for SealedOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.record)
    }
}

impl Serialize for SealedOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.record)
    }
}

impl<'de> Deserialize<'de> for SealedOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Arc::<str>::from(String::deserialize(deserializer)?).into())
    }
}

impl schemars::JsonSchema for SealedOrder {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SealedOrder".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}
