//! What attempts cost: every attempt counts against the host's budget, and those on the life of one thing count
//! together, whichever playbook makes them.

use std::collections::BTreeMap;

use crate::core::machine::config::Config;
use crate::core::time::Mono;
use crate::core::time::window::Window;
use crate::playbook::Target;

/// When attempts were started, on the host and on each target that has one budget.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttemptBudget {
    host: Window,
    shared: BTreeMap<Target, Window>,
}

impl AttemptBudget {
    /// Is the host's budget spent? Then every attempt asks.
    pub fn is_spent(&self, now: Mono, config: &Config) -> bool {
        self.host.count(now, config.host_window) >= config.host_attempts
    }

    /// Attempts on this target, where all its playbooks share one budget and anything was attempted.
    pub fn shared(&self, target: &Target) -> Option<&Window> {
        self.shared.get(target)
    }

    /// An attempt was started.
    pub(in crate::core) fn attempt_started(&mut self, at: Mono) {
        self.host.push(at);
    }

    /// That attempt was on this target.
    pub(in crate::core) fn attempt_on(&mut self, target: &Target, at: Mono) {
        if shares_budget(target) {
            self.shared.entry(target.clone()).or_default().push(at);
        }
    }

    /// An operator reset a breaker of this target.
    pub(in crate::core) fn reset(&mut self, target: &Target) {
        self.shared.remove(target);
    }
}

/// Attempts on the life of one thing count together, whichever playbook makes them. What cleans or mends a place has
/// many reasons, each with a budget of its own.
pub fn shares_budget(target: &Target) -> bool {
    match target {
        Target::Unit(_) | Target::Process(_) | Target::Container(_) => true,
        Target::Mount(_) | Target::Path(_) | Target::Url(_) | Target::Address(_) | Target::Link(_) | Target::Host => {
            false
        }
    }
}
