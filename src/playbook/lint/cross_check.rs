//! What one file alone cannot show: whether the playbooks that it needs and the channels that it calls exist, and which
//! of several targets a need means.

use std::collections::BTreeSet;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::names::is_glob;
use crate::playbook::diagnostic::{Diagnostic, Findings, listed, nearest};
use crate::playbook::model::{Need, NeededTarget, Playbook, TargetSpec};
use crate::playbook::read::spanned::SpannedTable;
use crate::playbook::rule::{Rule, Severity};

/// The rules that are checked here only.
pub const RULES: [Rule; 3] = [Rule::UnknownChannel, Rule::UnknownNeed, Rule::AmbiguousNeed];

/// The channel that every host has.
const TICKETS: &str = "tickets";

/// Judges a playbook beside all that are in force; `channels` are those of the settings, where they were read. `file`
/// is how the file is called in diagnostics. A channel that does not exist is an error where the file is armed by its
/// place: nobody looks at it again before it acts.
#[must_use]
pub fn cross_check(
    file: &str,
    playbook: &Playbook,
    in_force: &[Arc<Playbook>],
    channels: Option<&BTreeSet<String>>,
) -> Vec<Diagnostic> {
    let (table, _) = DeTable::parse_recoverable(&playbook.source);
    let root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
    let root = SpannedTable::root(&root);
    let mut findings = Findings::new(file, &playbook.source);
    if let Some(channels) = channels {
        unknown_channels(playbook, root, channels, &mut findings);
    }
    if let Some(at) = root.field("needs") {
        for (nth, need) in playbook.needs.iter().enumerate() {
            judge_need(need, playbook, at.element(nth), in_force, &mut findings);
        }
    }
    findings.sorted()
}

fn unknown_channels(
    playbook: &Playbook,
    root: SpannedTable<'_>,
    channels: &BTreeSet<String>,
    findings: &mut Findings<'_>,
) {
    let Some(at) = root.field("escalate").and_then(|escalate| escalate.field("to")) else { return };
    for (nth, name) in playbook.escalate.to.iter().enumerate() {
        if name == TICKETS || channels.contains(name) {
            continue;
        }
        let help = match nearest(name, channels.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write [channels.{name}] in the settings, or to = [\"{TICKETS}\"], which every host has"),
        };
        let message = format!("there is no channel `{name}`: nobody would be called through it");
        let severity = if playbook.origin.arms() { Severity::Error } else { Severity::Warning };
        findings.add_as(severity, Rule::UnknownChannel, at.element(nth).span(), message, help);
    }
}

fn judge_need(
    need: &Need,
    playbook: &Playbook,
    at: SpannedTable<'_>,
    in_force: &[Arc<Playbook>],
    findings: &mut Findings<'_>,
) {
    let name = need.playbook();
    let Some(needed) = in_force.iter().find(|other| *other.name == *name || *other.title == *name) else {
        let names = in_force.iter().map(|other| &*other.name);
        let help = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`salve playbook list` shows all".into(),
        };
        let message = format!("there is no playbook `{name}`: this need holds nothing back");
        return findings.add(Rule::UnknownNeed, at.span(), message, help);
    };
    match need {
        Need::Playbook(_) => ambiguous(needed, playbook, at, findings),
        Need::Target(NeededTarget { target, .. }) => {
            if !needed.targets.iter().any(|listed| stands_for(listed, target) || stands_for(target, listed)) {
                let message = format!("`{name}` has no target {} `{}`", target.kind(), target.name());
                let names: Vec<&str> = needed.targets.iter().map(TargetSpec::name).take(SHOWN).collect();
                let help = format!("its targets are {}", listed(names));
                findings.add(Rule::UnknownNeed, at.field_span("target"), message, help);
            }
        }
    }
}

/// Names of targets that a help lists.
const SHOWN: usize = 5;

/// Several targets, and none that both share: which one is meant?
fn ambiguous(needed: &Playbook, playbook: &Playbook, at: SpannedTable<'_>, findings: &mut Findings<'_>) {
    let several = needed.targets.len() > 1 || needed.targets.iter().any(|target| is_glob(target.name()));
    let shared = |own: &TargetSpec| needed.targets.iter().any(|other| stands_for(other, own));
    if !several || playbook.targets.iter().all(shared) {
        return;
    }
    let Some(first) = needed.targets.first() else { return };
    let message =
        format!("`{}` has several targets, and this need does not say which: it holds nothing back", needed.name);
    let help = format!(
        "write needs = [{{ playbook = \"{}\", target = {{ {} = \"{}\" }} }}], or another of its targets",
        needed.name,
        first.kind(),
        first.name()
    );
    findings.add(Rule::AmbiguousNeed, at.span(), message, help);
}

/// Is this target one of those that another, which may be a glob, stands for?
fn stands_for(listed: &TargetSpec, one: &TargetSpec) -> bool {
    if listed.kind() != one.kind() {
        return false;
    }
    let (pattern, name) = (listed.name(), one.name());
    pattern == name || is_glob(pattern) && glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(name))
}
