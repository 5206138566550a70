//! Lints one check by itself: it must have an object and a condition, and the condition must be able to hold and to
//! fail.

use super::names;
use super::templates::{self, TemplateUse};
use crate::playbook::check::Check;
use crate::playbook::check::parts::{CheckParts, Condition, NameKind};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::TargetSpec;
use crate::playbook::read::spanned::SpannedValue;
use crate::playbook::rule::Rule;
use crate::playbook::value::{Amount, WantedText};

pub fn lint(check: &SpannedValue<'_, Check>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    let parts = check.value.parts();
    object(check, &parts, targets, findings);
    conditions(check, &parts, findings);
    names_in(check, &parts, findings);
    if let Some((key, argv)) = parts.arguments {
        templates::arguments(argv, check.at.field(key).unwrap_or(check.at), TemplateUse::Check, targets, findings);
    }
    for (key, message, help) in parts.wrong {
        findings.add(Rule::BadValue, check.at.field_span(key), message, help);
    }
    if let Some((key, message)) = parts.never {
        findings.add(Rule::NeverHolds, check.at.field_span(key), message, "keep one of the two");
    }
}

fn object(
    check: &SpannedValue<'_, Check>,
    parts: &CheckParts<'_>,
    targets: &[&TargetSpec],
    findings: &mut Findings<'_>,
) {
    let (Some(key), None) = (parts.object_key, parts.object) else { return };
    if let Some(other) = targets.iter().find(|target| !parts.from.contains(&target.kind())) {
        let kind = check.value.kind();
        let message = format!("the `{kind}` check cannot take its `{key}` from a {} target", other.kind());
        findings.add(Rule::NoObject, check.at.head(), message, format!("write `{key}` in the check"));
    }
}

fn conditions(check: &SpannedValue<'_, Check>, parts: &CheckParts<'_>, findings: &mut Findings<'_>) {
    if parts.conditions.is_empty() {
        let right = check.value.page().condition;
        let message = format!("the `{}` check has no condition, so it asks nothing", check.value.kind());
        findings.add(Rule::NoCondition, check.at.head(), message, format!("write a condition, as {right}"));
    }
    for (key, bound, unit) in &parts.bounds {
        if !unit.takes(bound.amount) {
            let bare = matches!(bound.amount, Amount::Count(_));
            let (rule, wrong) = if bare {
                (Rule::MissingUnit, format!("`{key}`: `{bound}` has no unit"))
            } else {
                (Rule::WrongAmount, format!("`{key}` is not counted in this unit: `{bound}`"))
            };
            findings.add(rule, check.at.field_span(key), wrong, format!("write {}", unit.form(*bound)));
        }
    }
    for (key, condition) in &parts.conditions {
        let span = check.at.field_span(key);
        if condition.is_never() {
            findings.add(
                Rule::NeverHolds,
                span,
                format!("`{key}` can never be so"),
                "choose a value that can be reached",
            );
        } else if condition.is_always() {
            let help = "choose a value that tells well from broken";
            findings.add(Rule::AlwaysHolds, span, format!("`{key}` is always so"), help);
        }
        literal_not(key, condition, check, findings);
        range(key, condition, check, parts, findings);
    }
}

/// Elsewhere `not` negates; in text that is looked for it is a word like any other.
fn literal_not(key: &str, condition: &Condition, check: &SpannedValue<'_, Check>, findings: &mut Findings<'_>) {
    let Condition::Holds(WantedText { negated: false, text }) = condition else { return };
    let written = check.at.field(key).and_then(|at| at.value().as_str());
    if let Some(rest) = written.and_then(|written| written.trim_start().strip_prefix("not ")) {
        let message = format!("`{key}` looks for the very words `{text}`: here `not` negates nothing");
        let quoted = |text: &str| toml::Value::String(text.to_owned());
        let (without, with) = (quoted(rest.trim()), quoted(text));
        let help =
            format!("write {key} = {{ without = {without} }}, or {key} = {{ with = {with} }} for the very words");
        findings.add(Rule::LiteralNot, check.at.field_span(key), message, help);
    }
}

fn range(
    key: &str,
    condition: &Condition,
    check: &SpannedValue<'_, Check>,
    parts: &CheckParts<'_>,
    findings: &mut Findings<'_>,
) {
    let Condition::Number(wanted) = condition else { return };
    let Some((_, fit, what)) = parts.ranges.iter().find(|(ranged, ..)| *ranged == key) else { return };
    if !fit.contains(&wanted.number) {
        let message = format!("{} is not {what}", wanted.number);
        let help = format!("{what} is {} to {}", fit.start(), fit.end());
        findings.add(Rule::OutOfRange, check.at.field_span(key), message, help);
    }
}

fn names_in(check: &SpannedValue<'_, Check>, parts: &CheckParts<'_>, findings: &mut Findings<'_>) {
    for (key, name, what) in &parts.names {
        let span = check.at.field_span(key);
        match what {
            NameKind::Unit => names::unit(name, span, findings),
            NameKind::Process => names::process(name, span, findings),
            NameKind::Path => drop(names::path(name, span, findings)),
            NameKind::Url => names::url(name, span, findings),
            NameKind::Address => names::address(name, span, findings),
            NameKind::Host => names::host(name, span, findings),
            NameKind::Server => names::server(name, span, findings),
            NameKind::Container => names::container(name, span, findings),
            NameKind::Link => names::link(name, span, findings),
        }
    }
}
