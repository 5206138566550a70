//! Processors in use, of all of them together, over one second.

use std::time::Duration;

use procfs::{CurrentSI, KernelStats};
use serde::{Deserialize, Serialize};

use super::table::CpuCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined, near, share};
use crate::check::kind::CheckProbe;
use crate::check::prober::{Cost, Prober};
use crate::playbook::Target;

/// Over how long it is measured.
const SPAN: Duration = Duration::from_secs(1);

/// This host's processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CpuSubject;

/// Shares of one second, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CpuSeen {
    /// Time in use by programs and the kernel.
    pub used: f64,
    /// Time spent idle while waiting for input or output.
    pub iowait: f64,
    /// Time that the hypervisor gave to other guests.
    pub steal: f64,
}

/// Ticks since the boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    idle: u64,
    iowait: u64,
    steal: u64,
    all: u64,
}

impl CheckProbe for CpuCheck {
    type Subject = CpuSubject;
    type Seen = CpuSeen;
    const COST: Cost = Cost::Little;

    fn subject(&self, _: &Target) -> Result<CpuSubject, String> {
        Ok(CpuSubject)
    }

    /// Reads the counters twice, a second apart.
    async fn probe(_: &CpuSubject, _: &Prober) -> Result<CpuSeen, String> {
        let before = ticks()?;
        tokio::time::sleep(SPAN).await;
        between(before, ticks()?).ok_or_else(|| "the processors' time did not move".into())
    }

    fn judge(&self, seen: &CpuSeen) -> Judgement {
        let mut parts = Conditions::default();
        for (bound, figure, label) in
            [(self.used, seen.used, ""), (self.iowait, seen.iowait, "iowait "), (self.steal, seen.steal, "steal ")]
        {
            if let Some(bound) = bound {
                parts.bound(bound, Some(figure), label);
            }
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        joined([
            self.used.map(|bound| bound.to_string()),
            self.iowait.map(|bound| format!("iowait {bound}")),
            self.steal.map(|bound| format!("steal {bound}")),
        ])
    }

    fn is_insignificant(now: &CpuSeen, then: &CpuSeen) -> bool {
        let close = |now: f64, then: f64| near(Some(now / 4.0), Some(then / 4.0));
        close(now.used, then.used) && close(now.iowait, then.iowait) && close(now.steal, then.steal)
    }
}

fn ticks() -> Result<Ticks, String> {
    let stat = KernelStats::current().map_err(|error| format!("/proc/stat cannot be read: {error}"))?;
    let cpu = stat.total;
    let (iowait, steal) = (cpu.iowait.unwrap_or(0), cpu.steal.unwrap_or(0));
    // a guest's time is counted as its host's user time already
    let busy = [cpu.user, cpu.nice, cpu.system, cpu.irq.unwrap_or(0), cpu.softirq.unwrap_or(0), steal];
    Ok(Ticks { idle: cpu.idle, iowait, steal, all: busy.iter().sum::<u64>() + cpu.idle + iowait })
}

fn between(before: Ticks, after: Ticks) -> Option<CpuSeen> {
    // the kernel's idle and iowait may step back a little
    let all = after.all.checked_sub(before.all)?;
    let part = |then: u64, now: u64| share(now.saturating_sub(then).min(all), all);
    let (idle, iowait) = (part(before.idle, after.idle)?, part(before.iowait, after.iowait)?);
    Some(CpuSeen { used: (100.0 - idle - iowait).max(0.0), iowait, steal: part(before.steal, after.steal)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    #[test]
    fn shares_are_of_the_time_between_two_looks() {
        let before = Ticks { idle: 100, iowait: 10, steal: 0, all: 200 };
        let after = Ticks { idle: 150, iowait: 20, steal: 5, all: 300 };
        let seen = between(before, after).unwrap();
        assert_eq!(seen, CpuSeen { used: 40.0, iowait: 10.0, steal: 5.0 });
        assert_eq!(between(after, after), None);
        // a counter that steps back is no share
        assert!(between(Ticks { iowait: 30, ..before }, after).unwrap().iowait.abs() < 0.01);
    }

    #[test]
    fn each_bound_counts() {
        let seen = CpuSeen { used: 96.0, iowait: 1.0, steal: 0.0 };
        let check = |used: &str, iowait: Option<&str>| CpuCheck {
            used: Some(used.parse().unwrap()),
            iowait: iowait.map(|bound| bound.parse().unwrap()),
            ..CpuCheck::default()
        };
        assert_eq!(check("> 95%", None).judge(&seen).verdict, Verdict::Holds);
        assert_eq!(check("> 95%", Some("> 5%")).judge(&seen).verdict, Verdict::DoesNotHold);
        assert_eq!(check("> 95%", Some("< 5%")).judge(&seen).seen, "96%, iowait 1%");
        assert_eq!(check("> 95%", Some("< 5%")).condition(), "> 95%, iowait < 5%");
    }

    #[tokio::test]
    async fn this_host_has_processors() {
        let seen = CpuCheck::probe(&CpuSubject, &Prober::new(crate::host::Clock::starting())).await.unwrap();
        assert!((0.0..=100.0).contains(&seen.used), "{seen:?}");
    }
}
