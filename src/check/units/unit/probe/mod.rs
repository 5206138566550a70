//! A systemd unit's state, followed through D-Bus signals.

mod journal;
mod pending;
pub(in crate::check) mod preflight;
pub(in crate::check) mod records;
mod stop_origin;
pub(in crate::check) mod watch;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::table::UnitCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::{Conditions, joined};
use crate::check::kind::{CheckProbe, SharedSource};
use crate::check::prober::{Cost, Prober, Timed};
use crate::core::{Mono, UnitRun};
use crate::host::Clock;
use crate::host::clock::boottime_at_monotonic;
use crate::host::systemd::UnitSeen;
use crate::playbook::Target;
use crate::playbook::value::{UnitState, WantedState};

/// The systemd unit to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnitSubject {
    /// Its name, or an alias.
    pub name: Arc<str>,
}

/// The properties of a unit that a condition can test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFacts {
    /// systemd's `ActiveState`, such as `active` or `failed`.
    pub active: String,
    /// systemd's `SubState`, such as `running`; its values depend on the kind of unit.
    pub sub: String,
    /// How the last run ended; none for kinds of units without a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// How often systemd itself restarted it; none for kinds that it does not restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
    /// Why it is inactive with nothing wrong, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<AtRest>,
    /// Whether a job is running: then the change was requested. Backtests do not use it.
    #[serde(skip)]
    pub job: bool,
    /// When it last became active; no part of what a backtest judges.
    #[serde(skip)]
    pub started: Option<Mono>,
}

impl UnitFacts {
    /// What distinguishes a unit that flaps from one that is being restarted.
    pub fn run(&self) -> UnitRun {
        let auto_restart = self.sub.starts_with("auto-restart");
        UnitRun { restarts: self.restarts, job: self.job, auto_restart, started: self.started }
    }
}

/// Why a unit is inactive with nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtRest {
    /// A oneshot without `RemainAfterExit=`: it has done its work, or waits for its trigger.
    Oneshot,
    /// systemd skipped its start, because one of its conditions is not met.
    ConditionNotMet,
}

impl AtRest {
    fn of(seen: &UnitSeen) -> Option<Self> {
        let well = seen.result.as_deref().is_none_or(|result| result == "success");
        match (&*seen.active == "inactive" && well, seen.oneshot, seen.condition_failed) {
            (true, _, true) => Some(Self::ConditionNotMet),
            (true, true, false) => Some(Self::Oneshot),
            (true, false, false) | (false, ..) => None,
        }
    }
}

impl UnitFacts {
    /// The properties from what systemd reported, with its times converted to this clock.
    pub fn of(seen: &UnitSeen, clock: &Clock) -> Self {
        let started = (seen.active_since > 0).then(|| clock.at_boottime(boottime_at_monotonic(seen.active_since)));
        Self {
            started,
            active: seen.active.to_string(),
            sub: seen.sub.to_string(),
            result: seen.result.as_deref().map(str::to_owned),
            restarts: seen.restarts,
            job: seen.job.is_some(),
            rest: AtRest::of(seen),
        }
    }
}

impl CheckProbe for UnitCheck {
    type Subject = UnitSubject;
    type Seen = UnitFacts;
    const COST: Cost = Cost::Little;

    /// The unit that a check names, or its target's.
    fn subject(&self, target: &Target) -> Result<UnitSubject, String> {
        match (&self.name, target) {
            (Some(name), _) => Ok(UnitSubject { name: name.as_str().into() }),
            (None, Target::Unit(name)) => Ok(UnitSubject { name: name.clone() }),
            (None, _) => Err("the check names no unit, and its target is none".into()),
        }
    }

    async fn probe(subject: &UnitSubject, prober: &Prober) -> Result<UnitFacts, String> {
        Self::probe_timed(subject, prober).await.map(|timed| timed.seen)
    }

    /// Asks systemd for the unit's state, and since when it is so.
    async fn probe_timed(subject: &UnitSubject, prober: &Prober) -> Result<Timed<UnitFacts>, String> {
        let systemd = prober.systemd.as_ref().ok_or("systemd does not run this host")?;
        let seen = systemd.unit(&subject.name).await.map_err(|error| error.to_string())?;
        Ok(Timed { seen: UnitFacts::of(&seen, &prober.clock), changed: seen.changed })
    }

    fn judge(&self, seen: &UnitFacts) -> Judgement {
        let mut parts = Conditions::default();
        let whole = whole(seen);
        if let Some(wanted) = self.state {
            match state(&seen.active) {
                Some(state) => parts.met(admits(wanted, state, seen.rest), whole.as_str()),
                None => parts.unclear(format!("systemd calls it {}", seen.active)),
            }
        }
        if let Some(wanted) = &self.sub {
            parts.met(wanted.admits(wanted.word == seen.sub), whole.as_str());
        }
        if let Some(wanted) = &self.result {
            match &seen.result {
                Some(result) => parts.met(wanted.admits(wanted.word == *result), whole.as_str()),
                None => parts.unclear("this kind of unit has no result"),
            }
        }
        if let Some(bound) = self.restarts {
            parts.bound(bound, seen.restarts.map(f64::from), "restarts ");
        }
        if let UnitCheck { state: None, sub: None, result: None, restarts: None, .. } = self {
            // A name alone wants the unit to be active.
            let wanted = WantedState { negated: false, state: UnitState::Active };
            parts.met(state(&seen.active).is_some_and(|state| admits(wanted, state, seen.rest)), whole);
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let words = joined([
            self.state.map(|state| state.to_string()),
            self.sub.as_ref().map(ToString::to_string),
            self.result.as_ref().map(|result| format!("result {result}")),
            self.restarts.map(|bound| format!("restarts {bound}")),
        ]);
        if words.is_empty() { "active".into() } else { words }
    }

    /// Whether a change is too small to be recorded: only one of the job or start time is, which are not recorded.
    fn is_insignificant(now: &UnitFacts, then: &UnitFacts) -> bool {
        let seen = |facts: &UnitFacts| UnitFacts { job: false, started: None, ..facts.clone() };
        seen(now) == seen(then)
    }

    fn shared_source(subject: &UnitSubject) -> SharedSource {
        SharedSource::Unit(subject.name.clone())
    }

    fn unit_run(seen: &UnitFacts) -> Option<UnitRun> {
        Some(seen.run())
    }
}

/// Whether the state is as wanted. Active means that the unit does its work: a oneshot at rest has done it, and a unit
/// whose start was skipped neither does it nor fails.
fn admits(wanted: WantedState, state: UnitState, rest: Option<AtRest>) -> bool {
    match rest {
        Some(AtRest::Oneshot) if wanted.state == UnitState::Active => !wanted.negated,
        Some(AtRest::ConditionNotMet) if wanted.state == UnitState::Active => false,
        // a unit that reloads serves on: it is as active as before
        None if (wanted.state, state) == (UnitState::Active, UnitState::Reloading) => !wanted.negated,
        Some(AtRest::Oneshot | AtRest::ConditionNotMet) | None => wanted.admits(state),
    }
}

/// `failed (exit-code)`, `active (running)`, `activating (auto-restart)`.
fn whole(seen: &UnitFacts) -> String {
    match (&seen.result, seen.rest) {
        (Some(result), _) if result != "success" && seen.active == "failed" => format!("failed ({result})"),
        (_, Some(AtRest::Oneshot)) => format!("{} ({}), a oneshot at rest", seen.active, seen.sub),
        (_, Some(AtRest::ConditionNotMet)) => format!("{} ({}), its condition is not met", seen.active, seen.sub),
        (_, None) => format!("{} ({})", seen.active, seen.sub),
    }
}

fn state(name: &str) -> Option<UnitState> {
    // systemd's word for a reload of a unit's mounts and extensions
    let name = if name == "refreshing" { "reloading" } else { name };
    UnitState::NAMES.into_iter().find_map(|(known, state)| (known == name).then_some(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Verdict;

    fn seen(active: &str, sub: &str, result: &str) -> UnitFacts {
        let (active, sub, result) = (active.into(), sub.into(), Some(result.into()));
        UnitFacts { active, sub, result, restarts: Some(2), rest: None, job: false, started: None }
    }

    fn wanting(state: &str) -> UnitCheck {
        UnitCheck { state: Some(state.parse().unwrap()), ..UnitCheck::default() }
    }

    #[test]
    fn every_state_is_told_from_the_wanted_one() {
        for (name, state) in UnitState::NAMES {
            // reloading is not down
            let active = matches!(state, UnitState::Active | UnitState::Reloading);
            let holds = |check: &UnitCheck| check.judge(&seen(name, "x", "success")).verdict == Verdict::Holds;
            assert_eq!(holds(&wanting("active")), active, "{name}");
            assert_eq!(holds(&wanting("not active")), !active, "{name}");
            assert_eq!(holds(&UnitCheck::default()), active, "{name}");
        }
        assert_eq!(wanting("not active").judge(&seen("refreshing", "x", "success")).verdict, Verdict::DoesNotHold);
        assert_eq!(wanting("reloading").judge(&seen("reloading", "x", "success")).verdict, Verdict::Holds);
        let odd = wanting("active").judge(&seen("maintenance", "x", "success"));
        assert!(matches!(odd.verdict, Verdict::Unknown(_)));
    }

    #[test]
    fn sub_state_result_and_restarts_all_count() {
        let failed = seen("failed", "failed", "oom-kill");
        let check = UnitCheck {
            result: Some("oom-kill".parse().unwrap()),
            restarts: Some("> 1".parse().unwrap()),
            ..wanting("failed")
        };
        let judgement = check.judge(&failed);
        assert_eq!((judgement.verdict, judgement.figure), (Verdict::Holds, Some(2.0)));
        assert_eq!(judgement.seen, "failed (oom-kill), restarts 2");
        assert_eq!(check.condition(), "failed, result oom-kill, restarts > 1");
        let sub = UnitCheck { sub: Some("running".parse().unwrap()), ..UnitCheck::default() };
        assert_eq!(sub.judge(&failed).verdict, Verdict::DoesNotHold);
        let not = UnitCheck { sub: Some("not running".parse().unwrap()), ..UnitCheck::default() };
        assert_eq!(not.judge(&failed).verdict, Verdict::Holds);
        assert_eq!(sub.judge(&seen("active", "running", "success")).seen, "active (running)");
    }

    #[test]
    fn a_oneshot_that_is_done_and_a_unit_whose_condition_is_not_met_are_no_fault() {
        let unit = |oneshot, condition_failed, result: &str| UnitSeen {
            active: "inactive".into(),
            sub: "dead".into(),
            result: Some(result.into()),
            oneshot,
            condition_failed,
            ..UnitSeen::default()
        };
        let holds = |state: &str, unit: &UnitSeen| {
            wanting(state).judge(&UnitFacts::of(unit, &Clock::starting())).verdict == Verdict::Holds
        };
        let done = unit(true, false, "success");
        assert!(!holds("not active", &done) && holds("active", &done) && holds("inactive", &done));
        assert_eq!(
            wanting("active").judge(&UnitFacts::of(&done, &Clock::starting())).seen,
            "inactive (dead), a oneshot at rest"
        );
        let skipped = unit(false, true, "success");
        assert!(!holds("not active", &skipped) && !holds("active", &skipped));
        for broken in [unit(true, false, "exit-code"), unit(false, false, "success")] {
            assert!(holds("not active", &broken) && !holds("active", &broken));
        }
    }

    #[test]
    fn what_a_kind_of_unit_does_not_have_is_unknown() {
        let mount = UnitFacts {
            active: "active".into(),
            sub: "mounted".into(),
            result: None,
            restarts: None,
            rest: None,
            job: false,
            started: None,
        };
        let check = UnitCheck { restarts: Some("> 1".parse().unwrap()), ..UnitCheck::default() };
        assert!(matches!(check.judge(&mount).verdict, Verdict::Unknown(_)));
        let check = UnitCheck { result: Some("success".parse().unwrap()), ..UnitCheck::default() };
        assert!(matches!(check.judge(&mount).verdict, Verdict::Unknown(_)));
    }

    #[test]
    fn the_unit_is_the_named_one_or_the_targets() {
        let named = UnitCheck { name: Some("a.service".into()), ..UnitCheck::default() };
        let target = Target::Unit("b.service".into());
        assert_eq!(named.subject(&target), Ok(UnitSubject { name: "a.service".into() }));
        assert_eq!(UnitCheck::default().subject(&target), Ok(UnitSubject { name: "b.service".into() }));
        assert!(UnitCheck::default().subject(&Target::Host).is_err());
    }
}
