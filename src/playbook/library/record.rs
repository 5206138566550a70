//! Removes the secrets from a playbook's text, so that records may keep it; the result is still a valid playbook.

use std::fmt::Write as _;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text::redact::redact;
use crate::text::secret::Secret;

/// The text with every secret in a value or a comment replaced by a mark; all else stands as it stood.
#[must_use]
pub fn without_secrets(source: &str) -> String {
    let (table, errors) = DeTable::parse_recoverable(source);
    if !errors.is_empty() {
        return redact(source).into_owned();
    }
    let mut texts = Vec::new();
    table_texts(table.get_ref(), &mut texts);
    texts.sort_by_key(|(span, _)| span.start);
    let (mut out, mut done) = (String::with_capacity(source.len()), 0);
    for (span, shown) in texts {
        out.push_str(&comments(&source[done..span.start]));
        match shown {
            Some(shown) => out.push_str(&quoted(&shown)),
            None => out.push_str(&source[span.clone()]),
        }
        done = span.end;
    }
    out.push_str(&comments(&source[done..]));
    out
}

/// Where each text stands, and what stands there instead.
type Texts = Vec<(Range<usize>, Option<String>)>;

fn table_texts(table: &DeTable<'_>, texts: &mut Texts) {
    for (key, value) in table {
        match value.get_ref() {
            DeValue::String(text) => texts.push((value.span(), changed(text, &Secret::named(key.get_ref(), text)))),
            _ => value_texts(value, texts),
        }
    }
}

fn value_texts(value: &Spanned<DeValue<'_>>, texts: &mut Texts) {
    match value.get_ref() {
        DeValue::Table(table) => table_texts(table, texts),
        DeValue::Array(array) => {
            let words: Vec<String> = array.iter().map(|item| item.get_ref().as_str().unwrap_or("").into()).collect();
            for (item, word) in array.iter().zip(Secret::words(&words)) {
                match item.get_ref() {
                    DeValue::String(text) => texts.push((item.span(), changed(text, &word))),
                    _ => value_texts(item, texts),
                }
            }
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

fn changed(text: &str, secret: &Secret) -> Option<String> {
    (secret.shown() != text).then(|| secret.shown().to_owned())
}

/// Between two texts: a `#` begins a comment.
fn comments(between: &str) -> String {
    let lines = between.split_inclusive('\n').map(|line| match line.split_once('#') {
        Some((before, comment)) => format!("{before}#{}", redact(comment)),
        None => line.to_owned(),
    });
    lines.collect()
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push('\t'),
            c if c.is_control() => drop(write!(out, "\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays_a_playbook() {
        let source = r#"# the old password: hunter2
title = "token rotation" # api_key=hunter2
[[remediate]]
run = { argv = [
  "mysql", "--password",
  "hunter2", "--host=db"], env = { DB_PASSWORD = "hunter2", KEY_TOKEN = { file = "/etc/salve/key" }, LANG = "C" } }
[[remediate]]
http = { url = "https://ann:hunter2@example.org/x", headers = { Authorization = "Bearer hunter2" }, body = """
{"secret": "hunter2",
 "n": 1}""" }
"#;
        let record = without_secrets(source);
        assert!(!record.contains("hunter2"), "{record}");
        for kept in
            ["title = \"token rotation\"", "\"--host=db\"", "KEY_TOKEN = { file = \"/etc/salve/key\" }", "LANG = \"C\""]
        {
            assert!(record.contains(kept), "{kept}: {record}");
        }
        assert!(toml::from_str::<toml::Table>(&record).is_ok(), "{record}");
    }

    #[test]
    fn a_text_without_secrets_is_kept_to_the_byte() {
        let source = "# a = b\ntitle = 'x # y'\nlist = [1, \"#\"]\n";
        assert_eq!(without_secrets(source), source);
    }
}
