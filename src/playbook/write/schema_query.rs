//! Queries the schema: what may be written below a path of keys.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::playbook::schema::schema;

/// Every form that may stand somewhere: schemas without references, choices and nulls.
pub type Forms = Vec<&'static Value>;

/// A key that may stand in a table.
#[derive(Debug, Clone)]
pub struct KeySchema {
    /// The key's name, as written before the `=`.
    pub name: String,
    /// What it means.
    pub about: String,
    /// Whether it must be given.
    pub required: bool,
    /// What its value may be.
    pub forms: Forms,
}

/// The form of the header of a table on the file's first level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    /// A table that stands once, under `[name]`.
    Table,
    /// A list of tables, each under its own `[[name]]`.
    Many,
}

fn whole() -> &'static Value {
    static WHOLE: LazyLock<Value> = LazyLock::new(schema);
    &WHOLE
}

/// The forms of what stands behind these keys.
pub fn at(path: &[String]) -> Forms {
    path.iter().fold(flat(whole()), |forms, key| tables(&forms).into_iter().flat_map(|form| below(form, key)).collect())
}

/// The forms of a list's entries.
pub fn entries(forms: &[&'static Value]) -> Forms {
    forms.iter().filter_map(|form| form.get("items")).flat_map(flat).collect()
}

/// Those that are tables, or lists of tables.
pub fn tables(forms: &[&'static Value]) -> Forms {
    let lists = entries(forms);
    forms.iter().copied().chain(lists).filter(|form| is(form, "object")).collect()
}

/// The keys of these tables, those that must be there first. Where there are several forms of table, only those count
/// that have all the keys that stand there.
pub fn keys(tables: &[&'static Value], present: &[String]) -> Vec<KeySchema> {
    let has = |form: &Value, key: &String| form["properties"].get(key).is_some();
    let mut fitting: Forms = tables.to_vec();
    if tables.len() > 1 {
        fitting.retain(|form| present.iter().all(|key| has(form, key)));
    }
    let mut found: BTreeMap<&String, KeySchema> = BTreeMap::new();
    for form in fitting {
        let required = |name: &str| form["required"].as_array().is_some_and(|all| all.iter().any(|key| key == name));
        for (name, value) in form["properties"].as_object().into_iter().flatten() {
            let about = if tables.len() > 1 { about(form) } else { about(value) };
            let entry = KeySchema { name: name.clone(), about, required: required(name), forms: flat(value) };
            found.entry(name).or_insert(entry);
        }
    }
    let mut entries: Vec<KeySchema> = found.into_values().collect();
    entries.sort_by_key(|entry| !entry.required);
    entries
}

/// How this table is headed; none if it is written inline.
pub fn heading(forms: &[&'static Value]) -> Option<Heading> {
    let [form] = forms else { return None };
    if is(form, "object") {
        return Some(Heading::Table);
    }
    let entries = entries(forms);
    (entries.len() == 1 && is(entries[0], "object")).then_some(Heading::Many)
}

/// Whether a schema is of this type.
pub fn is(form: &Value, kind: &str) -> bool {
    match &form["type"] {
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        one => one == kind,
    }
}

/// What it means, in one line.
pub fn about(form: &Value) -> String {
    let said = form["description"].as_str().or_else(|| {
        let named = form["$ref"].as_str()?.strip_prefix("#/$defs/")?;
        whole()["$defs"][named]["description"].as_str()
    });
    said.unwrap_or_default().split('\n').next().unwrap_or_default().to_owned()
}

fn below(form: &'static Value, key: &str) -> Forms {
    form["properties"].get(key).or_else(|| form.get("additionalProperties")).map(flat).unwrap_or_default()
}

fn flat(node: &'static Value) -> Forms {
    if let Some(name) = node["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
        return flat(&whole()["$defs"][name]);
    }
    let choices = ["anyOf", "oneOf"].into_iter().find_map(|key| node[key].as_array());
    match choices {
        // a table whose choices only say what must be in it
        Some(choices) if node.get("properties").is_none() => {
            let itself = node.get("examples").map(|_| node);
            itself.into_iter().chain(choices.iter().flat_map(flat)).collect()
        }
        _ if is(node, "null") && !node["type"].is_array() => Vec::new(),
        _ if node.is_object() => vec![node],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &[&str], present: &[&str]) -> Vec<String> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        keys(&tables(&at(&owned(path))), &owned(present)).into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn keys_are_those_of_the_schema() {
        assert_eq!(names(&["verify", "tcp"], &[]), ["address", "every", "open", "timeout"]);
        assert_eq!(names(&["remediate"], &[]), ["do", "idempotent", "timeout"]);
        assert_eq!(names(&["remediate", "do", "unit"], &[]), ["name", "verb"]);
        assert_eq!(names(&["verify"], &[])[0], "within");
        assert_eq!(names(&["nonsense", "x"], &[]), Vec::<String>::new());
    }

    #[test]
    fn one_of_several_kinds_leaves_no_other() {
        let mut kinds = crate::playbook::Action::KINDS.to_vec();
        kinds.sort_unstable();
        assert_eq!(names(&["remediate", "do"], &[]), kinds);
        assert_eq!(names(&["remediate", "do"], &["run"]), ["run"]);
    }

    #[test]
    fn sections_have_headers_and_the_rest_has_none() {
        let of = |name: &str| heading(&at(&[name.to_owned()]));
        assert_eq!(of("detect"), Some(Heading::Table));
        assert_eq!(of("escalate"), Some(Heading::Table));
        assert_eq!(of("remediate"), Some(Heading::Many));
        assert_eq!((of("title"), of("target"), of("targets"), of("enabled_when")), (None, None, None, None));
    }
}
