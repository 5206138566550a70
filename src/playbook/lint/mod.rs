//! Lints a playbook that is valid in form and still dangerous or meaningless. Each rule has its own diagnostic, each
//! concern its own module.

mod bounds;
mod checks;
pub mod cross_check;
pub(crate) mod hazards;
pub mod host_check;
pub(crate) mod names;
pub(crate) mod secrets;
mod sets;
mod targets;
pub(crate) mod templates;
mod texts;
mod times;
mod verifier;

use super::attachment;
use super::diagnostic::Findings;
use super::model::{Mode, Risk, TargetSpec};
use super::rule::Rule;
use super::write::draft::Draft;

/// Checks a draft against every rule.
pub(super) fn lint(draft: &Draft<'_>, name: &str, findings: &mut Findings<'_>) {
    high_risk(draft, findings);
    texts::lint(draft, findings);
    targets::lint(draft, findings);
    bounds::lint(draft, findings);
    times::lint(draft, findings);
    let specs: Vec<&TargetSpec> = draft.targets.iter().map(|target| &target.value).collect();
    for check in draft.detect.iter().chain(&draft.verify) {
        checks::lint(check, &specs, findings);
    }
    for action in draft.rungs.iter().flat_map(|rung| &rung.actions) {
        action.value.lint(action.at, &specs, findings);
    }
    for evidence in &draft.attach {
        attachment::lint(evidence, &specs, findings);
    }
    dangerous(draft, findings);
    verifier::lint(draft, &specs, findings);
    needs(draft, name, findings);
    if !findings.has_errors() {
        // a sum of times is checked only if each of them is valid
        times::window(draft, findings);
    }
}

fn high_risk(draft: &Draft<'_>, findings: &mut Findings<'_>) {
    let (Some(risk), Some(mode)) = (&draft.risk, &draft.mode) else { return };
    if (risk.value, mode.value) == (Risk::High, Mode::Auto) {
        let message = "risk `high` in mode `auto`: high risk always asks";
        findings.add(Rule::HighRiskAuto, mode.at.span(), message, "write mode = \"ask\"");
    }
}

/// Commands that destroy raise the risk that the playbook counts as, and have no place in what only looks.
fn dangerous(draft: &Draft<'_>, findings: &mut Findings<'_>) {
    let written = draft.risk.as_ref().map_or(Risk::High, |risk| risk.value);
    for action in draft.rungs.iter().flat_map(|rung| &rung.actions) {
        let Some(hazard) = action.value.hazard().filter(|hazard| hazard.risk > written) else { continue };
        let message = format!(
            "`{}` {}: with it the playbook counts as risk `{}`, whatever is written",
            hazard.words, hazard.does, hazard.risk
        );
        let help = if hazard.risk == Risk::High {
            "write risk = \"high\" and mode = \"ask\": high risk always asks. To delete aged files use clean = { path = \"/var/tmp\", older_than = \"7d\" }"
        } else {
            "write risk = \"medium\""
        };
        findings.add(Rule::DangerousCommand, action.at.span(), message, help);
    }
    let checks = draft.detect.iter().chain(&draft.verify);
    let checks = checks.filter_map(|check| Some((check.value.parts().arguments?.1, check.at)));
    let evidence = draft.attach.iter().filter_map(|one| Some((one.value.arguments()?, one.at)));
    for (argv, at) in checks.chain(evidence) {
        if let Some(hazard) = hazards::of(argv).filter(|hazard| hazard.risk == Risk::High) {
            let message =
                format!("`{}` {}, and this only looks, again and again, with nobody asked", hazard.words, hazard.does);
            findings.add(Rule::DangerousCheck, at.head(), message, "move it to a rung: do = [{ run = [\"...\"] }]");
        }
    }
}

fn needs(draft: &Draft<'_>, name: &str, findings: &mut Findings<'_>) {
    let title = draft.title.as_ref().map(|title| title.value.as_str());
    for need in &draft.needs {
        let needed = need.value.playbook();
        if needed == name || Some(needed) == title {
            let message = format!("the playbook needs itself: `{needed}`");
            findings.add(Rule::NeedsItself, need.at.span(), message, "leave it out");
        }
    }
}
