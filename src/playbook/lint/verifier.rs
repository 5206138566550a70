//! Compares detector and verifier: what the verifier accepts as healed must not be what the detector fires on.

use super::sets::Together;
use crate::playbook::check::Check;
use crate::playbook::check::parts::Condition;
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::TargetSpec;
use crate::playbook::read::spanned::SpannedValue;
use crate::playbook::rule::Rule;
use crate::playbook::value::WantedText;
use crate::playbook::write::draft::Draft;

pub fn lint(draft: &Draft<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    for detector in &draft.detect {
        let verifiers: Vec<&SpannedValue<'_, Check>> =
            draft.verify.iter().filter(|check| same_object(&detector.value, &check.value, targets)).collect();
        against(detector, &verifiers, findings);
    }
    for check in &draft.verify {
        silent(check, findings);
    }
    for (nth, a) in draft.verify.iter().enumerate() {
        for b in draft.verify[nth + 1..].iter().filter(|b| same_object(&a.value, &b.value, targets)) {
            both_verify(a, b, findings);
        }
    }
}

/// Do these two look at the same thing? Where one takes its object from the target, the other may name that target.
fn same_object(a: &Check, b: &Check, targets: &[&TargetSpec]) -> bool {
    if a.kind() != b.kind() {
        return false;
    }
    let (a, b) = (a.parts(), b.parts());
    let target = |object| match (object, targets) {
        (None, [only]) => Some(only.name()),
        (object, _) => object,
    };
    a.besides == b.besides && target(a.object) == target(b.object)
}

/// One of the detector's checks against all of the verifier's that look at the same thing. They can all hold unless
/// one condition of theirs excludes one of its conditions.
fn against(detector: &SpannedValue<'_, Check>, verifiers: &[&SpannedValue<'_, Check>], findings: &mut Findings<'_>) {
    let mut fault = detector.value.parts().conditions;
    // such a condition is told of for itself
    fault.retain(|(_, condition)| !condition.is_always() && !condition.is_never());
    let mut pairs = Vec::new();
    for verifier in verifiers {
        for (key, wanted) in verifier.value.parts().conditions {
            let same = fault.iter().filter(|(other, _)| *other == key);
            pairs.extend(same.map(|(_, broken)| (*verifier, key, broken.clone(), wanted.clone())));
        }
    }
    let together = |pair: &(_, _, Condition, Condition)| pair.2.with(&pair.3);
    if pairs.iter().any(|pair| together(pair) == Together::Apart || together(pair) == Together::Unclear) {
        return;
    }
    if let Some((verifier, key, ..)) = pairs.iter().find(|pair| together(pair) == Together::Touching) {
        let message = format!("`{key}` is healed at the very value at which it is broken: it will flap at the edge");
        let help = "leave a margin, as `< 80%` for `> 85%`";
        findings.add(Rule::NoMargin, verifier.at.field_span(key), message, help);
        return;
    }
    for pair in &pairs {
        let (verifier, key, broken, _) = pair;
        let span = verifier.at.field_span(key);
        if together(pair) == Together::Overlapping {
            let message = format!("the verifier is weaker than the detector: `{key}` can be healed and broken at once");
            let help = format!("ask for more than the end of the fault; the detector fires at {}", words(broken));
            findings.add(Rule::WeakVerifier, span, message, help);
        } else {
            let message = format!("detector and verifier can both hold: `{key}` would be healed while it is broken");
            let help = format!("let the verifier ask for the opposite of {}", words(broken));
            findings.add(Rule::Contradiction, span, message, help);
        }
    }
}

/// A service that does not answer has no body, so it holds no text either: that alone would call it healed.
fn silent(check: &SpannedValue<'_, Check>, findings: &mut Findings<'_>) {
    let conditions = check.value.parts().conditions;
    if let [(key, Condition::Holds(WantedText { negated: true, .. }))] = conditions[..]
        && check.value.kind() == "http"
    {
        let message =
            format!("`{key}` holds no text as well where nothing answers: a dead service would be called healed");
        findings.add(Rule::WeakVerifier, check.at.field_span(key), message, "write status = 200 beside it");
    }
}

/// All checks of the verifier must hold, so two of them may not exclude each other.
fn both_verify(a: &SpannedValue<'_, Check>, b: &SpannedValue<'_, Check>, findings: &mut Findings<'_>) {
    let first = a.value.parts().conditions;
    for (key, condition) in b.value.parts().conditions {
        let apart = |(other, before): &&(&str, Condition)| {
            *other == key && matches!(before.with(&condition), Together::Apart | Together::Touching)
        };
        if let Some((_, before)) = first.iter().find(apart) {
            let message =
                format!("no `{key}` is both {} and {}: the verifier can never hold", words(before), words(&condition));
            findings.add(Rule::Contradiction, b.at.field_span(key), message, "keep one of the two");
        }
    }
}

/// A condition as it stands in a file.
fn words(condition: &Condition) -> String {
    match condition {
        Condition::State(state) => format!("\"{state}\""),
        Condition::Number(number) => format!("\"{number}\""),
        Condition::Wanted(word) => format!("\"{word}\""),
        Condition::Word(word) => format!("\"{word}\""),
        Condition::Holds(wanted) => wanted.to_string(),
        Condition::Flag(flag) => flag.to_string(),
        Condition::Bound(bound) => format!("\"{bound}\""),
        Condition::Latency(bound) => format!("\"{bound}\""),
    }
}
