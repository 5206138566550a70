//! The keys that name things on the host: `target` and `targets`, `needs` and `enabled_when`.

use super::stands_below;
use crate::playbook::model::{EnabledWhen, Need, NeededTarget, TargetSpec};
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::{SpannedTable, SpannedValue};
use crate::playbook::rule::Rule;
use crate::playbook::write::draft::Draft;

const TARGET_FORM: &str = "{ unit = \"nginx.service\" }, or a mount, process, path, url, address, container or link";
const WHEN_FORM: &str = "{ unit = \"nginx.service\" }, { file = \"/etc/nginx/nginx.conf\" } or \"present\"";
const NEEDS_FORM: &str = "[\"db-up\"], or [{ playbook = \"db-up\", target = { unit = \"postgresql.service\" } }]";

/// Names or titles of playbooks, or tables that name one of a playbook's targets.
pub(super) fn needs<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>) -> Vec<SpannedValue<'t, Need>> {
    let Some(at) = root.field("needs") else { return Vec::new() };
    if !reader.is_list(at, "needs", NEEDS_FORM) {
        return Vec::new();
    }
    at.elements().into_iter().filter_map(|at| need(reader, at)).collect()
}

fn need<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<SpannedValue<'t, Need>> {
    if at.table().is_none() {
        let SpannedValue { value, at } = reader.leaf(at, "an entry of `needs`")?;
        return Some(SpannedValue { value: Need::Playbook(value), at });
    }
    let known = reader.known_keys(at, "an entry of `needs`", ["playbook", "target"]);
    for key in ["playbook", "target"].into_iter().filter(|key| at.field(key).is_none()) {
        let message = format!("an entry of `needs` has no `{key}`");
        reader.findings.add(Rule::MissingKey, at.head(), message, format!("write needs = {NEEDS_FORM}"));
    }
    let playbook = reader.field::<String>(at, "playbook");
    let target = at.field("target").and_then(|at| target(reader, at));
    let (playbook, target) = (playbook?.value, target?.value);
    known.then_some(SpannedValue { value: Need::Target(NeededTarget { playbook, target }), at })
}

pub(super) fn targets<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>, draft: &mut Draft<'t>, broken: bool) {
    let right = format!("write target = {TARGET_FORM}");
    match (root.field("target"), root.field("targets")) {
        (Some(_), Some(many)) => {
            let message = "`target` and `targets` stand side by side";
            reader.findings.add(Rule::OneTarget, many.key_span(), message, "keep one of them");
        }
        (None, None) if !broken && !stands_below(root, "target") && !stands_below(root, "targets") => {
            reader.findings.add(Rule::OneTarget, 0..0, "the playbook has no `target`", right);
        }
        _ => {}
    }
    if let Some(at) = root.field("target") {
        if at.value().is_array() {
            let message = "`target` is exactly one thing, not a list";
            reader.findings.add(Rule::WrongType, at.key_span(), message, "write `targets` for several");
        } else {
            draft.targets.extend(target(reader, at));
        }
    }
    if let Some(at) = root.field("targets") {
        draft.listed = true;
        if !reader.is_list(at, "targets", "[{ unit = \"a.service\" }, { unit = \"b.service\" }]") {
            return;
        }
        if at.elements().is_empty() {
            let message = "an empty list of targets stands for nothing, never for all";
            reader.findings.add(Rule::NoTarget, at.span(), message, "name at least one target");
        }
        draft.targets.extend(at.elements().into_iter().filter_map(|at| target(reader, at)));
    }
}

fn target<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<SpannedValue<'t, TargetSpec>> {
    const KINDS: [&str; 8] = ["unit", "mount", "process", "path", "url", "address", "container", "link"];
    if let Some(word) = at.value().as_str() {
        if word == "host" {
            return Some(SpannedValue { value: TargetSpec::Host, at });
        }
        let message = format!("`{word}` does not say what kind of target it is");
        let help = format!("write {TARGET_FORM}; or \"host\" for the host as a whole");
        reader.findings.add(Rule::UnknownWord, at.span(), message, help);
        return None;
    }
    let (kind, site) = reader.kind(at, "target", &KINDS, TARGET_FORM)?;
    let SpannedValue { value, at } = reader.leaf::<String>(site, &format!("`{kind}`"))?;
    let value = match kind {
        "unit" => TargetSpec::Unit(value),
        "mount" => TargetSpec::Mount(value),
        "process" => TargetSpec::Process(value),
        "path" => TargetSpec::Path(value),
        "url" => TargetSpec::Url(value),
        "container" => TargetSpec::Container(value),
        "link" => TargetSpec::Link(value),
        _ => TargetSpec::Address(value),
    };
    Some(SpannedValue { value, at })
}

pub(super) fn enabled_when<'t>(
    reader: &mut TreeReader<'t>,
    at: SpannedTable<'t>,
) -> Option<SpannedValue<'t, EnabledWhen>> {
    if at.value().as_str() == Some("present") {
        return Some(SpannedValue { value: EnabledWhen::Present, at });
    }
    let (kind, site) = reader.kind(at, "`enabled_when`", &["unit", "file"], WHEN_FORM)?;
    let SpannedValue { value, at } = reader.leaf::<String>(site, &format!("`{kind}`"))?;
    Some(SpannedValue { value: if kind == "unit" { EnabledWhen::Unit(value) } else { EnabledWhen::File(value) }, at })
}
