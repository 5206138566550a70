//! Lints numbers that make no sense, and counts that are too large.

use crate::playbook::diagnostic::Findings;
use crate::playbook::rule::Rule;
use crate::playbook::write::draft::Draft;

const CHECKS: usize = 32;
const RUNGS: usize = 16;
const ACTIONS: usize = 32;
const ATTACHMENTS: usize = 16;
const CHANNELS: usize = 16;

pub fn lint(draft: &Draft<'_>, findings: &mut Findings<'_>) {
    if let Some(attempts) = &draft.attempts
        && !(1..=100).contains(&attempts.value)
    {
        let message = format!("{} attempts: at least 1 and at most 100 can be allowed", attempts.value);
        findings.add(Rule::OutOfRange, attempts.at.span(), message, "write attempts = 3");
    }
    let mut most = |what: &str, limit: usize, one_more: Option<std::ops::Range<usize>>| {
        if let Some(span) = one_more {
            let help = "one playbook for one failure class";
            findings.add(Rule::TooMany, span, format!("more than {limit} {what}"), help);
        }
    };
    most("checks in [detect]", CHECKS, draft.detect.get(CHECKS).map(|check| check.at.head()));
    most("checks in [verify]", CHECKS, draft.verify.get(CHECKS).map(|check| check.at.head()));
    most("rungs", RUNGS, draft.rungs.get(RUNGS).map(|rung| rung.at.span()));
    most("attachments", ATTACHMENTS, draft.attach.get(ATTACHMENTS).map(|one| one.at.head()));
    most("channels", CHANNELS, draft.to.get(CHANNELS).map(|one| one.at.span()));
    for rung in &draft.rungs {
        most("actions in a rung", ACTIONS, rung.actions.get(ACTIONS).map(|one| one.at.head()));
    }
}
