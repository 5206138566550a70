//! Translates serde's errors about a value into messages for an operator.

use toml::de::DeValue;

use super::forms;
use super::spanned::SpannedTable;
use crate::playbook::diagnostic::{listed, nearest};
use crate::playbook::rule::Rule;

/// An error in a value, with the right form.
#[derive(Debug, PartialEq, Eq)]
pub struct SerdeError {
    pub rule: Rule,
    pub message: String,
    pub help: String,
}

impl SerdeError {
    /// From an error's message, for the value at a place; `examples` are values that may stand there.
    pub fn of(said: &str, at: SpannedTable<'_>, what: &str, examples: &[String]) -> Self {
        let mistake = Self::of_value(said, what)
            .or_else(|| Self::of_variant(said, what))
            .or_else(|| Self::of_type(said, at, what))
            .unwrap_or_else(|| Self { rule: Rule::BadValue, message: format!("{what}: {said}"), help: String::new() });
        // a bound's own grammar does not know what is measured, its examples do
        match forms::of(&written(at), examples) {
            Some(right) if mistake.rule != Rule::UnknownWord => Self { help: format!("write {right}"), ..mistake },
            Some(_) | None => mistake,
        }
    }

    /// A value with its own grammar, which says the right form itself.
    fn of_value(said: &str, what: &str) -> Option<Self> {
        let (wrong, right) = said.split_once("; write ")?;
        let rule = if wrong.ends_with("has no unit") {
            Rule::MissingUnit
        } else if wrong.contains("is not a state of a unit") {
            Rule::UnknownWord
        } else {
            Rule::BadValue
        };
        Some(Self { rule, message: format!("{what}: {wrong}"), help: format!("write {right}") })
    }

    /// A word out of a list: "unknown variant `x`, expected one of `a`, `b`".
    fn of_variant(said: &str, what: &str) -> Option<Self> {
        let (word, rest) = said.strip_prefix("unknown variant `")?.split_once("`, expected ")?;
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        // what is nearest to `not running` says the opposite of it
        let near = if word.starts_with("not ") { opposite(word, &known) } else { nearest(word, known.iter().copied()) };
        let help = match near {
            Some(near) => format!("did you mean `{near}`? ({} may stand here)", listed(known.iter().copied())),
            None => format!("write {}", listed(known.iter().copied())),
        };
        Some(Self { rule: Rule::UnknownWord, message: format!("{what} cannot be `{word}`"), help })
    }

    /// "invalid type: string "yes", expected a boolean", "invalid value: integer `-1`, expected u32".
    fn of_type(said: &str, at: SpannedTable<'_>, what: &str) -> Option<Self> {
        let (kind, rest) = said.split_once(": ").filter(|(kind, _)| kind.starts_with("invalid "))?;
        let (_, due) = rest.rsplit_once(", expected ")?;
        let due = match due {
            "a boolean" => "true or false",
            "a string" | "string" => "text in quotes",
            "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up, without quotes",
            "a sequence" => "a list in brackets",
            "a map" => "a table in braces",
            other => other,
        };
        let number = matches!(at.value(), DeValue::Integer(_) | DeValue::Float(_));
        let unit = number && ["unit", "comparison"].iter().any(|word| due.contains(word));
        let rule = match kind {
            _ if unit => Rule::MissingUnit,
            "invalid value" => Rule::BadValue,
            _ => Rule::WrongType,
        };
        let message = if kind == "invalid value" {
            format!("{what} cannot be this value")
        } else {
            format!("{what} cannot be {}", at.type_name())
        };
        Some(Self { rule, message, help: format!("write {due}") })
    }
}

/// A value as it stands in the file, without its quotes.
fn written(at: SpannedTable<'_>) -> String {
    match at.value() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => String::new(),
    }
}

/// The known word that says `not` and another: `unhealthy` for `not healthy`.
fn opposite<'n>(word: &str, known: &[&'n str]) -> Option<&'n str> {
    let rest = word.strip_prefix("not ")?.trim();
    ["un", "in", "not-", "not_"]
        .into_iter()
        .find_map(|no| known.iter().copied().find(|one| *one == format!("{no}{rest}")))
}
