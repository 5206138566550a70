//! The kinds of actions, as an operator writes them. How each one acts stands in the `action` room.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::{Amount, Period, Template};

/// One action. Written as `{ kind = … }` in a rung's `do`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A verb on a systemd unit, as a D-Bus job that is waited for: `{ unit = "restart" }`.
    Unit(UnitAction),
    /// A program: `{ run = ["apt-get", "clean"] }`.
    Run(RunAction),
    /// Safe deletion of aged files: `{ clean = { path = "/tmp", older_than = "7d" } }`.
    Clean(CleanAction),
}

impl Action {
    /// The kinds, as they stand in files.
    pub const KINDS: [&'static str; 3] = ["unit", "run", "clean"];

    /// Its kind, as it stands in files.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unit(_) => "unit",
            Self::Run(_) => "run",
            Self::Clean(_) => "clean",
        }
    }
}

/// `unit = "restart"`, or `unit = { name = "php-fpm.service", verb = "restart" }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum UnitAction {
    /// On the target's unit.
    Verb(UnitVerb),
    /// On a named unit.
    On(NamedUnit),
}

/// A verb and the unit that it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedUnit {
    /// The unit.
    pub name: String,
    /// What to do with it.
    pub verb: UnitVerb,
}

/// What systemd can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitVerb {
    /// Start it.
    Start,
    /// Stop and start it.
    Restart,
    /// Ask it to read its configuration.
    Reload,
    /// Clear its failed state and its start counter.
    ResetFailed,
    /// Stop it.
    Stop,
}

/// `run = ["apt-get", "clean"]`, or `run = { argv = [...], env = { … } }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RunAction {
    /// Program and arguments.
    Argv(Vec<Template>),
    /// The same with an environment.
    Full(RunFull),
}

/// A program with its environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFull {
    /// Program and arguments; no shell.
    pub argv: Vec<Template>,
    /// Added to the otherwise clean environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Template>,
}

/// `clean = { path = "/tmp", older_than = "7d" }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CleanAction {
    /// The folder, on the allow-list or below it.
    pub path: String,
    /// Only files whose three times are all older than this.
    pub older_than: Period,
    /// At most so many files (10,000 where left out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_files: Option<u64>,
    /// At most so many bytes (no bound where left out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<Amount>,
}
