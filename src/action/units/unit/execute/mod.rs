//! Verbs on systemd units, as D-Bus jobs that are waited for. systemd starts the service, so it is never in our scope.

mod dependants;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use dependants::Restored;

use super::table::{UnitAction, UnitVerb};
use crate::action::context::Context;
use crate::action::kind::{ActionKind, ResolvedStep};
use crate::action::plan::error::PlanError;
use crate::action::step::{StepContext, StepOutcome};
use crate::core::plan::StepResult;
use crate::host::Systemd;
use crate::host::systemd::{JobResult, SystemdError};
use crate::playbook::{Playbook, Target};
use crate::text::clean_line;

/// How long after the deadline systemd may take to answer that the job is still running.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// A systemd job to request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedUnitJob {
    /// The unit, with its suffix.
    pub unit: String,
    /// What to do with it.
    pub verb: UnitVerb,
}

/// Why a unit may not be acted on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitRefusal {
    /// The playbook names no unit, and its target is none.
    #[error("`unit` names no unit, and the target is {0}")]
    NoUnit(String),
    /// No unit has such a name.
    #[error("`{0}` is not the name of one unit")]
    Name(String),
    /// This process, or the session that it is watched from, runs in the unit.
    #[error("`{verb} {unit}` would end salve itself, or the session that it runs in")]
    Own {
        /// The full name of the unit that was to be acted on.
        unit: String,
        /// The verb as systemctl spells it.
        verb: &'static str,
    },
    /// The host itself depends on the unit.
    #[error("`{verb} {unit}` would take the host down")]
    Host {
        /// The full name of the unit that was to be acted on.
        unit: String,
        /// The verb as systemctl spells it.
        verb: &'static str,
    },
}

impl From<UnitRefusal> for PlanError {
    fn from(refusal: UnitRefusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

/// The verb as systemctl spells it.
#[must_use]
pub fn word(verb: UnitVerb) -> &'static str {
    match verb {
        UnitVerb::Start => "start",
        UnitVerb::Restart => "restart",
        UnitVerb::Reload => "reload",
        UnitVerb::ResetFailed => "reset-failed",
        UnitVerb::Stop => "stop",
    }
}

/// Checks that this verb may be used on this unit: never what would end this process, its session or the host.
///
/// # Errors
/// The refusal, in words.
pub fn may(unit: &str, verb: UnitVerb) -> Result<(), UnitRefusal> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    may_beside(unit, verb, &own)
}

fn may_beside(unit: &str, verb: UnitVerb, own_cgroups: &str) -> Result<(), UnitRefusal> {
    const SUFFIXES: [&str; 11] =
        ["service", "socket", "target", "mount", "automount", "swap", "timer", "path", "slice", "scope", "device"];
    const ESSENTIAL: [&str; 4] = ["init.scope", "-.slice", "-.mount", "dbus.service"];
    // Any of these takes everything else with it when it is started.
    const ENDINGS: [&str; 12] = [
        "poweroff.target",
        "reboot.target",
        "halt.target",
        "kexec.target",
        "soft-reboot.target",
        "rescue.target",
        "emergency.target",
        "shutdown.target",
        "umount.target",
        "final.target",
        "exit.target",
        "ctrl-alt-del.target",
    ];
    const ENDING_SERVICES: [&str; 3] = ["systemd-poweroff", "systemd-reboot", "systemd-halt"];
    let suffix = unit.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, suffix)| suffix);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '\\' | '@');
    let named = suffix.is_some_and(|suffix| SUFFIXES.contains(&suffix));
    if !named || unit.len() > 255 || !unit.chars().all(plain) {
        return Err(UnitRefusal::Name(clean_line(unit).into_owned()));
    }
    let refusal = |own: bool| {
        let (unit, verb) = (unit.to_owned(), word(verb));
        Err(if own { UnitRefusal::Own { unit, verb } } else { UnitRefusal::Host { unit, verb } })
    };
    let ends = matches!(verb, UnitVerb::Restart | UnitVerb::Stop);
    let starts = matches!(verb, UnitVerb::Start | UnitVerb::Restart);
    let holds_us = |line: &str| line.rsplit(':').next().is_some_and(|path| path.split('/').any(|part| part == unit));
    let takes_down = ENDINGS.contains(&unit) || ENDING_SERVICES.iter().any(|service| unit.starts_with(service));
    if ends && own_cgroups.lines().any(holds_us) {
        return refusal(true);
    }
    if (ends && ESSENTIAL.contains(&unit)) || (starts && takes_down) {
        return refusal(false);
    }
    Ok(())
}

impl ActionKind for UnitAction {
    type Resolved = ResolvedUnitJob;

    /// Resolves a verb on the named unit, or on the target where the playbook names none.
    async fn plan(&self, _: &Playbook, context: &Context) -> Result<ResolvedStep<Self::Resolved>, PlanError> {
        let (name, verb) = match (self, &context.target) {
            (UnitAction::On(named), _) => (named.name.as_str(), named.verb),
            (UnitAction::Verb(verb), Target::Unit(unit)) => (&**unit, *verb),
            (UnitAction::Verb(_), target) => return Err(UnitRefusal::NoUnit(target.to_string()).into()),
        };
        may(name, verb)?;
        let (radius, rollback) = match verb {
            UnitVerb::Start => ("the unit and what it requires", "stop it"),
            UnitVerb::Restart => ("the unit's clients lose their connections; what requires it restarts too", "none"),
            UnitVerb::Reload => ("the unit reads its configuration again", "none"),
            UnitVerb::ResetFailed => ("the unit's failed state and start counter", "none needed"),
            UnitVerb::Stop => ("the unit's clients lose it, as does what requires it", "start it"),
        };
        let details =
            vec![("by", "systemd".into()), ("blast radius", radius.to_owned()), ("rollback", rollback.to_owned())];
        Ok(ResolvedStep {
            sentence: format!("{} {name}", word(verb)),
            details,
            resolved: ResolvedUnitJob { unit: name.into(), verb },
        })
    }

    /// Requests the job from systemd, and waits for it. A job that outlives the deadline is left to systemd's own time
    /// limits: a half-done restart helps nobody, and the verifier checks the result.
    async fn carry_out(resolved: ResolvedUnitJob, context: &mut StepContext<'_>) -> StepOutcome {
        let deadline = context.deadline;
        if let Err(refusal) = may(&resolved.unit, resolved.verb) {
            return StepOutcome::refused(refusal.to_string());
        }
        let Some(systemd) = context.systemd else { return StepOutcome::refused("systemd does not run this host") };
        let takes_down = matches!(resolved.verb, UnitVerb::Restart | UnitVerb::Stop);
        let stood = if takes_down { dependants::standing(systemd, &resolved.unit).await } else { Vec::new() };
        let asked = timeout_at(deadline + LAST_ANSWER, systemd.job(&resolved.unit, resolved.verb, deadline)).await;
        dependants::remember_fallen(systemd, &resolved.unit, stood).await;
        match asked {
            Ok(Ok(JobResult::Done)) => done(systemd, &resolved, deadline).await,
            Ok(Ok(ended)) => StepOutcome::failed(format!("job {ended}{}", state(systemd, &resolved.unit).await)),
            Ok(Err(error @ SystemdError::JobGoesOn(_))) => StepOutcome {
                result: StepResult::TimedOut,
                output: format!("[{}]\n", clean_line(&error.to_string())),
                scope_empty: true,
            },
            Ok(Err(error)) => StepOutcome::failed(clean_line(&error.to_string()).into_owned()),
            Err(_) => StepOutcome { result: StepResult::TimedOut, output: String::new(), scope_empty: true },
        }
    }
}

/// Finishes a job that is done: units that were stopped along with the unit are started again.
async fn done(systemd: &Systemd, resolved: &ResolvedUnitJob, deadline: Instant) -> StepOutcome {
    let brings_up = matches!(resolved.verb, UnitVerb::Start | UnitVerb::Restart);
    let restored =
        if brings_up { dependants::restore(systemd, &resolved.unit, deadline).await } else { Restored::default() };
    let words = format!("job done{}{}", state(systemd, &resolved.unit).await, restored.words);
    if restored.failed {
        return StepOutcome::failed(words);
    }
    StepOutcome { result: StepResult::Done(words.into()), output: String::new(), scope_empty: true }
}

/// The state of the unit afterwards, for the text of the report; what cannot be read is left out.
async fn state(systemd: &Systemd, unit: &str) -> String {
    match systemd.unit(unit).await {
        Ok(seen) => {
            let result = seen.result.filter(|result| **result != *"success");
            let result = result.map_or(String::new(), |result| format!(", {result}"));
            format!("; {unit} is {} ({}{result})", seen.active, seen.sub)
        }
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_one_unit_are_taken() {
        for unit in ["nginx.service", "a@b-1.service", r"dev-disk\x2d1.mount", "-.mount"] {
            assert_eq!(may_beside(unit, UnitVerb::Start, ""), Ok(()), "{unit}");
        }
        for unit in ["nginx", "*.service", "a b.service", ".service", "a.exe", "a/b.service", "\u{202e}.service"] {
            assert!(matches!(may_beside(unit, UnitVerb::Start, ""), Err(UnitRefusal::Name(_))), "{unit}");
        }
    }

    #[test]
    fn salve_never_ends_itself_nor_its_session_nor_the_host() {
        let own = "1:name=systemd:/user.slice/user-0.slice/session-1.scope\n0::/system.slice/salve.service\n";
        for unit in ["salve.service", "session-1.scope", "user-0.slice", "system.slice"] {
            assert!(matches!(may_beside(unit, UnitVerb::Restart, own), Err(UnitRefusal::Own { .. })), "{unit}");
        }
        assert_eq!(may_beside("salve.service", UnitVerb::Reload, own), Ok(()));
        assert!(matches!(may_beside("init.scope", UnitVerb::Stop, own), Err(UnitRefusal::Host { .. })));
        assert!(matches!(may_beside("reboot.target", UnitVerb::Start, own), Err(UnitRefusal::Host { .. })));
        assert_eq!(may_beside("nginx.service", UnitVerb::Restart, own), Ok(()));
    }
}
