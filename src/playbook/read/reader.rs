//! Reads typed values out of the tree. What a type may hold is asked of the type itself (its JSON Schema); every
//! mistake of a table is collected: the offending entry is struck out, and the rest is tried again.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use schemars::{JsonSchema, schema_for};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::misplaced::{self, FormatTable, KindNames};
use super::serde_error::SerdeError;
use super::spanned::{SpannedTable, SpannedValue};
use crate::playbook::diagnostic::{Findings, listed, nearest};
use crate::playbook::rule::Rule;

/// The keys of a type that is written as a table.
pub struct Shape {
    pub fields: Vec<String>,
    pub required: Vec<String>,
    /// Values that may stand behind a key, where its type names some.
    examples: BTreeMap<String, Vec<String>>,
}

/// The shapes that were asked for so far. To write a type's schema down takes many times longer than to read a playbook
/// with it.
static SHAPES: LazyLock<Mutex<HashMap<TypeId, Arc<Shape>>>> = LazyLock::new(Mutex::default);

impl Shape {
    /// The shape of this type.
    pub fn of<T: JsonSchema + 'static>() -> Arc<Self> {
        let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            shapes.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(Self::in_schema(&schema_for!(T).to_value()))),
        )
    }

    fn in_schema(schema: &Value) -> Self {
        let properties = schema["properties"].as_object();
        let fields = properties.map(|fields| fields.keys().cloned().collect());
        let examples = properties.into_iter().flatten().map(|(key, value)| (key.clone(), examples(value, schema)));
        let required = schema["required"]
            .as_array()
            .map(|names| names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect());
        Self {
            examples: examples.collect(),
            fields: fields.unwrap_or_default(),
            required: required.unwrap_or_default(),
        }
    }

    fn examples(&self, key: &str) -> &[String] {
        self.examples.get(key).map_or(&[], Vec::as_slice)
    }
}

/// The examples of a key's own, else those of its type.
fn examples(value: &Value, schema: &Value) -> Vec<String> {
    let choices = value["anyOf"].as_array().into_iter().flatten();
    let mut references = choices.chain([value]).filter_map(|one| one["$ref"].as_str()?.strip_prefix("#/$defs/"));
    let own = value["examples"].as_array();
    let of_type = references.find_map(|name| schema["$defs"][name]["examples"].as_array());
    let found = own.or(of_type).into_iter().flatten();
    found.filter_map(|example| example.as_str().map(str::to_owned)).collect()
}

/// Reads one file's tree.
#[derive(Debug)]
pub struct TreeReader<'t> {
    pub findings: Findings<'t>,
    /// The kinds of a playbook, where the file is one: a key that is not known may belong elsewhere in it.
    pub kinds: Option<KindNames>,
}

impl<'t> TreeReader<'t> {
    /// The value at a place; `what` names it in messages.
    pub fn leaf<T: DeserializeOwned>(&mut self, at: SpannedTable<'t>, what: &str) -> Option<SpannedValue<'t, T>> {
        match T::deserialize(at.node().clone().into_deserializer()) {
            Ok(value) => Some(SpannedValue { value, at }),
            Err(error) => {
                self.mistake(&error, at, what, &[]);
                None
            }
        }
    }

    /// An entry of a table, where it is there.
    pub fn field<T: DeserializeOwned>(&mut self, table: SpannedTable<'t>, name: &str) -> Option<SpannedValue<'t, T>> {
        self.leaf(table.field(name)?, &format!("`{name}`"))
    }

    /// Whether it is a table; if not, an error is added that shows the form `right`.
    pub fn is_table(&mut self, at: SpannedTable<'t>, what: &str, right: &str) -> bool {
        if at.table().is_some() {
            return true;
        }
        let message = format!("{what} is a table, not {}", at.type_name());
        self.findings.add(Rule::WrongType, at.span(), message, format!("write {right}"));
        false
    }

    /// Whether it is a list; if not, an error is added that shows the form `right`.
    pub fn is_list(&mut self, at: SpannedTable<'t>, key: &str, right: &str) -> bool {
        let is_list = at.value().is_array();
        if !is_list {
            let message = format!("`{key}` is a list, not {}", at.type_name());
            self.findings.add(Rule::WrongType, at.head(), message, format!("write {key} = {right}"));
        }
        is_list
    }

    /// Adds an error for every unknown key. True if all are known.
    pub fn known_keys<'n>(
        &mut self,
        at: SpannedTable<'t>,
        what: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> bool {
        self.known_keys_of(at, FormatTable { name: what, header: "", keys: &[] }, known)
    }

    /// The same for a place of the playbook's own.
    pub fn known_keys_of<'n>(
        &mut self,
        at: SpannedTable<'t>,
        place: FormatTable<'_>,
        known: impl IntoIterator<Item = &'n str>,
    ) -> bool {
        let known: Vec<&str> = known.into_iter().collect();
        let mut all = true;
        for (key, entry) in at.entries().into_iter().filter(|(key, _)| !known.contains(key)) {
            all = false;
            self.unknown_key(key, entry, place, &known);
        }
        all
    }

    /// Adds an error for a key that is unknown at this place.
    pub fn unknown_key(&mut self, key: &str, entry: SpannedTable<'t>, place: FormatTable<'_>, known: &[&str]) {
        let help = if let Some(kinds) = self.kinds {
            misplaced::help(key, place, known, kinds)
        } else {
            match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "leave it out".into(),
                None => format!("{} knows {}", place.name, listed(known.iter().copied())),
            }
        };
        let message = format!("there is no key `{key}` in {}", place.name);
        self.findings.add(Rule::UnknownKey, entry.key_span(), message, help);
    }

    /// A table of one type, with every mistake in it; `right` shows the form.
    pub fn typed<T: DeserializeOwned + JsonSchema + 'static>(
        &mut self,
        at: SpannedTable<'t>,
        what: &str,
        right: &str,
    ) -> Option<SpannedValue<'t, T>> {
        self.as_far_as(at, what, right).and_then(|(read, good)| good.then_some(read))
    }

    /// The same as far as it can be read: entries with errors are reported and left out. True if there are none.
    pub fn as_far_as<T: DeserializeOwned + JsonSchema + 'static>(
        &mut self,
        at: SpannedTable<'t>,
        what: &str,
        right: &str,
    ) -> Option<(SpannedValue<'t, T>, bool)> {
        if !self.is_table(at, what, right) {
            return None;
        }
        let shape = Shape::of::<T>();
        let mut good = self.known_keys(at, what, shape.fields.iter().map(String::as_str));
        for missing in shape.required.iter().filter(|name| at.field(name).is_none()) {
            good = false;
            let message = format!("{what} has no `{missing}`");
            self.findings.add(Rule::MissingKey, at.head(), message, format!("write {right}"));
        }
        let known = |key: &str| shape.fields.iter().any(|field| field == key);
        let mut rest: DeTable<'t> = at
            .table()
            .into_iter()
            .flatten()
            .filter(|(key, _)| known(key.get_ref()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        loop {
            let table = Spanned::new(at.span(), DeValue::Table(rest.clone()));
            let error = match T::deserialize(table.into_deserializer()) {
                Ok(value) => return Some((SpannedValue { value, at }, good)),
                Err(error) => error,
            };
            let Some((key, entry)) = culprit(at, &rest, &error) else {
                if good {
                    self.mistake(&error, at, what, &[]);
                }
                return None;
            };
            good = false;
            self.mistake(&error, entry, &format!("`{key}`"), shape.examples(key));
            rest.remove(key);
        }
    }

    /// The one kind that a table `{ kind = … }` names.
    pub fn kind(
        &mut self,
        at: SpannedTable<'t>,
        what: &str,
        kinds: &[&str],
        right: &str,
    ) -> Option<(&'t str, SpannedTable<'t>)> {
        if !self.is_table(at, &format!("an entry for {what}"), right) {
            return None;
        }
        match at.entries()[..] {
            [(kind, site)] => self.known_kind(kind, site, what, kinds).then_some((kind, site)),
            [] => {
                self.findings.add(
                    Rule::MissingKey,
                    at.span(),
                    format!("this {what} names no kind"),
                    format!("write {right}"),
                );
                None
            }
            [_, (_, second), ..] => {
                let message = format!("this {what} names more than one kind; each stands in its own table");
                self.findings.add(Rule::UnknownKey, second.key_span(), message, format!("write {right}"));
                None
            }
        }
    }

    /// Whether `kind` is one of `kinds`. If not, an error with the closest spelling is added to the findings.
    pub fn known_kind(&mut self, kind: &str, site: SpannedTable<'t>, what: &str, kinds: &[&str]) -> bool {
        if kinds.contains(&kind) {
            return true;
        }
        let help = match what {
            "check" | "action" => misplaced::kind_help(kind, what == "check", kinds),
            _ => match nearest(kind, kinds.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the kinds are {}", listed(kinds.iter().copied())),
            },
        };
        self.findings.add(Rule::UnknownKind, site.key_span(), format!("`{kind}` is no kind of {what}"), help);
        false
    }

    fn mistake(&mut self, error: &toml::de::Error, at: SpannedTable<'t>, what: &str, examples: &[String]) {
        let SerdeError { rule, message, help } = SerdeError::of(error.message(), at, what, examples);
        let within = |span: &std::ops::Range<usize>| span.start >= at.span().start && span.end <= at.span().end;
        let span = error.span().filter(within).unwrap_or_else(|| at.span());
        self.findings.add(rule, span, message, help);
    }
}

/// The entry that an error lies in.
fn culprit<'t>(
    at: SpannedTable<'t>,
    rest: &DeTable<'t>,
    error: &toml::de::Error,
) -> Option<(&'t str, SpannedTable<'t>)> {
    let span = error.span()?;
    at.entries().into_iter().find(|(key, entry)| {
        let (own, name) = (entry.span(), entry.key_span());
        let hit = |range: &std::ops::Range<usize>| range.start <= span.start && span.end <= range.end;
        rest.contains_key(*key) && (hit(&own) || hit(&name))
    })
}
