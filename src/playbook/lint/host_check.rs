//! What a file alone cannot show, because it depends on the host: whether a unit that the detector asks about is one
//! that rests. A oneshot that has done its work is inactive, and so is a unit whose conditions are not met; neither is a
//! fault.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::playbook::check::{Check, UnitCheck};
use crate::playbook::diagnostic::{Diagnostic, Findings};
use crate::playbook::model::Playbook;
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::Rule;
use crate::playbook::value::UnitState;

/// The rules that are checked here only.
pub const RULES: [Rule; 1] = [Rule::UnitAtRest];

/// Why a unit may be inactive without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// A service of type oneshot that does not remain active after its work.
    Oneshot,
    /// systemd skipped its start, because one of its conditions is not met.
    ConditionNotMet,
}

/// Units that rest, by what is written in a check (its `name`; none for the target's), each with systemd's name.
pub type Resting = BTreeMap<Option<String>, (Arc<str>, Rest)>;

/// What the detector asks of units in a way that is also true of one at rest: the units' names, none for the target's.
pub fn asked(playbook: &Playbook) -> impl Iterator<Item = Option<&str>> {
    playbook.detect.checks.iter().filter_map(unit).filter(|check| counts_rest(check)).map(|check| check.name.as_deref())
}

/// Judges a playbook by the units that rest on this host. `file` is how the file is called in diagnostics.
#[must_use]
pub fn host_check(file: &str, playbook: &Playbook, resting: &Resting) -> Vec<Diagnostic> {
    let (table, _) = DeTable::parse_recoverable(&playbook.source);
    let root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
    let at = SpannedTable::root(&root).field("detect").and_then(|detect| detect.field("unit"));
    let mut findings = Findings::new(file, &playbook.source);
    for (nth, check) in playbook.detect.checks.iter().filter_map(unit).enumerate() {
        let known = resting.get(&check.name).filter(|_| counts_rest(check));
        let (Some(at), Some((unit, rest))) = (at, known) else { continue };
        let message = match rest {
            Rest::Oneshot => format!(
                "`{unit}` is a oneshot that does not remain: it is `activating` while it works and `inactive` once it has done so, and neither is a fault"
            ),
            Rest::ConditionNotMet => format!(
                "systemd skips the start of `{unit}`, because one of its conditions is not met: it is `inactive`, and that is no fault"
            ),
        };
        findings.add(Rule::UnitAtRest, at.element(nth).head(), message, "write state = \"failed\"");
    }
    findings.sorted()
}

fn unit(check: &Check) -> Option<&UnitCheck> {
    match check {
        Check::Unit(check) => Some(check),
        _ => None,
    }
}

/// Whether the condition is also true of a unit at rest. A wanted result already distinguishes a fault from rest.
fn counts_rest(check: &UnitCheck) -> bool {
    let by_state = check.state.is_some_and(|wanted| match (wanted.negated, wanted.state) {
        (true, UnitState::Active) | (false, UnitState::Inactive) => true,
        (
            _,
            UnitState::Active
            | UnitState::Inactive
            | UnitState::Failed
            | UnitState::Activating
            | UnitState::Deactivating
            | UnitState::Reloading,
        ) => false,
    });
    let by_sub = check.sub.as_ref().is_some_and(|wanted| match &*wanted.word {
        "dead" => !wanted.negated,
        "running" | "exited" => wanted.negated,
        _ => false,
    });
    (by_state || by_sub) && check.result.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Origin;
    use crate::playbook::read::read;

    /// What is said of a playbook whose detector asks so, where its target, or the unit `other.service`, rests.
    fn said(asks: &str, rest: Rest) -> Vec<Diagnostic> {
        let text = format!(
            r#"
title = "a job is done"
target = {{ unit = "job.service" }}
risk = "low"
mode = "ask"

[detect]
unit = {asks}
for = "1m"

[[remediate]]
do = [{{ unit = "start" }}]
timeout = "1m"

[verify]
unit = {{ state = "active" }}
within = "2m"

[escalate]
attempts = 1
window = "1h"
"#
        );
        let read = read("job.toml", "job", Origin::Shipped, &text);
        let playbook = read.playbook.unwrap_or_else(|| panic!("{asks}: {:?}", read.diagnostics));
        let resting = |name: Option<&str>, unit: &str| (name.map(str::to_owned), (Arc::from(unit), rest));
        let names: Vec<Option<&str>> = asked(&playbook).collect();
        let known = Resting::from([resting(None, "job.service"), resting(Some("other.service"), "other.service")]);
        host_check(
            "job.toml",
            &playbook,
            &known.into_iter().filter(|(name, _)| names.contains(&name.as_deref())).collect(),
        )
    }

    #[test]
    fn a_detector_that_takes_a_units_rest_for_a_fault_is_told_the_right_form() {
        for asks in [
            "{ state = \"not active\" }",
            "{ state = \"inactive\" }",
            "{ sub = \"dead\" }",
            "{ sub = \"not running\" }",
            "{ name = \"other.service\", state = \"inactive\" }",
        ] {
            for (rest, words) in [(Rest::Oneshot, "oneshot"), (Rest::ConditionNotMet, "conditions")] {
                let said = said(asks, rest);
                assert_eq!(said.len(), 1, "{asks}: {said:?}");
                assert!(!said[0].is_error() && said[0].rule == Rule::UnitAtRest && said[0].line == 8, "{said:?}");
                assert!(said[0].message.contains(words) && said[0].help.contains("state = \"failed\""), "{said:?}");
            }
        }
    }

    #[test]
    fn a_detector_that_tells_a_fault_from_rest_is_let_be() {
        for asks in [
            "{ state = \"failed\" }",
            "{ result = \"not success\" }",
            "{ state = \"inactive\", result = \"not success\" }",
            "{ name = \"third.service\", state = \"inactive\" }",
        ] {
            assert_eq!(said(asks, Rest::Oneshot), [], "{asks}");
        }
    }
}
