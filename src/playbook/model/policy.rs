//! How much may go wrong with a playbook, and what it may do by itself.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nothing that a restart does not repair.
    Low,
    /// A short outage, or lost caches.
    Medium,
    /// Lost work: always asks.
    High,
}

/// What a playbook may do by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Acts without asking.
    Auto,
    /// Asks before each attempt.
    Ask,
    /// Detects, and records what it would have done.
    Shadow,
    /// Neither detects nor acts.
    Off,
}

/// A word as it stands in files and on screens.
macro_rules! words {
    ($($kind:ident { $($state:ident => $word:literal),* })*) => {$(
        impl $kind {
            /// The word as it stands in files and on screens.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$state => $word),* }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    )*};
}

words! {
    Risk { Low => "low", Medium => "medium", High => "high" }
    Mode { Auto => "auto", Ask => "ask", Shadow => "shadow", Off => "off" }
}
