//! `[channels.NAME]`: one kind of channel each, and whom to call where nobody acknowledges.

use std::collections::BTreeMap;

use super::read::some_time;
use super::tables::SecondCallSettings;
use crate::channel::ChannelSettings;
use crate::channel::outbox::TICKETS;
use crate::playbook::diagnostic::{listed, nearest};
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::{SpannedTable, SpannedValue};
use crate::playbook::rule::Rule;

/// The key beside the kind.
const SECOND: &str = "unacknowledged";
const SECOND_FORM: &str = "unacknowledged = { after = \"15m\", to = [\"phone\"] }";
const FORM: &str = "[channels.oncall] and webhook = { url = \"https://hooks.example.net/salve\" }";

type ReadChannels = (BTreeMap<String, ChannelSettings>, BTreeMap<String, SecondCallSettings>);

pub(super) fn read<'t>(reader: &mut TreeReader<'t>, at: SpannedTable<'t>) -> ReadChannels {
    let (mut channels, mut seconds) = (BTreeMap::new(), BTreeMap::new());
    if !reader.is_table(at, "`channels`", FORM) {
        return (channels, seconds);
    }
    let entries = at.entries();
    let names: Vec<&str> = entries.iter().map(|(name, _)| *name).collect();
    for (name, at) in entries {
        name_is_plain(reader, name, at);
        if !reader.is_table(at, &format!("the channel `{name}`"), FORM) {
            continue;
        }
        if let Some(channel) = channel(reader, name, at) {
            channels.insert(name.to_owned(), channel);
        }
        if let Some(second) = at.field(SECOND).and_then(|at| second_call(reader, name, at, &names)) {
            seconds.insert(name.to_owned(), second);
        }
    }
    (channels, seconds)
}

fn name_is_plain(reader: &mut TreeReader<'_>, name: &str, at: SpannedTable<'_>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let message = format!("`{name}` cannot be a channel's name");
        reader.findings.add(Rule::BadText, at.key_span(), message, "letters, digits, `-`, `_` and `.` only");
    }
}

/// The one kind that a channel's table names.
fn channel<'t>(reader: &mut TreeReader<'t>, name: &str, at: SpannedTable<'t>) -> Option<ChannelSettings> {
    let mut kinds = Vec::new();
    for (kind, site) in at.entries().into_iter().filter(|(key, _)| *key != SECOND) {
        if ChannelSettings::KINDS.contains(&kind) {
            kinds.push((kind, site));
            continue;
        }
        let known = ChannelSettings::KINDS.iter().copied().chain([SECOND]);
        let help = match nearest(kind, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the kinds are {}", listed(ChannelSettings::KINDS.iter().copied())),
        };
        reader.findings.add(Rule::UnknownKind, site.key_span(), format!("`{kind}` is no kind of channel"), help);
    }
    match kinds[..] {
        [(kind, site)] => typed(reader, kind, site),
        [] => {
            // an unknown kind was told of already
            if at.entries().iter().all(|(key, _)| *key == SECOND) {
                let message = format!("the channel `{name}` names no kind");
                let help = format!("write {FORM}; the kinds are {}", listed(ChannelSettings::KINDS.iter().copied()));
                reader.findings.add(Rule::MissingKey, at.head(), message, help);
            }
            None
        }
        [_, (kind, second), ..] => {
            let message = format!("the channel `{name}` is one kind already, and `{kind}` besides");
            let help = "give each kind a channel of its own; a playbook's `to` may name several";
            reader.findings.add(Rule::UnknownKey, second.key_span(), message, help);
            None
        }
    }
}

fn typed<'t>(reader: &mut TreeReader<'t>, kind: &str, at: SpannedTable<'t>) -> Option<ChannelSettings> {
    let (SpannedValue { value: channel, at }, whole) = ChannelSettings::read(reader, kind, at)?;
    // beside what could not be read, only what is wrong by itself is certain
    let by_itself = [Rule::BadAddress, Rule::BadPath, Rule::BadValue, Rule::RelativeProgram];
    for fault in channel.faults().into_iter().filter(|fault| whole || by_itself.contains(&fault.rule)) {
        reader.findings.add(fault.rule, at.field_span(fault.key), fault.wrong, fault.right);
    }
    whole.then_some(channel)
}

fn second_call<'t>(
    reader: &mut TreeReader<'t>,
    name: &str,
    at: SpannedTable<'t>,
    names: &[&str],
) -> Option<SecondCallSettings> {
    let SpannedValue { value, at } = reader.typed::<SecondCallSettings>(at, "`unacknowledged`", SECOND_FORM)?;
    some_time(reader, value.after, at, "after", "15m");
    if value.to.is_empty() {
        let message = "`unacknowledged` calls nobody";
        reader.findings.add(Rule::BadValue, at.field_span("to"), message, format!("write {SECOND_FORM}"));
    }
    for (index, to) in value.to.iter().enumerate() {
        let span = at.field("to").map_or_else(|| at.span(), |list| list.element(index).span());
        if to == name {
            let message = format!("`{to}` is the channel that nobody answered on");
            reader.findings.add(Rule::Duplicate, span, message, "name another channel");
        } else if !names.contains(&to.as_str()) && to != TICKETS {
            let help = match nearest(to, names.iter().copied().filter(|other| *other != name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write [channels.{to}] for it"),
            };
            reader.findings.add(Rule::UnknownWord, span, format!("there is no channel `{to}`"), help);
        }
    }
    Some(value)
}
