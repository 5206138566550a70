//! From the file's tree to the settings, with every mistake on the way.

use std::path::{Component, PathBuf};

use super::tables::{Heartbeat, Metrics, RoleSettings};
use super::{Settings, channels};
use crate::channel::address_fault;
use crate::playbook::Diagnostic;
use crate::playbook::library::allow_list::is_never_cleaned;
use crate::playbook::read::document;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::{SpannedTable, SpannedValue};
use crate::playbook::rule::Rule;
use crate::playbook::value::Period;

/// What may stand at the top.
const KEYS: [&str; 10] = [
    "channels",
    "clean_roots",
    "host_budget",
    "boot_grace",
    "approvals_expire",
    "again",
    "roles",
    "four_eyes",
    "heartbeat",
    "metrics",
];

/// The settings, as far as they can be read, and what is wrong with them.
pub(super) fn read(file: &str, text: &str) -> (Settings, Vec<Diagnostic>) {
    document(file, text, settings)
}

fn settings<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>) -> Settings {
    reader.known_keys(root, "the settings", KEYS);
    let mut settings = Settings::default();
    if let Some(at) = root.field("channels") {
        (settings.channels, settings.second_calls) = channels::read(reader, at);
    }
    settings.clean_roots = clean_roots(reader, root);
    settings.host_budget = root.field("host_budget").and_then(|at| host_budget(reader, at));
    settings.boot_grace = reader.field(root, "boot_grace").map(|placed| placed.value);
    settings.approvals_expire = approvals_expire(reader, root);
    settings.again = again(reader, root);
    settings.roles = root.field("roles").and_then(|at| roles(reader, at)).unwrap_or_default();
    settings.four_eyes = reader.field(root, "four_eyes").is_some_and(|placed| placed.value);
    settings.heartbeat = root.field("heartbeat").and_then(|at| heartbeat(reader, at));
    settings.metrics = root.field("metrics").and_then(|at| metrics(reader, at));
    settings
}

fn clean_roots<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>) -> Vec<PathBuf> {
    let Some(SpannedValue { value, at }) = reader.field::<Vec<PathBuf>>(root, "clean_roots") else { return Vec::new() };
    for (index, path) in value.iter().enumerate() {
        let plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        if !path.is_absolute() || !plain {
            let message = format!("`{}` is not an absolute path in its simplest spelling", path.display());
            reader.findings.add(Rule::BadPath, at.element(index).span(), message, "write it as \"/srv/scratch\"");
        } else if is_never_cleaned(path) {
            let message = format!("`{}` belongs to the system: no setting lets it be cleaned", path.display());
            reader.findings.add(Rule::CleanOutside, at.element(index).span(), message, "name a folder of its own");
        }
    }
    value
}

fn host_budget<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<super::HostBudget> {
    let right = "host_budget = { attempts = 5, window = \"5m\" }";
    let SpannedValue { value, at } = reader.typed::<super::HostBudget>(at, "`host_budget`", right)?;
    if value.attempts == 0 {
        let message = "a budget of no attempts lets nothing act by itself";
        let help = "write at least attempts = 1; `salve pause` is what stops everything";
        reader.findings.add(Rule::OutOfRange, at.field_span("attempts"), message, help);
    }
    some_time(reader, value.window, at, "window", "5m");
    Some(value)
}

/// Long enough to read what is asked, short enough that what was read is still so.
fn approvals_expire<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>) -> Option<Period> {
    let SpannedValue { value, .. } = reader.field::<Period>(root, "approvals_expire")?;
    if value < Period::from_secs(10) || value > Period::from_secs(3600) {
        let message = format!("a request for approval cannot stand for {value}");
        let span = root.field_span("approvals_expire");
        reader.findings.add(Rule::OutOfRange, span, message, "write 10s to 1h, as \"15m\"");
    }
    Some(value)
}

/// Seldom enough that nobody mutes it, often enough that it is not forgotten.
fn again<'t>(reader: &mut TreeReader<'t>, root: SpannedTable<'t>) -> Option<Period> {
    let SpannedValue { value, .. } = reader.field::<Period>(root, "again")?;
    if value < Period::from_secs(60) || value > Period::from_secs(7 * 86_400) {
        let message = format!("an acknowledged page cannot be sent again after {value}");
        reader.findings.add(Rule::OutOfRange, root.field_span("again"), message, "write 1m to 7d, as \"4h\"");
    }
    Some(value)
}

fn roles<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<RoleSettings> {
    let SpannedValue { value, at } = reader.typed::<RoleSettings>(at, "[roles]", "operate = [\"salve\"]")?;
    for (key, groups) in
        [("view", &value.view), ("operate", &value.operate), ("approve", &value.approve), ("admin", &value.admin)]
    {
        let Some(list) = at.field(key) else { continue };
        for (index, group) in groups.iter().enumerate() {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@$".contains(c);
            if group.is_empty() || group.len() > 64 || group.starts_with('-') || !group.chars().all(plain) {
                let message = format!("`{group}` cannot be a group's name");
                let help = "write a group as `getent group` shows it";
                reader.findings.add(Rule::BadText, list.element(index).span(), message, help);
            }
        }
    }
    Some(value)
}

fn heartbeat<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Heartbeat> {
    let right = "heartbeat = { url = \"https://hc.example.net/ping/…\", every = \"1m\" }";
    let SpannedValue { value, at } = reader.typed::<Heartbeat>(at, "`heartbeat`", right)?;
    match (&value.url, &value.url_file) {
        (Some(url), None) => {
            if let Some((wrong, right)) = address_fault(url) {
                reader.findings.add(Rule::BadAddress, at.field_span("url"), format!("`url` {wrong}"), right);
            }
        }
        (None, Some(path)) if path.is_absolute() => {}
        (None, Some(_)) => {
            let message = "`url_file` is not an absolute path";
            let help = "write url_file = \"/etc/salve/heartbeat.url\"";
            reader.findings.add(Rule::BadPath, at.field_span("url_file"), message, help);
        }
        (None, None) => {
            let message = "`heartbeat` has neither `url` nor `url_file`";
            reader.findings.add(Rule::MissingKey, at.head(), message, format!("write {right}"));
        }
        (Some(_), Some(_)) => {
            let message = "`url` and `url_file` stand side by side";
            reader.findings.add(Rule::Duplicate, at.field_span("url_file"), message, "keep one of them");
        }
    }
    some_time(reader, value.every, at, "every", "1m");
    Some(value)
}

fn metrics<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> Option<Metrics> {
    let right = "metrics = { file = \"/var/lib/node_exporter/salve.prom\", every = \"15s\" }";
    let SpannedValue { value, at } = reader.typed::<Metrics>(at, "`metrics`", right)?;
    // node_exporter reads no other
    if !value.file.is_absolute() || value.file.extension().is_none_or(|ending| ending != "prom") {
        let message = format!("`{}` is not an absolute path that ends in `.prom`", value.file.display());
        reader.findings.add(Rule::BadPath, at.field_span("file"), message, format!("write {right}"));
    }
    some_time(reader, value.every, at, "every", "15s");
    Some(value)
}

/// At least a second.
pub(super) fn some_time<'t>(reader: &mut TreeReader<'t>, time: Period, at: SpannedTable<'t>, key: &str, right: &str) {
    if time.0.as_secs() == 0 {
        let message = format!("`{key}` is below a second");
        reader.findings.add(Rule::ShortTime, at.field_span(key), message, format!("write {key} = \"{right}\""));
    }
}
