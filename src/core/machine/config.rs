//! What the host as a whole allows; every figure has a default.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The host-wide limits. A playbook's own limits stand in the playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// So many attempts over all playbooks...
    pub host_attempts: usize,
    /// ...in this trailing window; past it everything asks.
    pub host_window: Duration,
    /// A storm is more than this share of the watched keys failing at once, in percent...
    pub storm_percent: usize,
    /// ...where at least so many are watched.
    pub storm_least: usize,
    /// No attempt for so long after the host has booted.
    pub boot_grace: Duration,
    /// After so long without an answer a request has expired.
    pub approval_ttl: Duration,
    /// High risk needs the yes of two people, told apart by uid.
    pub four_eyes: bool,
    /// Unknown for longer than this calls a human.
    pub unknown_bound: Duration,
    /// systemd that answers nobody for longer than this calls a human.
    pub silence_bound: Duration,
    /// A survey that has not come back after this is asked again.
    pub survey_patience: Duration,
    /// A fault that comes back so soon after its healing says that it was not a fix.
    pub relapse: Duration,
    /// Past a plan's own timeout, an attempt that has not reported is taken for lost.
    pub attempt_grace: Duration,
    /// A call that a person has seen goes out again where the fault is still there after so long.
    pub again: Duration,
    /// The engine runs as root. As an ordinary user it arms nothing that only root can carry out.
    pub is_root: bool,
    /// Who is called besides, by the channel through which nobody acknowledged.
    pub second_calls: BTreeMap<Arc<str>, SecondCall>,
}

/// Further channels to page where nobody acknowledges the first page in time (`unacknowledged` in the settings).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondCall {
    /// Time from the first page until these channels are paged as well.
    pub after: Duration,
    /// Names of the channels to page.
    pub to: Vec<Arc<str>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host_attempts: 5,
            host_window: Duration::from_mins(5),
            storm_percent: 40,
            storm_least: 5,
            boot_grace: Duration::from_mins(1),
            approval_ttl: Duration::from_mins(15),
            four_eyes: false,
            unknown_bound: Duration::from_mins(5),
            silence_bound: Duration::from_mins(1),
            survey_patience: Duration::from_mins(2),
            relapse: Duration::from_hours(1),
            attempt_grace: Duration::from_mins(2),
            again: Duration::from_hours(4),
            is_root: true,
            second_calls: BTreeMap::new(),
        }
    }
}
