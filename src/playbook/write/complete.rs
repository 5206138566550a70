//! Completes what may be written at a place, from the schema that `salve playbook schema` prints. The text need not be
//! TOML yet.

use std::ops::Range;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use serde_json::Value;

use super::cursor_context::{CursorContext, QuoteStyle};
use super::lex::parts;
use super::scanner::{Enclosure, Turn};
use super::schema_query::{self, Forms, Heading, KeySchema};

/// One candidate of a completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletionItem {
    /// The text that replaces the word; it closes every bracket and quote that it opens.
    pub insert: String,
    /// How many characters before its end the cursor is placed: inside what it opens.
    pub back: usize,
    /// The candidate's name in a list.
    pub label: String,
    /// What it means, in one line.
    pub about: String,
}

/// Closes a table in braces.
const TABLE_END: &str = " }";
/// Closes a list.
const LIST_END: &str = "]";

impl CompletionItem {
    /// What opens something and closes it again; the cursor comes to stand between the two.
    fn around(opened: String, closed: &str, label: String, about: String) -> Self {
        Self { insert: opened + closed, back: closed.chars().count(), label, about }
    }
}

/// The candidates at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The line, counted from 0.
    pub line: usize,
    /// The characters of that line that a candidate stands for.
    pub replace: Range<usize>,
    /// The candidates, best first; empty if nothing fits.
    pub candidates: Vec<CompletionItem>,
}

/// What may be written in front of a character of a line, both counted from 0: headers, keys that are not there yet,
/// kinds, words. What begins like the typed word comes first, then what holds its letters in order.
#[must_use]
pub fn complete(source: &str, line: usize, column: usize) -> Completion {
    let nothing = || Completion { line, replace: column..column, candidates: Vec::new() };
    let Some(mut spot) = CursorContext::find(source, line, column) else { return nothing() };
    let candidates = match spot.level.turn {
        _ if spot.word == QuoteStyle::Header => headers(&spot),
        Turn::Key => keys(&mut spot),
        Turn::Value => values(&mut spot),
        Turn::After => return nothing(),
    };
    Completion { line, candidates: ranked(candidates, &spot.prefix), replace: spot.replace }
}

/// Headers that are not there yet; those of the second level once a dot is typed.
fn headers(spot: &CursorContext) -> Vec<CompletionItem> {
    let there = |path: &[String]| spot.headers.iter().any(|header| header == path);
    let root = schema_query::keys(&schema_query::at(&[]), &[]);
    let sections = root.iter().filter_map(|entry| Some((entry, schema_query::heading(&entry.forms)?)));
    let mut found = Vec::new();
    for (section, heading) in sections {
        let path = vec![section.name.clone()];
        if !spot.prefix.contains('.') {
            if heading == Heading::Many
                || !(there(&path) || spot.level.path.is_empty() && spot.present.contains(&path[0]))
            {
                found.push(header(&section.name, heading, &section.about));
            }
            continue;
        }
        for entry in schema_query::keys(&schema_query::tables(&section.forms), &[]) {
            let name = format!("{}.{}", section.name, entry.name);
            let child = [section.name.clone(), entry.name.clone()];
            let is_table = entry.forms.first().is_some_and(|form| schema_query::is(form, "object"));
            if is_table && heading == Heading::Table {
                let many = entry.forms.iter().any(|form| schema_query::is(form, "array"));
                found.extend((!there(&child)).then(|| header(&name, Heading::Table, &entry.about)));
                found.extend(many.then(|| header(&name, Heading::Many, &entry.about)));
            }
        }
    }
    found
}

fn header(name: &str, heading: Heading, about: &str) -> CompletionItem {
    let insert = match heading {
        Heading::Table => format!("[{name}]"),
        Heading::Many => format!("[[{name}]]"),
    };
    CompletionItem { label: insert.clone(), insert, back: 0, about: about.to_owned() }
}

fn keys(spot: &mut CursorContext) -> Vec<CompletionItem> {
    if !spot.level.key.is_empty() {
        return Vec::new();
    }
    let mut path = spot.level.path.clone();
    // of `a.b` the last part is what is typed
    if let Some(dot) = spot.prefix.rfind('.') {
        path.extend(parts(&spot.prefix[..dot]));
        spot.replace.start += spot.prefix[..=dot].chars().count();
        spot.prefix.drain(..=dot);
        spot.present.clear();
    }
    let at_root = path.is_empty();
    let entries = schema_query::keys(&schema_query::tables(&schema_query::at(&path)), &spot.present);
    let wanted = |entry: &&KeySchema| {
        let other = match entry.name.as_str() {
            "target" => "targets",
            "targets" => "target",
            _ => "",
        };
        !spot.present.iter().any(|key| *key == entry.name || at_root && key == other)
    };
    let headed = |entry: &KeySchema| at_root && schema_query::heading(&entry.forms).is_some();
    let mut found: Vec<CompletionItem> =
        entries.iter().filter(wanted).filter(|entry| !headed(entry)).map(|entry| key(entry, spot.equals)).collect();
    if spot.level.kind == Enclosure::Section && spot.leads && !spot.equals {
        found.extend(headers(spot));
    }
    found
}

fn key(entry: &KeySchema, equals: bool) -> CompletionItem {
    let name = &entry.name;
    let plain = |form: &Value| !schema_query::is(form, "object") && !schema_query::is(form, "array");
    let (opened, closed) = match entry.forms.first() {
        _ if equals => (name.clone(), ""),
        Some(form) if schema_query::is(form, "object") && !entry.forms.iter().any(|form| plain(form)) => {
            (format!("{name} = {{ "), TABLE_END)
        }
        Some(form) if schema_query::is(form, "array") => (format!("{name} = ["), LIST_END),
        _ => (format!("{name} = "), ""),
    };
    CompletionItem::around(opened, closed, name.clone(), entry.about.clone())
}

fn values(spot: &mut CursorContext) -> Vec<CompletionItem> {
    let mut path = spot.level.path.clone();
    path.extend(spot.level.key.iter().cloned());
    let mut forms = schema_query::at(&path);
    if spot.level.kind == Enclosure::List {
        forms = schema_query::entries(&forms);
    }
    if spot.word == QuoteStyle::Quoted && narrow_to_brace(spot) {
        return forms
            .iter()
            .flat_map(|form| words(form))
            .filter(|word| word.label.starts_with('{'))
            .map(bare)
            .collect();
    }
    let words = forms.iter().flat_map(|form| words(form));
    if spot.word == QuoteStyle::Quoted {
        return words.filter(|word| word.insert.starts_with('"')).collect();
    }
    let words: Vec<CompletionItem> = words.collect();
    words.into_iter().chain(brackets(&forms)).collect()
}

/// In `"--unit={un` what is typed is the placeholder alone.
fn narrow_to_brace(spot: &mut CursorContext) -> bool {
    let Some(brace) = spot.prefix.rfind('{').filter(|brace| !spot.prefix[*brace..].contains('}')) else { return false };
    let doubled = spot.prefix[..brace].chars().rev().take_while(|c| *c == '{').count() % 2 == 1;
    if doubled {
        return false;
    }
    let before = spot.prefix[..brace].chars().count();
    let start = spot.replace.start + 1 + before;
    let typed = spot.prefix.chars().count() - before;
    spot.replace = start..start + typed;
    spot.prefix.drain(..brace);
    true
}

fn bare(word: CompletionItem) -> CompletionItem {
    CompletionItem { insert: word.label.clone(), ..word }
}

/// The words that a form names.
fn words(form: &Value) -> Vec<CompletionItem> {
    let about = schema_query::about(form);
    let word = |value: &Value| {
        let label = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        CompletionItem { insert: value.to_string(), back: 0, label, about: about.clone() }
    };
    let listed = ["enum", "examples"].into_iter().filter_map(|key| form[key].as_array()).flatten();
    let truths = [Value::Bool(true), Value::Bool(false)];
    let truths = truths.iter().filter(|_| schema_query::is(form, "boolean"));
    form.get("const").into_iter().chain(listed).filter(|value| !value.is_null()).chain(truths).map(word).collect()
}

/// The tables and lists that may begin here.
fn brackets(forms: &Forms) -> Vec<CompletionItem> {
    let mut found = Vec::new();
    for form in forms.iter().filter(|form| schema_query::is(form, "object")) {
        let about = schema_query::about(form);
        let kinds = form["properties"].as_object().filter(|keys| keys.len() == 1);
        match kinds.and_then(|keys| keys.keys().next()) {
            Some(kind) => {
                let label = format!("{{ {kind} }}");
                found.push(CompletionItem::around(format!("{{ {kind} = "), TABLE_END, label, about));
            }
            None => found.push(CompletionItem::around("{ ".into(), TABLE_END, "{ }".into(), about)),
        }
    }
    if let Some(form) = forms.iter().find(|form| schema_query::is(form, "array")) {
        found.push(CompletionItem::around("[".into(), LIST_END, "[ ]".into(), schema_query::about(form)));
    }
    found
}

/// What begins like the typed word, then what holds its letters in order, best first.
fn ranked(candidates: Vec<CompletionItem>, typed: &str) -> Vec<CompletionItem> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let mut letters = Vec::new();
    let typed = typed.to_lowercase();
    let mut ranked: Vec<(bool, u32, CompletionItem)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let name = candidate.label.trim_start_matches(['[', '{', ' ']);
            let begins = candidate.label.starts_with(&typed) || name.starts_with(&typed);
            let score = pattern.score(Utf32Str::new(&candidate.label, &mut letters), &mut matcher);
            let score = if begins { 0 } else { score? };
            Some((!begins, u32::MAX - score, candidate))
        })
        .collect();
    ranked.sort_by_key(|(fuzzy, rank, _)| (*fuzzy, *rank));
    ranked.into_iter().map(|(_, _, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests;
