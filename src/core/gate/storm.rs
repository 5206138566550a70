//! A storm: so many targets fail at once that their common cause is elsewhere. Nothing acts by itself then, and one page
//! stands for all.

mod page;

use std::collections::HashMap;

use crate::core::machine::config::Config;
use crate::playbook::Target;

/// How many targets fail, of all that are watched.
#[derive(Debug, Clone, Default)]
pub(in crate::core) struct StormWatch {
    /// Targets with watched keys whose fault is there...
    failing: TargetCounts,
    /// ...of all targets that a playbook in force is bound to.
    watching: TargetCounts,
}

impl StormWatch {
    /// So many fail of so many watched, where that makes a storm.
    pub fn judge(&self, config: &Config) -> Option<(usize, usize)> {
        let (failing, of) = (self.failing.len(), self.watching.len());
        (of >= config.storm_least && failing * 100 > of * config.storm_percent).then_some((failing, of))
    }

    /// These targets are watched from now on, one for each key.
    pub fn watch_only<'t>(&mut self, targets: impl Iterator<Item = &'t Target>) {
        self.watching = TargetCounts::default();
        for target in targets {
            self.watching.add(target);
        }
    }

    /// The fault of one more key of this target is there.
    pub fn broke(&mut self, target: &Target) {
        self.failing.add(target);
    }

    /// The fault of a key of this target is gone, or no longer watched.
    pub fn mended(&mut self, target: &Target) {
        self.failing.remove(target);
    }
}

/// How many keys a target has that count; a storm is of targets, however many playbooks watch each.
#[derive(Debug, Clone, Default)]
struct TargetCounts(HashMap<Target, usize>);

impl TargetCounts {
    fn add(&mut self, target: &Target) {
        match self.0.get_mut(target) {
            Some(count) => *count += 1,
            None => {
                self.0.insert(target.clone(), 1);
            }
        }
    }

    fn remove(&mut self, target: &Target) {
        if let Some(count) = self.0.get_mut(target) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(target);
            }
        }
    }

    /// Targets that have any.
    fn len(&self) -> usize {
        self.0.len()
    }
}
