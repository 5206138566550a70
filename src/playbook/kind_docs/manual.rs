//! The manual page of a kind: what the kind's own file says of it, with its keys from the type that reads it.

use std::fmt;
use std::fmt::Write as _;

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use crate::playbook::action::table::ActionDocs;
use crate::playbook::check::table::CheckDocs;

/// The manual page of one kind.
#[derive(Debug, Clone)]
pub struct Manual {
    /// The kind's name, as in playbook files.
    pub kind: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Its forms, as they may stand in a file.
    pub examples: Vec<&'static str>,
    /// Its keys, where it is written as a table.
    pub keys: Vec<KeyDocs>,
    /// What only checks, or only actions, say.
    pub side: KindSide,
}

/// Whether a kind is a check or an action, with what only that side documents.
#[derive(Debug, Clone, Copy)]
pub enum KindSide {
    /// A check, which reads the host and changes nothing.
    Check(CheckDocs),
    /// An action, which changes the host.
    Action(ActionDocs),
}

/// One key of a kind's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDocs {
    /// The key's name, as in playbook files.
    pub name: String,
    /// What it means.
    pub about: String,
    /// How its value is written.
    pub form: String,
    /// Whether it must be given.
    pub required: bool,
}

impl Manual {
    pub(in crate::playbook) fn of<T: JsonSchema>(
        side: KindSide,
        kind: &'static str,
        about: &'static str,
        examples: &[&'static str],
    ) -> Self {
        let schema = schema_for!(T).to_value();
        Self { kind, about, examples: examples.to_vec(), keys: keys(&schema, &schema), side }
    }
}

/// The keys of a table; those of its forms where there are several.
fn keys(schema: &Value, whole: &Value) -> Vec<KeyDocs> {
    let schema = target(schema, whole);
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, value)| KeyDocs {
        name: name.clone(),
        about: text(value, "description").unwrap_or_default(),
        form: form(value, whole),
        required: required(name),
    });
    let below = schema["anyOf"].as_array().into_iter().flatten().flat_map(|one| keys(one, whole));
    let mut found: Vec<KeyDocs> = own.chain(below).collect();
    found.sort_by_key(|key| !key.required);
    found
}

/// How a value is written, in a few words.
fn form(value: &Value, whole: &Value) -> String {
    if let Some(examples) = value["examples"].as_array() {
        return examples.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    }
    let resolved = target(value, whole);
    if let Some(choices) = resolved["anyOf"].as_array().filter(|_| resolved.get("examples").is_none()) {
        let said: Vec<String> =
            choices.iter().filter(|one| one["type"] != "null").map(|one| form(one, whole)).collect();
        return said.join(", or ");
    }
    if let Some(words) = words(resolved) {
        return words;
    }
    let is = |kind: &str| match &resolved["type"] {
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        one => one == kind,
    };
    if let Some(examples) = resolved["examples"].as_array() {
        return examples.iter().take(2).map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    }
    let known = [
        ("boolean", "true or false"),
        ("integer", "a number"),
        ("number", "a number"),
        ("array", "a list"),
        ("object", "a table"),
    ];
    known.into_iter().find(|(kind, _)| is(kind)).map_or("text", |(_, words)| words).to_owned()
}

/// The words of a value that is one of several.
fn words(schema: &Value) -> Option<String> {
    let listed = |all: &Vec<Value>| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let words = match (schema["enum"].as_array(), schema["oneOf"].as_array()) {
        (Some(words), _) => listed(words),
        (_, Some(choices)) => {
            choices.iter().map(|one| one.get("const").map(ToString::to_string)).collect::<Option<Vec<_>>>()?
        }
        _ => return None,
    };
    Some(words.join(", "))
}

fn target<'v>(schema: &'v Value, whole: &'v Value) -> &'v Value {
    let named = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/"));
    named.map_or(schema, |name| &whole["$defs"][name])
}

fn text(schema: &Value, key: &str) -> Option<String> {
    schema[key].as_str().map(|text| text.replace('\n', " "))
}

impl fmt::Display for Manual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            KindSide::Check(_) => "check",
            KindSide::Action(_) => "action",
        };
        writeln!(f, "{} ({side}): {}\n", self.kind, self.about)?;
        for example in &self.examples {
            writeln!(f, "    {example}")?;
        }
        if !self.keys.is_empty() {
            writeln!(f)?;
        }
        let width = self.keys.iter().map(|key| key.name.len()).max().unwrap_or_default();
        for KeyDocs { name, about, form, required } in &self.keys {
            let due = if *required { " Required." } else { "" };
            writeln!(f, "  {name:<width$}  {about}{due} Written as {form}.")?;
        }
        let lines: Vec<(&str, String)> = match self.side {
            KindSide::Check(page) => vec![
                ("events", page.events.into()),
                ("looks", format!("every {} s where the check does not say; one costs {}", page.every, page.cost)),
                ("unknown", page.unknown.into()),
            ],
            KindSide::Action(page) => {
                vec![("does", page.does.into()), ("risk", page.risk.into()), ("twice", page.replay.to_string())]
            }
        };
        let mut said = String::new();
        for (name, line) in lines {
            let _ = writeln!(said, "{name:<8} {line}.");
        }
        write!(f, "\n{said}")
    }
}
