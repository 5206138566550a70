//! How verbs put out what they found: text, JSON documents, the log.

#[macro_use]
pub(super) mod stream;
pub(super) mod json;
pub(super) mod logs;
