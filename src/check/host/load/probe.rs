//! Load average, per core.

use serde::{Deserialize, Serialize};

use super::table::LoadCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined};
use crate::check::kind::CheckProbe;
use crate::check::prober::{Cost, Prober};
use crate::playbook::Target;

/// The load of this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LoadSubject;

/// The load at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LoadSeen {
    /// The load average of the last minute, over all processors.
    pub one: f64,
    /// Processors that are online: the average counts what waits for any of them.
    pub cores: usize,
}

impl LoadSeen {
    /// Divided by the number of cores.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "no host has 2^52 cores")]
    pub fn per_core(&self) -> f64 {
        self.one / self.cores.max(1) as f64
    }
}

impl CheckProbe for LoadCheck {
    type Subject = LoadSubject;
    type Seen = LoadSeen;
    const COST: Cost = Cost::Little;

    fn subject(&self, _: &Target) -> Result<LoadSubject, String> {
        Ok(LoadSubject)
    }

    /// Reads the load of this host.
    async fn probe(_: &LoadSubject, _: &Prober) -> Result<LoadSeen, String> {
        now()
    }

    fn judge(&self, seen: &LoadSeen) -> Judgement {
        let mut parts = Conditions::default();
        if let Some(bound) = self.per_core {
            parts.bound(bound, Some(seen.per_core()), "");
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        joined([self.per_core.map(|bound| format!("{bound} per core"))])
    }

    fn is_insignificant(now: &LoadSeen, then: &LoadSeen) -> bool {
        now.cores == then.cores && (now.per_core() - then.per_core()).abs() < 0.1
    }
}

/// Reads load average and processor count.
///
/// # Errors
/// In words, where the kernel does not tell.
pub fn now() -> Result<LoadSeen, String> {
    let load = sysinfo::System::load_average().map_err(|error| format!("the load average cannot be read: {error}"))?;
    Ok(LoadSeen { one: load.one, cores: online() })
}

/// Processors that are online. `available_parallelism` would count those that this process may use.
fn online() -> usize {
    let listed = std::fs::read_to_string("/sys/devices/system/cpu/online").ok().and_then(|list| count(&list));
    listed.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1)
}

/// How many processors a list such as `0-3,8` names.
fn count(list: &str) -> Option<usize> {
    list.trim().split(',').try_fold(0, |sum, range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let (from, to): (usize, usize) = (from.parse().ok()?, to.parse().ok()?);
        Some(sum + to.checked_sub(from)? + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    #[test]
    fn load_is_judged_per_core() {
        let check = LoadCheck { per_core: Some("> 2".parse().unwrap()), every: None };
        let at = |one| check.judge(&LoadSeen { one, cores: 4 });
        assert_eq!(at(8.0).verdict, Verdict::DoesNotHold);
        assert_eq!(at(8.4), Judgement { verdict: Verdict::Holds, seen: "2.1".into(), figure: Some(2.1) });
        assert_eq!(check.condition(), "> 2 per core");
    }

    #[test]
    fn processors_are_counted_from_their_list() {
        assert_eq!(count("0-3,8,10-11\n"), Some(7));
        assert_eq!(count("0"), Some(1));
        assert_eq!(count("x"), None);
        assert!(now().unwrap().cores > 0);
    }
}
