//! All units that systemd lists as failed.

use serde::{Deserialize, Serialize};

use super::table::FailedUnitsCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined};
use crate::check::kind::{CheckProbe, SharedSource};
use crate::check::prober::{Cost, Prober};
use crate::playbook::Target;

/// How many are named; the rest is only counted.
const NAMED: usize = 20;

/// How many are named in a reading's text.
const SAID: usize = 3;

/// The units that count: those that match one glob and none of the exceptions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FailedUnitsSubject {
    /// The glob that a unit's name must match; `*` for all.
    pub only: String,
    /// Units that do not count, by name or glob.
    pub except: Vec<String>,
}

/// The failed units at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedUnitsSeen {
    /// How many units are failed, named below or not.
    pub count: usize,
    /// The names of the first few, in alphabetical order.
    pub names: Vec<String>,
}

impl CheckProbe for FailedUnitsCheck {
    type Subject = FailedUnitsSubject;
    type Seen = FailedUnitsSeen;
    const COST: Cost = Cost::Little;

    /// What the check asks about; it has no object.
    fn subject(&self, _: &Target) -> Result<FailedUnitsSubject, String> {
        let only = self.only.clone().unwrap_or_else(|| "*".into());
        Ok(FailedUnitsSubject { only, except: self.except.clone() })
    }

    /// Asks systemd for its failed units.
    async fn probe(subject: &FailedUnitsSubject, prober: &Prober) -> Result<FailedUnitsSeen, String> {
        let systemd = prober.systemd.as_ref().ok_or("systemd does not run this host")?;
        let failed = systemd.failed_units(&subject.only).await.map_err(|error| error.to_string())?;
        let mut names: Vec<String> = failed.into_iter().map(|unit| unit.id.to_string()).collect();
        names.retain(|name| !subject.except.contains(name));
        names.sort();
        let count = names.len();
        names.truncate(NAMED);
        Ok(FailedUnitsSeen { count, names })
    }

    #[allow(clippy::cast_precision_loss, reason = "no host has 2^52 units")]
    fn judge(&self, seen: &FailedUnitsSeen) -> Judgement {
        let mut parts = Conditions::default();
        let named = seen.names.iter().take(SAID).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = seen.count.saturating_sub(SAID);
        if let Some(bound) = self.count {
            let words = match (seen.count, more) {
                (0, _) => "none failed".into(),
                (count, 0) => format!("{count} failed: {named}"),
                (count, more) => format!("{count} failed: {named} and {more} more"),
            };
            parts.met(bound.admits(seen.count as f64), words);
        }
        parts.figure(seen.count as f64);
        parts.judgement()
    }

    fn condition(&self) -> String {
        joined([self.count.map(|bound| format!("failed units {bound}")), self.only.clone()])
    }

    fn shared_source(_: &FailedUnitsSubject) -> SharedSource {
        SharedSource::AnyUnit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    #[test]
    fn the_first_few_are_named() {
        let check = FailedUnitsCheck { count: Some("> 0".parse().unwrap()), ..FailedUnitsCheck::default() };
        let none = FailedUnitsSeen { count: 0, names: Vec::new() };
        assert_eq!(check.judge(&none).verdict, Verdict::DoesNotHold);
        let names: Vec<String> = ["a", "b", "c", "d"].map(|name| format!("{name}.service")).to_vec();
        let judgement = check.judge(&FailedUnitsSeen { count: 4, names });
        assert_eq!((judgement.verdict, judgement.figure), (Verdict::Holds, Some(4.0)));
        assert_eq!(judgement.seen, "4 failed: a.service, b.service, c.service and 1 more");
        assert_eq!(check.condition(), "failed units > 0");
    }

    #[tokio::test]
    async fn without_systemd_it_is_unknown() {
        let prober = Prober::new(crate::host::Clock::starting());
        let asked =
            FailedUnitsCheck::probe(&FailedUnitsCheck::default().subject(&Target::Host).unwrap(), &prober).await;
        assert_eq!(prober.systemd.is_none(), asked.is_err(), "{asked:?}");
    }
}
