//! The tables of the settings file, besides the channels'.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::playbook::value::Period;

/// `host_budget = { attempts = 5, window = "5m" }`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostBudget {
    /// The most attempts that are started, over all playbooks, within the window.
    pub attempts: usize,
    /// Length of the trailing window.
    pub window: Period,
}

/// `unacknowledged = { after = "15m", to = ["phone"] }`, in a channel's table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondCallSettings {
    /// Once the call went out to this channel, so long is waited for somebody to acknowledge it.
    pub after: Period,
    /// Then these are called too, and told of the end.
    pub to: Vec<String>,
}

/// `[roles]`: groups of the host, by what their members may do. Root may do everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoleSettings {
    /// See how the host stands.
    pub view: Vec<String>,
    /// Pause, snooze, acknowledge, run by hand.
    pub operate: Vec<String>,
    /// Say yes to what asks.
    pub approve: Vec<String>,
    /// Arm playbooks, reset breakers.
    pub admin: Vec<String>,
}

impl Default for RoleSettings {
    fn default() -> Self {
        let salve = || vec!["salve".to_owned()];
        Self { view: salve(), operate: salve(), approve: salve(), admin: Vec::new() }
    }
}

/// `heartbeat = { url = "https://…", every = "1m" }`
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Asked with GET. Never shown: who knows it can make the host look alive.
    #[serde(default)]
    pub url: Option<String>,
    /// The same, alone in a private file.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// Time between two requests.
    #[serde(default = "one_minute")]
    pub every: Period,
}

/// Without its address.
impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat").field("every", &self.every).finish_non_exhaustive()
    }
}

/// `metrics = { file = "/var/lib/node_exporter/salve.prom", every = "15s" }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Replaced each time, atomically.
    pub file: PathBuf,
    /// Time between two writes of the file.
    #[serde(default = "fifteen_seconds")]
    pub every: Period,
}

const fn one_minute() -> Period {
    Period::from_secs(60)
}

const fn fifteen_seconds() -> Period {
    Period::from_secs(15)
}
