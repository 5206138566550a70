//! All units that systemd lists as failed.

use serde::{Deserialize, Serialize};

use super::conditions::{Conditions, joined};
use super::judge::Judgement;
use super::probe::Prober;
use crate::playbook::Target;
use crate::playbook::check::FailedUnitsCheck;

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

/// What the check asks about; it has no object.
///
/// # Errors
/// Never: this check names its subject in every playbook, whatever the target.
#[allow(clippy::unnecessary_wraps, reason = "every kind finds its subject the same way")]
pub fn subject(check: &FailedUnitsCheck, _: &Target) -> Result<FailedUnitsSubject, String> {
    let only = check.only.clone().unwrap_or_else(|| "*".into());
    Ok(FailedUnitsSubject { only, except: check.except.clone() })
}

/// Asks systemd for its failed units.
///
/// # Errors
/// In words, where it cannot be asked.
pub async fn probe(subject: &FailedUnitsSubject, prober: &Prober) -> Result<FailedUnitsSeen, String> {
    let systemd = prober.systemd.as_ref().ok_or("systemd does not run this host")?;
    let failed = systemd.failed_units(&subject.only).await.map_err(|error| error.to_string())?;
    let mut names: Vec<String> = failed.into_iter().map(|unit| unit.id.to_string()).collect();
    names.retain(|name| !subject.except.contains(name));
    names.sort();
    let count = names.len();
    names.truncate(NAMED);
    Ok(FailedUnitsSeen { count, names })
}

/// Whether a change is too small to be recorded for backtests: only none is.
pub(super) fn is_insignificant(now: &FailedUnitsSeen, then: &FailedUnitsSeen) -> bool {
    now == then
}

/// Decides whether the list of failed units meets every condition of the check, and puts the reading into words and a
/// figure.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "no host has 2^52 units")]
pub fn judge(check: &FailedUnitsCheck, seen: &FailedUnitsSeen) -> Judgement {
    let mut parts = Conditions::default();
    let named = seen.names.iter().take(SAID).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = seen.count.saturating_sub(SAID);
    if let Some(bound) = check.count {
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

/// The check's condition as text for the screen: a bound on their number, and the glob that they match.
#[must_use]
pub fn condition(check: &FailedUnitsCheck) -> String {
    joined([check.count.map(|bound| format!("failed units {bound}")), check.only.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    #[test]
    fn the_first_few_are_named() {
        let check = FailedUnitsCheck { count: Some("> 0".parse().unwrap()), ..FailedUnitsCheck::default() };
        let none = FailedUnitsSeen { count: 0, names: Vec::new() };
        assert_eq!(judge(&check, &none).verdict, Verdict::DoesNotHold);
        let names: Vec<String> = ["a", "b", "c", "d"].map(|name| format!("{name}.service")).to_vec();
        let judgement = judge(&check, &FailedUnitsSeen { count: 4, names });
        assert_eq!((judgement.verdict, judgement.figure), (Verdict::Holds, Some(4.0)));
        assert_eq!(judgement.seen, "4 failed: a.service, b.service, c.service and 1 more");
        assert_eq!(condition(&check), "failed units > 0");
    }

    #[tokio::test]
    async fn without_systemd_it_is_unknown() {
        let prober = Prober::new(crate::host::Clock::starting());
        let asked = probe(&subject(&FailedUnitsCheck::default(), &Target::Host).unwrap(), &prober).await;
        assert_eq!(prober.systemd.is_none(), asked.is_err(), "{asked:?}");
    }
}
