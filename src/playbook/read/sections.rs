//! The sections of the file, one function each.

mod targets;

use super::misplaced::{self, DETECT, ESCALATE, FormatTable, HEAD, RUNG, VERIFY};
use super::reader::{Shape, TreeReader};
use super::spanned::{SpannedTable, SpannedValue};
use crate::playbook::action::Action;
use crate::playbook::attachment::Attachment;
use crate::playbook::check::Check;
use crate::playbook::rule::Rule;
use crate::playbook::schema::{EscalateTable, PlaybookFile, RungTable};
use crate::playbook::write::draft::{Draft, RungDraft};
use targets::{enabled_when, needs, targets};

const VERIFY_FORM: &str = "[verify], a check as unit = { state = \"active\" }, and within = \"60s\"";

/// Reads everything that can be read. `broken` says that the text is not valid TOML, so that what seems missing may
/// exist all the same.
pub fn draft<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>, broken: bool) -> Draft<'t> {
    let shape = Shape::of::<PlaybookFile>();
    reader.known_keys_of(root, HEAD, shape.fields.iter().map(String::as_str));
    let mut draft = Draft::new();
    draft.title = reader.field(root, "title");
    draft.risk = reader.field(root, "risk");
    draft.mode = reader.field(root, "mode");
    draft.needs = needs(reader, root);
    draft.only_between = reader.field(root, "only_between");
    draft.cooldown = reader.field(root, "cooldown");
    draft.skip_if_stopped = reader.field(root, "skip_if_stopped_by_operator");
    if let Some(at) = root.field("breaker") {
        draft.breaker = reader.typed(at, "`breaker`", "{ cooldown = \"30m\", longest = \"4h\", latch_after = 3 }");
    }
    if let Some(at) = root.field("enabled_when") {
        draft.enabled_when = enabled_when(reader, at);
    }
    targets(reader, root, &mut draft, broken);
    detect(reader, root, &mut draft, broken);
    remediate(reader, root, &mut draft);
    verify(reader, root, &mut draft, broken);
    escalate(reader, root, &mut draft, broken);
    if !broken {
        missing_words(reader, root);
    }
    draft
}

fn missing_words(reader: &mut TreeReader<'_>, root: SpannedTable<'_>) {
    for (key, right) in [
        ("title", "title = \"nginx stays up\", what holds when all is well"),
        ("risk", "risk = \"low\" (or \"medium\", \"high\")"),
        ("mode", "mode = \"ask\" (or \"auto\", \"shadow\", \"off\")"),
    ] {
        if root.field(key).is_none() && !stands_below(root, key) {
            reader.findings.add(
                Rule::MissingKey,
                0..0,
                format!("the playbook has no `{key}`"),
                format!("write {right}"),
            );
        }
    }
}

/// Whether a key of the head stands in a section. Then it is reported there, and not as missing too.
fn stands_below(root: SpannedTable<'_>, key: &str) -> bool {
    let below = |at: SpannedTable<'_>| at.elements().into_iter().any(|at| at.field(key).is_some());
    root.entries().into_iter().any(|(_, at)| below(at))
}

fn strings<'t>(reader: &mut TreeReader<'t>, table: SpannedTable<'t>, key: &str) -> Vec<SpannedValue<'t, String>> {
    let Some(at) = table.field(key) else { return Vec::new() };
    if !reader.is_list(at, key, "[\"...\"]") {
        return Vec::new();
    }
    at.elements().into_iter().filter_map(|at| reader.leaf(at, &format!("an entry of `{key}`"))).collect()
}

fn detect<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>, draft: &mut Draft<'t>, broken: bool) {
    const RIGHT: &str = "[detect], and a check as unit = { state = \"not active\" }";
    let Some(at) = root.field("detect") else {
        if !broken {
            let message = "there is no [detect]: nothing can say that something is wrong";
            reader.findings.add(Rule::NoDetector, 0..0, message, format!("write {RIGHT}"));
        }
        return;
    };
    if !reader.is_table(at, "`detect`", RIGHT) {
        return;
    }
    draft.hold = reader.field(at, "for");
    draft.flapping = reader.field(at, "flapping");
    let (checks, written) = checks(reader, at, DETECT);
    draft.detect = checks;
    if written == 0 && !broken {
        let message = "[detect] has no check: nothing can say that something is wrong";
        reader.findings.add(
            Rule::NoDetector,
            at.head(),
            message,
            "write a check, as unit = { state = \"not active\" }",
        );
    }
}

fn verify<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>, draft: &mut Draft<'t>, broken: bool) {
    const WHY: &str = "an operation without a verifiable success signal is a bad candidate for automation";
    let Some(at) = root.field("verify") else {
        if !broken {
            reader.findings.add(
                Rule::NoVerifier,
                0..0,
                format!("there is no [verify]: {WHY}"),
                format!("write {VERIFY_FORM}"),
            );
        }
        return;
    };
    if !reader.is_table(at, "`verify`", VERIFY_FORM) {
        return;
    }
    draft.within = reader.field(at, "within");
    draft.soak = reader.field(at, "soak");
    let (checks, written) = checks(reader, at, VERIFY);
    draft.verify = checks;
    if broken {
        return;
    }
    if written == 0 {
        let help = "write a check, as unit = { state = \"active\" }";
        reader.findings.add(Rule::NoVerifier, at.head(), format!("[verify] has no check: {WHY}"), help);
    }
    if at.field("within").is_none() {
        let message = "[verify] has no deadline";
        reader.findings.add(
            Rule::NoDeadline,
            at.head(),
            message,
            "write within = \"60s\", the time in which it must have worked",
        );
    }
}

/// The checks of a section, in the order of the file, and how many were written.
fn checks<'t>(
    reader: &mut TreeReader<'t>,
    section: SpannedTable<'t>,
    place: FormatTable<'_>,
) -> (Vec<SpannedValue<'t, Check>>, usize) {
    let (mut checks, mut written) = (Vec::new(), 0);
    let known: Vec<&str> = place.keys.iter().copied().chain(Check::KINDS.iter().copied()).collect();
    for (kind, at) in section.entries().into_iter().filter(|(key, _)| !place.keys.contains(key)) {
        // a scalar under an unknown name is a mistyped key, a table a mistyped kind
        let table = at.table().is_some() || at.value().is_array();
        let misplaced = !Check::KINDS.contains(&kind) && (!table || misplaced::has_a_place(kind));
        written += usize::from(!misplaced);
        if misplaced {
            reader.unknown_key(kind, at, place, &known);
        } else if reader.known_kind(kind, at, "check", Check::KINDS) {
            checks.extend(at.elements().into_iter().filter_map(|at| Check::read(reader, kind, at)));
        }
    }
    (checks, written)
}

fn remediate<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>, draft: &mut Draft<'t>) {
    const RIGHT: &str = "do = [{ unit = \"restart\" }]";
    let Some(at) = root.field("remediate") else { return };
    if !at.value().is_array() {
        let message = "the ladder is a list of rungs";
        reader.findings.add(Rule::WrongType, at.head(), message, "write [[remediate]], with two brackets");
        return;
    }
    let shape = Shape::of::<RungTable>();
    for at in at.elements() {
        if !reader.is_table(at, "a rung", RIGHT) {
            continue;
        }
        reader.known_keys_of(at, RUNG, shape.fields.iter().map(String::as_str));
        let (timeout, idempotent) = (reader.field(at, "timeout"), reader.field(at, "idempotent"));
        let mut rung = RungDraft { at, actions: Vec::new(), timeout, idempotent };
        match at.field("do") {
            Some(list_at) if !reader.is_list(list_at, "do", "[{ unit = \"restart\" }]") => {}
            Some(list_at) if !list_at.elements().is_empty() => {
                rung.actions = list_at.elements().into_iter().filter_map(|at| Action::read(reader, at)).collect();
            }
            none => {
                let span = none.map_or_else(|| at.span(), SpannedTable::span);
                reader.findings.add(
                    Rule::NoActions,
                    span,
                    "a rung without actions does nothing",
                    format!("write {RIGHT}"),
                );
            }
        }
        draft.rungs.push(rung);
    }
}

fn escalate<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>, draft: &mut Draft<'t>, broken: bool) {
    const RIGHT: &str = "[escalate], attempts = 3 and window = \"10m\"";
    // a playbook that only detects and calls attempts nothing, so nothing needs a limit
    let acts = root.field("remediate").is_some_and(|at| !at.elements().is_empty());
    let Some(at) = root.field("escalate") else {
        if acts && !broken {
            let message = "there is no [escalate]: nothing limits the attempts, and nobody is called";
            reader.findings.add(Rule::UnboundedAttempts, 0..0, message, format!("write {RIGHT}"));
        }
        return;
    };
    if !reader.is_table(at, "`escalate`", RIGHT) {
        return;
    }
    let shape = Shape::of::<EscalateTable>();
    reader.known_keys_of(at, ESCALATE, shape.fields.iter().map(String::as_str));
    draft.attempts = reader.field(at, "attempts");
    draft.window = reader.field(at, "window");
    draft.to = strings(reader, at, "to");
    if let Some(attach) = at.field("attach")
        && reader.is_list(attach, "attach", "[{ journal = { lines = 100 } }]")
    {
        draft.attach = attach.elements().into_iter().filter_map(|at| Attachment::read(reader, at)).collect();
    }
    for (key, right) in [("attempts", "attempts = 3"), ("window", "window = \"10m\"")] {
        if acts && !broken && at.field(key).is_none() {
            let message = format!("[escalate] has no `{key}`: nothing limits the attempts");
            reader.findings.add(Rule::UnboundedAttempts, at.head(), message, format!("write {right}"));
        }
    }
}
