//! What a kind of channel is: its settings with everything that can be wrong with them, and the way that they open.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::delivery::Delivery;
use crate::playbook::rule::Rule;

/// One kind of channel, implemented by what is written of it under `[channels.NAME]`.
pub trait ChannelKind: Debug + Clone + PartialEq + Serialize + DeserializeOwned + JsonSchema {
    /// A right form of its table, as messages show it.
    const FORM: &'static str;

    /// Where its pages go, for people; without what may be secret.
    fn destination(&self) -> String;

    /// Everything that is well-formed and still cannot work, or would give a secret away.
    fn faults(&self) -> Vec<ChannelError>;

    /// The files with its secrets.
    fn secret_files(&self) -> Vec<&Path> {
        Vec::new()
    }

    /// The channel itself. `default_folder` is where tickets go that are told no other folder.
    fn open(self, default_folder: &Path) -> Arc<dyn Delivery>;
}

/// One thing that is wrong with a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelError {
    /// Which key of the channel's table.
    pub key: &'static str,
    /// The rule that is broken, by which messages are grouped.
    pub rule: Rule,
    /// What is wrong with it, as a phrase that names the value.
    pub wrong: String,
    /// What a valid value looks like.
    pub right: String,
}

impl ChannelError {
    pub(super) fn new(key: &'static str, rule: Rule, wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self { key, rule, wrong: wrong.into(), right: right.into() }
    }
}
