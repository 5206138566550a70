//! Memory and swap in use.

use serde::{Deserialize, Serialize};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::table::MemoryCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, figure, joined, near, share};
use crate::check::kind::CheckProbe;
use crate::check::prober::{Cost, Prober};
use crate::playbook::Target;

/// This host's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MemorySubject;

/// Memory at one moment, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemorySeen {
    /// All memory, in bytes.
    pub total: u64,
    /// What could be used without swapping, as the kernel estimates it.
    pub available: u64,
    /// The size of all swap space, in bytes; 0 without swap.
    pub swap_total: u64,
    /// Swap space in use, in bytes.
    pub swap_used: u64,
}

impl MemorySeen {
    /// What is not available, in bytes.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.total.saturating_sub(self.available)
    }
}

impl CheckProbe for MemoryCheck {
    type Subject = MemorySubject;
    type Seen = MemorySeen;
    const COST: Cost = Cost::Little;

    fn subject(&self, _: &Target) -> Result<MemorySubject, String> {
        Ok(MemorySubject)
    }

    /// Reads the memory usage of this host.
    async fn probe(_: &MemorySubject, _: &Prober) -> Result<MemorySeen, String> {
        now()
    }

    fn judge(&self, seen: &MemorySeen) -> Judgement {
        let mut parts = Conditions::default();
        if let Some(bound) = self.used {
            parts.bound(bound, figure(bound, seen.used(), seen.total), "");
        }
        if let Some(bound) = self.swap {
            // Without swap, none of it is in use.
            parts.bound(bound, figure(bound, seen.swap_used, seen.swap_total).or(Some(0.0)), "swap ");
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        joined([self.used.map(|bound| bound.to_string()), self.swap.map(|bound| format!("swap {bound}"))])
    }

    fn is_insignificant(now: &MemorySeen, then: &MemorySeen) -> bool {
        near(share(now.used(), now.total), share(then.used(), then.total))
            && near(share(now.swap_used, now.swap_total), share(then.swap_used, then.swap_total))
    }
}

/// Reads memory and swap usage.
///
/// # Errors
/// In words, where the kernel does not tell.
pub fn now() -> Result<MemorySeen, String> {
    let wanted = RefreshKind::nothing().with_memory(MemoryRefreshKind::everything());
    let system = System::new_with_specifics(wanted).map_err(|error| format!("memory cannot be read: {error}"))?;
    if system.total_memory() == 0 {
        return Err("memory cannot be read".into());
    }
    Ok(MemorySeen {
        total: system.total_memory(),
        available: system.available_memory(),
        swap_total: system.total_swap(),
        swap_used: system.used_swap(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    const SEEN: MemorySeen = MemorySeen { total: 1000, available: 100, swap_total: 0, swap_used: 0 };

    #[test]
    fn what_is_not_available_is_used_and_no_swap_is_none_in_use() {
        let check = |used: Option<&str>, swap: Option<&str>| MemoryCheck {
            used: used.map(|bound| bound.parse().unwrap()),
            swap: swap.map(|bound| bound.parse().unwrap()),
            every: None,
        };
        let holds = check(Some(">= 90%"), None).judge(&SEEN);
        assert_eq!(holds, Judgement { verdict: Verdict::Holds, seen: "90%".into(), figure: Some(90.0) });
        assert_eq!(check(Some("> 90%"), None).judge(&SEEN).verdict, Verdict::DoesNotHold);
        assert_eq!(check(Some("> 850B"), None).judge(&SEEN).verdict, Verdict::Holds);
        assert_eq!(check(None, Some("> 0%")).judge(&SEEN).verdict, Verdict::DoesNotHold);
        assert_eq!(check(Some("> 80%"), Some("< 1%")).judge(&SEEN).seen, "90%, swap 0%");
        assert_eq!(check(Some("> 80%"), Some("< 1%")).condition(), "> 80%, swap < 1%");
        assert!(matches!(check(None, None).judge(&SEEN).verdict, Verdict::Unknown(_)));
    }

    #[test]
    fn this_host_has_memory() {
        let seen = now().unwrap();
        assert!(seen.total > 0 && seen.available <= seen.total);
    }
}
