//! One check for itself: does it look at something, ask something, and can the answer be both yes and no?

use super::names;
use super::parts::{Parts, spec_kind};
use super::sets::Condition;
use super::templates::{self, Place};
use crate::playbook::check::{Check, ProcessCheck};
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::TargetSpec;
use crate::playbook::read::site::Placed;
use crate::playbook::rule::Rule;
use crate::playbook::value::{Amount, Comparison};

pub fn lint(check: &Placed<'_, Check>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    let parts = Parts::of(&check.value);
    object(check, &parts, targets, findings);
    conditions(check, &parts, findings);
    names_in(check, findings);
    if let Check::Command(command) = &check.value {
        templates::arguments(&command.run, check.at.field("run").unwrap_or(check.at), Place::Check, targets, findings);
    }
    if let Check::Process(process) = &check.value {
        exists_and_count(check, process, findings);
    }
}

fn object(check: &Placed<'_, Check>, parts: &Parts<'_>, targets: &[&TargetSpec], findings: &mut Findings<'_>) {
    let (Some(key), Some(from), None) = (parts.object_key, parts.from, parts.object) else { return };
    if let Some(other) = targets.iter().find(|target| spec_kind(target) != from) {
        let kind = check.value.kind();
        let message = format!("the `{kind}` check cannot take its `{key}` from a {} target", spec_kind(other));
        findings.add(Rule::NoObject, check.at.head(), message, format!("write `{key}` in the check"));
    }
}

fn conditions(check: &Placed<'_, Check>, parts: &Parts<'_>, findings: &mut Findings<'_>) {
    if parts.conditions.is_empty() {
        let right = match check.value {
            Check::Unit(_) => "state = \"not active\"",
            Check::Process(_) => "exists = false",
            Check::Filesystem(_) => "used = \"> 85%\"",
            Check::Http(_) => "status = 200",
            Check::Tcp(_) => "open = true",
            Check::Command(_) => "exit = 0",
            Check::Load(_) => "per_core = \"> 4\"",
            Check::Memory(_) => "used = \"> 90%\"",
            Check::Pressure(_) => "memory = \"> 10%\"",
        };
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
        range(key, condition, check, findings);
    }
}

fn range(key: &str, condition: &Condition, check: &Placed<'_, Check>, findings: &mut Findings<'_>) {
    let Condition::Number(wanted) = condition else { return };
    let (low, high, what) = match key {
        "status" => (100, 599, "an HTTP status"),
        _ => (0, 255, "an exit code"),
    };
    if !(low..=high).contains(&wanted.number) {
        let message = format!("{} is not {what}", wanted.number);
        findings.add(Rule::OutOfRange, check.at.field_span(key), message, format!("{what} is {low} to {high}"));
    }
}

/// `exists` says something about the count.
fn exists_and_count(check: &Placed<'_, Check>, process: &ProcessCheck, findings: &mut Findings<'_>) {
    let (Some(exists), Some(count)) = (process.exists, process.count) else { return };
    let zero = count.admits(0.0);
    let some = match (count.comparison, count.amount) {
        (Comparison::Below, amount) => amount.figure() > 1.0,
        (Comparison::AtMost, amount) => amount.figure() >= 1.0,
        (Comparison::Equal, amount) => amount.figure() > 0.0,
        (Comparison::Above | Comparison::AtLeast, _) => true,
    };
    if (exists && !some) || (!exists && !zero) {
        let message = format!("`exists = {exists}` and `count = \"{count}\"` never hold together");
        findings.add(Rule::NeverHolds, check.at.field_span("count"), message, "keep one of the two");
    }
}

fn names_in(check: &Placed<'_, Check>, findings: &mut Findings<'_>) {
    let span = |key: &str| check.at.field_span(key);
    match &check.value {
        Check::Unit(unit) => {
            if let Some(name) = &unit.name {
                names::unit(name, span("name"), findings);
            }
        }
        Check::Process(process) => {
            if let Some(name) = &process.name {
                names::process(name, span("name"), findings);
            }
            if let Some(path) = &process.pidfile {
                names::path(path, span("pidfile"), findings);
            }
        }
        Check::Filesystem(filesystem) => {
            if let Some(path) = &filesystem.mount {
                names::path(path, span("mount"), findings);
            }
        }
        Check::Http(http) => {
            if let Some(url) = &http.url {
                names::url(url, span("url"), findings);
            }
        }
        Check::Tcp(tcp) => {
            if let Some(address) = &tcp.address {
                names::address(address, span("address"), findings);
            }
        }
        Check::Command(_) | Check::Load(_) | Check::Memory(_) | Check::Pressure(_) => {}
    }
}
