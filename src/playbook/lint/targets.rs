//! What a playbook acts on, and what must exist for it to apply.

use std::ops::Range;

use super::names;
use crate::playbook::diagnostic::Findings;
use crate::playbook::model::{EnabledWhen, Need, TargetSpec};
use crate::playbook::rule::Rule;
use crate::playbook::write::draft::Draft;

/// More targets than this in one file is a mistake.
const MOST: usize = 64;

pub fn lint(draft: &Draft<'_>, findings: &mut Findings<'_>) {
    for (nth, target) in draft.targets.iter().enumerate() {
        let span = target.at.span();
        match &target.value {
            TargetSpec::Unit(name) | TargetSpec::Mount(name) | TargetSpec::Container(name) | TargetSpec::Link(name)
                if !draft.listed && names::is_glob(name) =>
            {
                let message = format!("`{name}` is a glob, and `target` is exactly one thing");
                let help = format!("write targets = [{{ {} = \"{name}\" }}]", target.value.kind());
                findings.add(Rule::MisplacedGlob, span.clone(), message, help);
            }
            spec => spelling(spec, span.clone(), findings),
        }
        if draft.targets[..nth].iter().any(|before| before.value == target.value) {
            findings.add(Rule::Duplicate, span, "this target stands here twice", "leave one out");
        }
    }
    if let Some(one) = draft.targets.get(MOST) {
        findings.add(
            Rule::TooMany,
            one.at.span(),
            format!("more than {MOST} targets"),
            "use a glob, or several playbooks",
        );
    }
    if let Some(when) = &draft.enabled_when {
        match &when.value {
            EnabledWhen::Unit(name) => names::unit(name, when.at.span(), findings),
            EnabledWhen::File(path) => {
                names::path(path, when.at.span(), findings);
            }
            EnabledWhen::Present => {}
        }
    }
    for need in &draft.needs {
        if let Need::Target(needed) = &need.value {
            spelling(&needed.target, need.at.field_span("target"), findings);
        }
    }
    if let Some(skip) = &draft.skip_if_stopped
        && !draft.targets.is_empty()
        && draft.targets.iter().all(|target| target.value.kind() != "unit")
    {
        let message = "`skip_if_stopped_by_operator` is about units, and no target is one";
        findings.add(Rule::NoEffect, skip.at.key_span(), message, "leave it out");
    }
}

/// Could there be such a thing, or, where a glob may stand, several?
fn spelling(spec: &TargetSpec, span: Range<usize>, findings: &mut Findings<'_>) {
    match spec {
        TargetSpec::Unit(name) => names::unit_or_glob(name, span, findings),
        TargetSpec::Mount(path) => names::mount(path, span, findings),
        TargetSpec::Path(path) => drop(names::path(path, span, findings)),
        TargetSpec::Process(name) => names::process(name, span, findings),
        TargetSpec::Url(url) => names::url(url, span, findings),
        TargetSpec::Address(address) => names::address(address, span, findings),
        TargetSpec::Container(name) => names::container(name, span, findings),
        TargetSpec::Link(name) => names::link(name, span, findings),
        TargetSpec::Host => {}
    }
}
