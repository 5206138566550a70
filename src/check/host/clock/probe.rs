//! The state of the wall clock, as the time service reports it to the kernel.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::table::ClockCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined, span};
use crate::check::kind::CheckProbe;
use crate::check::prober::{Cost, Prober};
use crate::host::timex::{self, ClockSync};
use crate::playbook::Target;

/// The clock of this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClockSubject;

/// The state of the clock at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSeen {
    /// Whether a time service keeps it synchronised.
    pub synchronised: bool,
    /// The correction still outstanding, in microseconds, in either direction.
    pub offset_us: u64,
    /// The largest error that the time service allows for, in microseconds.
    pub error_us: u64,
}

impl CheckProbe for ClockCheck {
    type Subject = ClockSubject;
    type Seen = ClockSeen;
    const COST: Cost = Cost::Little;

    fn subject(&self, _: &Target) -> Result<ClockSubject, String> {
        Ok(ClockSubject)
    }

    /// Asks the kernel.
    async fn probe(_: &ClockSubject, _: &Prober) -> Result<ClockSeen, String> {
        let ClockSync { synchronised, offset, error } =
            timex::kept().map_err(|error| format!("the kernel does not tell of its clock: {error}"))?;
        let us = |length: Duration| u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        Ok(ClockSeen { synchronised, offset_us: us(offset), error_us: us(error) })
    }

    fn judge(&self, seen: &ClockSeen) -> Judgement {
        let mut parts = Conditions::default();
        let (offset, error) = (Duration::from_micros(seen.offset_us), Duration::from_micros(seen.error_us));
        if let Some(wanted) = self.synchronised {
            parts.met(wanted == seen.synchronised, if seen.synchronised { "synchronised" } else { "not synchronised" });
        }
        if let Some(bound) = self.offset {
            parts.met(bound.admits(offset), format!("offset {}", span(offset)));
        }
        if let Some(bound) = self.error {
            parts.met(bound.admits(error), format!("error up to {}", span(error)));
        }
        parts.figure(if self.error.is_some() { error } else { offset }.as_secs_f64());
        parts.judgement()
    }

    fn condition(&self) -> String {
        joined([
            self.synchronised.map(|wanted| if wanted { "synchronised" } else { "not synchronised" }.into()),
            self.offset.map(|bound| format!("offset {bound}")),
            self.error.map(|bound| format!("error {bound}")),
        ])
    }

    /// Whether a change is too small to be recorded for backtests. The error varies all the time.
    fn is_insignificant(now: &ClockSeen, then: &ClockSeen) -> bool {
        let near = |now: u64, then: u64| now.abs_diff(then) <= (then / 2).max(10_000);
        now.synchronised == then.synchronised
            && near(now.offset_us, then.offset_us)
            && near(now.error_us, then.error_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    #[test]
    fn each_of_the_three_counts() {
        let seen = ClockSeen { synchronised: false, offset_us: 150_000, error_us: 16_000_000 };
        let lost = ClockCheck { synchronised: Some(false), ..ClockCheck::default() };
        let judgement = lost.judge(&seen);
        assert_eq!((judgement.verdict, judgement.seen.as_str()), (Verdict::Holds, "not synchronised"));
        let good = ClockCheck { offset: Some("< 100ms".parse().unwrap()), synchronised: Some(true), ..lost };
        assert_eq!(good.judge(&seen).verdict, Verdict::DoesNotHold);
        assert_eq!(good.judge(&ClockSeen { synchronised: true, offset_us: 9, error_us: 0 }).verdict, Verdict::Holds);
        let wrong = ClockCheck { error: Some("> 1s".parse().unwrap()), ..ClockCheck::default() };
        assert_eq!(wrong.judge(&seen).seen, "error up to 16s");
        assert_eq!(wrong.condition(), "error > 1s");
    }

    #[tokio::test]
    async fn the_kernel_answers() {
        let prober = Prober::new(crate::host::Clock::starting());
        assert!(ClockCheck::probe(&ClockSubject, &prober).await.is_ok());
    }
}
