//! What is well-formed and still dangerous, or without sense. Each rule has its own diagnostic; one page per concern.

mod bounds;
mod checks;
pub(super) mod names;
pub(super) mod parts;
mod sets;
mod targets;
pub(super) mod templates;
mod texts;
mod times;
mod verifier;

use super::attachment;
use super::diagnostic::Findings;
use super::draft::Draft;
use super::model::{Mode, Risk, TargetSpec};
use super::rule::Rule;

/// Judges a draft by every rule.
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
    verifier::lint(draft, &specs, findings);
    needs(draft, name, findings);
    if !findings.has_errors() {
        // a sum of times is worth telling only where each of them is right
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

fn needs(draft: &Draft<'_>, name: &str, findings: &mut Findings<'_>) {
    let title = draft.title.as_ref().map(|title| title.value.as_str());
    for need in &draft.needs {
        if need.value == name || Some(need.value.as_str()) == title {
            let message = format!("the playbook needs itself: `{}`", need.value);
            findings.add(Rule::NeedsItself, need.at.span(), message, "leave it out");
        }
    }
}
